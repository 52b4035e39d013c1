/** The house rules that imports show. */
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const SRC = fileURLToPath(new URL('../src', import.meta.url))

interface Import {
  readonly file: string
  readonly target: string
  readonly isType: boolean
}

const files = globSync('**/*.ts', { cwd: SRC })
const imports: Import[] = files.flatMap((file) => {
  const text = readFileSync(join(SRC, file), 'utf8')
  return [...text.matchAll(/^(?:import|export)( type)? [^'"]*?from '([^']+)'|import\('([^']+)'\)/gms)].map((m) => ({
    file,
    target: m[2] ?? m[3]!,
    isType: m[1] !== undefined,
  }))
})
const local = imports
  .filter(({ target }) => target.startsWith('.'))
  .map((i) => ({ ...i, target: relative(SRC, join(SRC, dirname(i.file), i.target)) }))
const packages = imports.filter(({ target }) => !target.startsWith('.'))

/** The folder of a file, or its own name at the top. */
const room = (file: string): string => (file.includes('/') ? file.slice(0, file.indexOf('/')) : file)

/** What each room may import from besides itself. The top files join the rooms. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  model: [],
  config: ['model'],
  collector: ['model'],
  bgp: ['model'],
  controller: ['model'],
  api: ['model', 'controller', 'config'],
  simulator: ['model'],
  demo: ['model', 'simulator', 'bgp/gobgpd-config.ts'],
}

/** Files of the core that decide: no clock, no randomness, no input or output, no logger. */
const IMPURE_CONTROLLER = ['controller/controller.ts', 'controller/router-steering.ts']
const pure = files.filter(
  (f) =>
    room(f) === 'model' ||
    f.startsWith('collector/sflow/') ||
    (room(f) === 'controller' && !IMPURE_CONTROLLER.includes(f)),
)

describe('imports point one way', () => {
  test.each(Object.entries(MAY_IMPORT))('%s', (from, allowed) => {
    const wrong = local.filter(
      ({ file, target, isType }) =>
        room(file) === from &&
        room(target) !== from &&
        !allowed.includes(room(target)) &&
        !allowed.includes(target) &&
        // What the controller needs of the world is stated by it; those who fulfil it name that statement.
        !(isType && target === 'controller/ports.ts'),
    )
    expect(wrong).toEqual([])
  })

  test('every room is known', () => {
    const rooms = new Set(files.filter((f) => f.includes('/')).map(room))
    expect([...rooms].filter((r) => MAY_IMPORT[r] === undefined)).toEqual([])
  })
})

describe('the core is pure', () => {
  test('there is one', () => expect(pure.length).toBeGreaterThan(20))

  test('it imports no node module and no logger, but for types', () => {
    const wrong = packages.filter(({ file, target, isType }) => pure.includes(file) && !isType && target !== 'ipaddr.js')
    expect(wrong).toEqual([])
  })

  test.each(pure)('%s reads no clock, no environment, no random number', (file) => {
    const code = readFileSync(join(SRC, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')
    expect(code).not.toMatch(/\bDate\b|\bperformance\.|Math\.random|\bprocess\.|\bsetTimeout\b|\bsetInterval\b|\bconsole\./)
  })
})
