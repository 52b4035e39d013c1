import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { CycleReport, RouterReport } from '../../src/controller/report.ts'
import type { AllStories } from '../../src/controller/stories.ts'
import { formatPrefix, parseAddress, parsePrefix } from '../../src/model/prefix.ts'
import { createOverrideFile, type OverrideFile } from '../../src/state/override-file.ts'
import { REPORT } from '../api/fake-view.ts'

let folder: string
let file: string
let nowMs: number
let warnings: string[]
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spillway-overrides-'))
  file = join(folder, 'spillway.yaml.overrides')
  nowMs = 1_000_000
  warnings = []
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const open = (): OverrideFile =>
  createOverrideFile(file, () => nowMs, pino({ level: 'warn' }, { write: (line: string) => void warnings.push(line) }))
const SINCE = Date.parse('2026-11-20T12:00:00.123Z')
const [EDGE] = REPORT.routers as [RouterReport]

function reportOf(prefixes: readonly string[], rest: Partial<RouterReport> = {}): CycleReport {
  const overrides = prefixes.map((text) => {
    const prefix = parsePrefix(text)
    const { override } = EDGE.overrides[0]!
    const follows = { ...override.follows, nextHop: parseAddress(prefix.family === 4 ? '172.16.0.1' : '2001:db8::1') }
    const mine = { ...override, router: EDGE.name, prefix, parentPrefix: prefix, follows, fromInterface: 'peer', sinceMs: SINCE, reason: `of ${text}` }
    return { id: text, override: mine, state: 'installed' as const, bps: 0, movedShare: undefined }
  })
  return { ...REPORT, routers: [{ ...EDGE, gobgpAnswers: true, permission: { kind: 'granted' }, overrides, ...rest }] }
}
const prefixesIn = (stories: AllStories): string[] => [...(stories.get(EDGE.name)?.keys() ?? [])].sort()

test('stories survive a restart, to the millisecond', async () => {
  const mine = open()
  expect(mine.read()).toEqual({ stories: new Map(), keptOut: new Map() })
  mine.note(reportOf(['192.0.2.0/24', '2001:db8:1::/48']))
  await mine.flush()
  expect(readdirSync(folder)).toEqual(['spillway.yaml.overrides'])
  const stories = open().read().stories.get(EDGE.name)!
  expect([...stories.keys()]).toEqual(['192.0.2.0/24', '2001:db8:1::/48'])
  const story = stories.get('192.0.2.0/24')!
  expect(story).toMatchObject({ fromInterface: 'peer', sinceMs: SINCE, reason: 'of 192.0.2.0/24', nextHop: parseAddress('172.16.0.1') })
  expect(formatPrefix(story.parentPrefix)).toBe('192.0.2.0/24')
  expect(warnings).toEqual([])
})

test('it is written when a story changes, and once a second at most', async () => {
  const mine = open()
  mine.note(reportOf(['192.0.2.0/24']))
  await mine.flush()
  const first = readFileSync(file, 'utf8')
  mine.note(reportOf([]))
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(readFileSync(file, 'utf8')).toBe(first)
  nowMs += 1000
  mine.note(reportOf([]))
  await mine.flush()
  expect(prefixesIn(open().read().stories)).toEqual([])
})

test("what GoBGP holds is not known, or is another's: the stories stay", async () => {
  const mine = open()
  mine.note(reportOf(['192.0.2.0/24']))
  mine.note(reportOf([], { gobgpAnswers: false }))
  mine.note(reportOf([], { permission: { kind: 'stand_by', why: 'another holds the lease' } }))
  await mine.flush()
  expect(prefixesIn(open().read().stories)).toEqual(['192.0.2.0/24'])
})

test.each(['', '{', '[]', '{"overrides":[{}]}', '{"overrides":[{"router":"a","prefix":"999.0.0.0/8"}]}'])(
  'a file that holds %j costs the stories, nothing else, and is told once', async (text) => {
    writeFileSync(file, text)
    const mine = open()
    expect(mine.read()).toEqual({ stories: new Map(), keptOut: new Map() })
    expect(warnings).toHaveLength(1)
    mine.note(reportOf(['192.0.2.0/24']))
    await mine.flush()
    expect(prefixesIn(open().read().stories)).toEqual(['192.0.2.0/24'])
    expect(warnings).toHaveLength(1)
  })

test('a file that cannot be written is an alarm until it can', async () => {
  const mine = open()
  rmSync(folder, { recursive: true })
  mine.note(reportOf(['192.0.2.0/24']))
  await mine.flush()
  expect(mine.findings()).toMatchObject([{ kind: 'override_file' }])
  expect(mine.findings()[0]!.message).toContain(`${file} cannot be written (ENOENT`)
  mkdirSync(folder)
  await mine.flush()
  expect(mine.findings()).toEqual([])
  expect(prefixesIn(open().read().stories)).toEqual(['192.0.2.0/24'])
})
