/** The house rules that imports show. */
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const SRC = fileURLToPath(new URL('../src', import.meta.url))
const PAGE = fileURLToPath(new URL('../dashboard', import.meta.url))

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

/** What each room may import from besides itself. main.ts, the only file at the top, has commands do it. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  model: [],
  config: ['model'],
  collector: ['model'],
  bgp: ['model'],
  controller: ['model'],
  lease: ['model'],
  watchdog: ['model', 'lease', 'bgp', 'process'],
  api: ['model', 'controller', 'config', 'history/records.ts'],
  // It drives the planner through hours of traffic, measured as the collector would.
  simulator: ['model', 'controller', 'collector/telemetry/estimate.ts', 'collector/telemetry/flow-sum.ts'],
  demo: ['model', 'simulator', 'bgp/gobgpd-config.ts', 'process/styled-line.ts'],
  // What the process gives to what runs in it.
  process: ['model'],
  history: ['model', 'controller', 'process'],
  // What outlives the process.
  state: ['model', 'config', 'controller'],
  // It joins the parts.
  service: ['model', 'config', 'collector', 'bgp', 'controller', 'lease', 'api', 'process', 'state', 'history'],
  preflight: ['model', 'config', 'bgp', 'collector', 'state', 'api/ask-service.ts'],
  commands: [
    'model', 'config', 'bgp', 'watchdog', 'preflight', 'service', 'process', 'state', 'demo', 'api/ask-service.ts',
  ],
}

/** Files of the core that decide: no clock, no randomness, no input or output, no logger. */
const IMPURE_CONTROLLER = ['controller/controller.ts', 'controller/router-steering.ts', 'controller/underway.ts']
const pure = files.filter(
  (f) =>
    room(f) === 'model' ||
    f.startsWith('collector/sflow/') ||
    f.startsWith('preflight/judge') ||
    (room(f) === 'controller' && !IMPURE_CONTROLLER.includes(f)) ||
    room(f) === 'lease' ||
    f === 'watchdog/judge-guard.ts',
)

describe('imports point one way', () => {
  test.each(Object.entries(MAY_IMPORT))('%s', (from, allowed) => {
    const wrong = local.filter(
      ({ file, target, isType }) =>
        room(file) === from &&
        room(target) !== from &&
        !allowed.includes(room(target)) &&
        !allowed.includes(target) &&
        // What a room needs of the world is stated by it; those who fulfil it name that statement.
        !(isType && target.endsWith('/ports.ts')),
    )
    expect(wrong).toEqual([])
  })

  test('what decides knows nothing of the loop that asks it', () => {
    const known = ['controller/ports.ts', 'controller/permission.ts']
    const wrong = local.filter(
      ({ file, target }) =>
        file.startsWith('controller/plan/') &&
        !target.startsWith('controller/plan/') &&
        room(target) !== 'model' &&
        !known.includes(target),
    )
    expect(wrong).toEqual([])
  })

  test('no file needs itself by way of others', () => {
    const targets = Map.groupBy(local, ({ file }) => file)
    const needsItself = (file: string): boolean => {
      const met = new Set<string>()
      const look = (at: string): void => {
        for (const { target } of targets.get(at) ?? []) {
          if (met.has(target)) continue
          met.add(target)
          look(target)
        }
      }
      look(file)
      return met.has(file)
    }
    expect(files.filter(needsItself)).toEqual([])
  })

  test('every room is known', () => {
    const rooms = new Set(files.filter((f) => f.includes('/')).map(room))
    expect([...rooms].filter((r) => MAY_IMPORT[r] === undefined)).toEqual([])
  })
})

test('the page takes words and shapes from the service, and no code but the units', () => {
  const page = globSync('**/*.{ts,tsx}', { cwd: PAGE }).filter((file) => file !== 'build.ts')
  const wrong = page.flatMap((file) => {
    const text = readFileSync(join(PAGE, file), 'utf8')
    const outside = text.matchAll(/^import( type)? [^'"]*?from '((?:\.\.\/)+src\/[^']+)'/gms)
    return [...outside]
      .filter((m) => m[1] === undefined && !m[2]!.endsWith('src/model/units.ts'))
      .map((m) => `${file}: ${m[2]}`)
  })
  expect(page.length).toBeGreaterThan(20)
  expect(wrong).toEqual([])
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
