/** The documents: what they name has to be there. */
import { existsSync, globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { GENERATED_PAGES } from '../docs/generate.ts'
import { SCENARIOS } from '../lab/scenarios.ts'
import { COMMANDS } from '../src/commands/commands.ts'
import { ALARM_KINDS } from '../src/model/alarm.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const read = (file: string): string => readFileSync(ROOT + file, 'utf8')

describe('docs/safety.md', () => {
  const text = read('docs/safety.md')

  test('says of every kind of alarm what to do, and of no other', () => {
    const section = text.slice(text.indexOf('## What to do when an alarm is on'))
    const kinds = [...section.matchAll(/^\| `(\w+)` \|/gm)].map(([, kind]) => kind)
    expect(new Set(kinds)).toEqual(new Set(ALARM_KINDS))
  })

  const shown = [...text.matchAll(/`([\w/-]+)` "([^"]+)"/g)]
  test.each(shown.map(([, file, name]) => [file!, name!]))('%s has a test whose name begins "%s"', (file, name) => {
    const tests = read(`test/${file}.test.ts`)
    expect(["'", '"', '`'].some((quote) => tests.includes(quote + name))).toBe(true)
  })

  test('names scenarios of the lab', () => {
    const named = [...text.matchAll(/npm run lab -- --scenario ([\w-]+)/g)].map(([, name]) => name)
    expect(named.length).toBeGreaterThan(0)
    expect(Object.keys(SCENARIOS)).toEqual(expect.arrayContaining(named))
  })
})

test.each(Object.entries(GENERATED_PAGES))('docs/%s is what `npm run docs` makes of the sources', (file, render) => {
  expect(read(`docs/${file}`)).toBe(render())
})

test.each(globSync('{README,CHANGELOG,docs/*,vagrant/README}.md', { cwd: ROOT }))('the links of %s lead somewhere', (file) => {
  const folder = ROOT + file.slice(0, file.lastIndexOf('/') + 1)
  const targets = [...read(file).matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, target]) => target!)
  expect(targets.filter((target) => !existsSync(folder + target))).toEqual([])
})

test.each(globSync('{README,docs/*,vagrant/README}.md', { cwd: ROOT }))('the commands of %s are there', (file) => {
  const known = [...COMMANDS.map(({ usage }) => usage.split(' ')[0]!), 'help']
  const called = [...read(file).matchAll(/^ {4}(?:\S*bin\/)?spillway ([a-z][a-z-]*)/gm)].map(([, name]) => name!)
  expect(called.filter((name) => !known.includes(name))).toEqual([])
})
