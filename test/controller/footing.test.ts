/** The network moves: what an override stands on changes, and the next cycle follows at once. */
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { packAttributes } from '../../src/bgp/wire/packed-attributes.ts'
import { RouteTable } from '../../src/bgp/table/route-table.ts'
import { createController, type Controller } from '../../src/controller/controller.ts'
import { hasShifted, takeFooting } from '../../src/controller/footing.ts'
import { formatAddress, parseAddress, parsePrefix } from '../../src/model/prefix.ts'
import { ORIGIN, type Path } from '../../src/model/route.ts'
import { FakeEdge, flowsOf } from './fake-edge.ts'
import { makeInterface, makePath, makeRouter, World } from './world.ts'

const INTERVAL_MS = 60_000
/** A look at the routes, and a little. */
const SOON_MS = 150

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const everywhere = (prefix: string): Path[] => [0, 1, 2].map((i) => makePath(prefix, i))
/** The first carries the traffic that moves, from exit0 to exit1 (the best alternate). */
const OTHERS = [2, 3, 4].map((n) => makePath(`${n}.0.0.0/24`, 0))
const PATHS = [...everywhere('1.0.0.0/24'), ...OTHERS]

describe('a path that an override stands on changes', () => {
  let edge: FakeEdge
  let controller: Controller
  let cycles: number

  beforeEach(async () => {
    const lan = [1, 2].map((i) => makeInterface(i, {
      addresses: [{ address: parseAddress(`172.16.${i}.0`), subnet: { ...parseAddress(`172.16.${i}.0`), length: 24 } }],
    }))
    const router = makeRouter([makeInterface(0), ...lan], { maxPrefixLength: { 4: 24, 6: 64 } })
    edge = new FakeEdge(new World(router, PATHS, flowsOf([20, 20, 20, 25])))
    cycles = 0
    controller = createController({
      ...edge.parts(),
      routers: [router],
      sharedExits: [],
      settings: {
        intervalMs: INTERVAL_MS,
        limits: { maxOverrides: 100, maxOverridesPerRouter: 100, maxChangesPerCycle: 50, maxDetouredShare: 1 },
      },
      clock: () => Date.now(),
      logger: pino({ level: 'silent' }),
      onCycle: () => void cycles++,
    }, 'active')
    controller.start()
    await vi.advanceTimersByTimeAsync(0)
    // Until measurements show what the override has done.
    await vi.advanceTimersByTimeAsync(5000)
    edge.calls.length = 0
  })

  afterEach(() => controller.stop())

  const held = (): string[] =>
    [...edge.installed].map(([prefix, { attributes }]) => `${prefix} by ${formatAddress(attributes.nextHop)}`)

  /** Other paths, and what the one cycle that follows makes of them. */
  async function receive(...paths: readonly Path[]): Promise<string[]> {
    edge.receive(...paths, ...OTHERS)
    await vi.advanceTimersByTimeAsync(SOON_MS)
    expect(cycles).toBe(2)
    const found = held()
    await vi.advanceTimersByTimeAsync(INTERVAL_MS / 2)
    expect(cycles).toBe(2)
    return found
  }
  const alternate = (settings: Partial<Path>): readonly Path[] =>
    everywhere('1.0.0.0/24').map((path, i) => (i === 1 ? { ...path, ...settings } : path))
  const attributes = () => edge.installed.get('1.0.0.0/24')?.attributes

  test('before anything moves one cycle has made one override', () => {
    expect([cycles, held()]).toEqual([1, ['1.0.0.0/24 by 172.16.1.1']])
  })

  test('withdrawn: a third exit takes over in the same cycle; without one it goes', async () => {
    expect(await receive(makePath('1.0.0.0/24', 0), makePath('1.0.0.0/24', 2))).toEqual(['1.0.0.0/24 by 172.16.2.1'])
    edge.receive(makePath('1.0.0.0/24', 0), ...OTHERS)
    await vi.advanceTimersByTimeAsync(SOON_MS)
    expect([cycles, held()]).toEqual([3, []])
  })

  test('next hop: it follows to another on the same interface', async () => {
    expect(await receive(...alternate({ nextHop: parseAddress('172.16.1.9') }))).toEqual(['1.0.0.0/24 by 172.16.1.9'])
    expect(edge.calls).toEqual(['add 1.0.0.0/24'])
  })

  test('next hop: when it leads to another interface, what is left of exits takes over', async () => {
    expect(await receive(...alternate({ nextHop: parseAddress('172.16.2.9') }))).toEqual(['1.0.0.0/24 by 172.16.2.9'])
  })

  test('attributes: those that it carries are taken over', async () => {
    const changed = { med: 7, origin: ORIGIN.incomplete, asPath: [{ kind: 'sequence' as const, asns: [33011, 64999] }] }
    await receive(...alternate(changed))
    expect(attributes()).toMatchObject(changed)
    expect(edge.calls).toEqual(['add 1.0.0.0/24'])
  })

  test('attributes: communities are not its own, and nothing is sent for them', async () => {
    await receive(...alternate({ communities: [65536] }))
    expect(edge.calls).toEqual([])
  })

  test('the natural path goes: BGP does by itself what the override did, and it goes', async () => {
    expect(await receive(makePath('1.0.0.0/24', 1), makePath('1.0.0.0/24', 2))).toEqual([])
  })

  test('a more specific route covers it now, too, and has other exits', async () => {
    const wide = everywhere('1.0.0.0/16')
    edge.receive(...wide, ...OTHERS)
    await vi.advanceTimersByTimeAsync(SOON_MS)
    cycles = 1
    expect(await receive(...wide, makePath('1.0.0.0/20', 0), makePath('1.0.0.0/20', 1, { nextHop: parseAddress('172.16.1.7') }))).toEqual([
      '1.0.0.0/24 by 172.16.1.1',
    ])
    expect(controller.report()!.routers[0]!.overrides[0]!.override.parentPrefix).toMatchObject({ length: 20 })
  })

  test('the covering route goes, and a wider one remains: it follows that', async () => {
    const wide = everywhere('1.0.0.0/16').map((path) => ({ ...path, asPath: [{ kind: 'sequence' as const, asns: [33099] }] }))
    expect(await receive(...wide)).toEqual(['1.0.0.0/24 by 172.16.1.1'])
    expect(attributes()).toMatchObject({ asPath: [{ asns: [33099] }] })
  })

  test.each([
    ['a fifth of the time at most', 200],
    ['and leaves a second between long cycles', 500],
  ])('a route that keeps changing takes %s (%i ms)', async (_, cycleMs) => {
    const list = edge.list.bind(edge)
    edge.list = async () => {
      await new Promise((resolve) => setTimeout(resolve, cycleMs))
      return list()
    }
    const flapping = setInterval(() => edge.receive(...PATHS), 10)
    await vi.advanceTimersByTimeAsync(INTERVAL_MS)
    clearInterval(flapping)
    const mostCycles = INTERVAL_MS / (cycleMs + Math.min(4 * cycleMs, 1000))
    expect(cycles).toBeLessThanOrEqual(mostCycles + 1)
    expect(cycles).toBeGreaterThan(mostCycles * 0.75)
  })

  test('GoBGP is too late to tell what it holds: what has shifted is not left to the next interval', async () => {
    const list = edge.list.bind(edge)
    const startMs = Date.now()
    edge.list = async () => {
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, startMs + 1500 - Date.now())))
      return list()
    }
    edge.receive(...alternate({ nextHop: parseAddress('172.16.1.9') }), ...OTHERS)
    await vi.advanceTimersByTimeAsync(1400)
    expect(held()).toEqual(['1.0.0.0/24 by 172.16.1.1'])
    await vi.advanceTimersByTimeAsync(2600)
    expect(held()).toEqual(['1.0.0.0/24 by 172.16.1.9'])
  })

  test('GoBGP refuses an exit as RPKI invalid, which nobody had known: another is tried at once, and home stays natural', async () => {
    const add = edge.add.bind(edge)
    const judged = everywhere('1.0.0.0/24').map((path, i) => (i === 1 ? path : { ...path, rpki: 'invalid' as const }))
    edge.add = async (override, fromIfIndex) => {
      if (formatAddress(override.follows.nextHop) !== '172.16.2.1') return add(override, fromIfIndex)
      // It is asked, and what it says is known from then on.
      edge.receive(...judged, ...OTHERS)
      throw new Error('RPKI invalid')
    }
    edge.receive(makePath('1.0.0.0/24', 0), makePath('1.0.0.0/24', 2), ...OTHERS)
    await vi.advanceTimersByTimeAsync(2 * SOON_MS)
    expect(held()).toEqual(['1.0.0.0/24 by 172.16.1.1'])
  })

  test('the session goes, and all routes with it', async () => {
    edge.sessionState = { up: false, synced: true }
    edge.receive()
    await vi.advanceTimersByTimeAsync(SOON_MS)
    expect([cycles, held()]).toEqual([2, []])
  })
})

test('what an override stands on are the routes that hold it: those inside it and elsewhere are not', () => {
  const table = new RouteTable()
  const announce = (prefix: string, med = 0): void =>
    table.announce(parsePrefix(prefix), 1, packAttributes(makePath(prefix, 0, { med })))
  const [override] = [makePath('1.0.0.0/24', 1)].map((follows) => ({
    dry: false,
    override: {
      router: 'rtr1', prefix: follows.prefix, parentPrefix: follows.prefix, fromInterface: 'exit0', toInterface: 'exit1', follows,
      sinceMs: 0, reason: '',
    },
  }))
  announce('1.0.0.0/24')
  announce('1.0.0.0/16')
  const footing = takeFooting([override!], table)
  const dry = takeFooting([{ ...override!, dry: true }], table)
  announce('1.0.0.0/25')
  announce('9.0.0.0/24')
  announce('1.0.0.0/24')
  expect(hasShifted(footing, table)).toBe(false)
  announce('1.0.0.0/16', 7)
  expect(hasShifted(footing, table)).toBe(true)
  expect(hasShifted(takeFooting([override!], table), table)).toBe(false)
  table.clear()
  expect(hasShifted(footing, table)).toBe(true)
  expect(hasShifted(dry, table)).toBe(false)
})
