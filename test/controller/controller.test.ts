import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createController, type Controller, type ControllerHandover, type ControllerParts } from '../../src/controller/controller.ts'
import type { CycleReport } from '../../src/controller/report.ts'
import type { Mode } from '../../src/model/mode.ts'
import { formatPrefix, parsePrefix, type Prefix } from '../../src/model/prefix.ts'
import type { Router } from '../../src/model/topology.ts'
import { FakeEdge, flowsOf, makeWorld } from './fake-edge.ts'

const RUSH = [20, 20, 20, 25]
const LIMITS = { maxOverrides: 100, maxOverridesPerRouter: 100, maxChangesPerCycle: 50, maxDetouredShare: 1 }

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** Several routers, each with an edge of its own, behind one set of ports. */
function bench(edges: readonly FakeEdge[], settings: Partial<ControllerParts['settings']['limits']> = {}, mode: Mode = 'active', before?: ControllerHandover) {
  const byName = new Map(edges.map((edge) => [edge.world.router.name, edge]))
  const of = (router: string): FakeEdge => byName.get(router)!
  const reports: CycleReport[] = []
  const controller: Controller = createController(
    {
      ...edges[0]!.parts(),
      routers: edges.map(({ world }) => world.router),
      sharedExits: [],
      settings: { intervalMs: 2000, limits: { ...LIMITS, ...settings } },
      traffic: { traffic: (router, nowMs) => of(router).traffic(router, nowMs) },
      routes: {
        longestMatch: (router, address) => of(router).longestMatch(router, address),
        matches: (router, rates) => of(router).matches(router, rates),
        prepareMatches: (router, rates) => of(router).prepareMatches(router, rates),
        covering: (router, prefix: Prefix) => of(router).covering(router, prefix),
        pathsTowards: (router, ...rest) => of(router).pathsTowards(router, ...rest),
        nextHops: (router) => of(router).nextHops(),
        session: (router) => of(router).session(),
      },
      overrides: {
        list: (router) => of(router).list(),
        add: (override, fromIfIndex) => of(override.router).add(override, fromIfIndex),
        withdraw: (key) => of(key.router).withdraw(key),
      },
      clock: () => Date.now(),
      logger: pino({ level: 'silent' }),
      onCycle: (report) => void reports.push(report),
    },
    mode,
    before,
  )
  return { controller, reports }
}

const edgeOf = (name: string, mbps: readonly number[] = RUSH, settings: Partial<Router> = {}): FakeEdge =>
  new FakeEdge(makeWorld(mbps, { name, ...settings }))

function gate(): { readonly closed: Promise<void>; open: () => void } {
  let open = (): void => {}
  const closed = new Promise<void>((resolve) => (open = resolve))
  return { closed, open: () => open() }
}

describe('the loop', () => {
  test('runs at its interval until it is stopped', async () => {
    const { controller, reports } = bench([edgeOf('rtr1')])
    controller.start()
    await vi.advanceTimersByTimeAsync(10_100)
    expect(reports).toHaveLength(6)
    await controller.stop()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(reports).toHaveLength(6)
    expect(controller.report()).toBe(reports.at(-1))
  })

  test('a pin that comes while it is stopped is refused for good, also when it starts again', async () => {
    const edge = edgeOf('rtr1', [10, 20])
    const { controller } = bench([edge])
    controller.start()
    await vi.advanceTimersByTimeAsync(60_000)
    await controller.stop()
    const pin = { prefix: parsePrefix('1.0.0.0/24'), toInterface: 'exit1', untilMs: Date.now() + 600_000, reason: 'pinned' }
    expect(await controller.pin('rtr1', pin)).toBe(undefined)
    controller.start()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(edge.prefixes()).toEqual([])
    void controller.pin('rtr1', pin)
    await vi.advanceTimersByTimeAsync(5_000)
    expect(edge.prefixes()).toEqual(['1.0.0.0/24'])
    await controller.stop()
  })

  test('a storm of modes costs one cycle more, in the last of them, and holds up no stop', async () => {
    const edge = edgeOf('rtr1')
    const { controller, reports } = bench([edge])
    const gobgp = gate()
    edge.hanging = gobgp.closed
    controller.start()
    await vi.advanceTimersByTimeAsync(100)
    const storm = Array.from({ length: 1000 }, (_, n) => controller.setMode(n % 2 === 0 ? 'active' : 'off'))
    const stopped = controller.stop()
    gobgp.open()
    await vi.advanceTimersByTimeAsync(100)
    await Promise.all([...storm, stopped])
    expect(reports.map(({ mode }) => mode)).toEqual(['off', 'off'])
  })

  test.each(['off', 'frozen'] as const)('a switch to %s holds for the cycle that is looking, too: nothing is added any more', async (mode) => {
    const edge = edgeOf('rtr1')
    const { controller } = bench([edge])
    const gobgp = gate()
    edge.hanging = gobgp.closed
    controller.start()
    await vi.advanceTimersByTimeAsync(100)
    const switched = controller.setMode(mode)
    gobgp.open()
    await vi.advanceTimersByTimeAsync(100)
    await switched
    expect(edge.calls).toEqual([])
    await controller.stop()
  })

  test('a cycle never overlaps another, however slow GoBGP is and whoever asks for one', async () => {
    const edge = edgeOf('rtr1')
    const list = edge.list.bind(edge)
    let running = 0
    let most = 0
    edge.list = async () => {
      most = Math.max(most, ++running)
      await new Promise((resolve) => setTimeout(resolve, 5000))
      return list().finally(() => running--)
    }
    const { controller, reports } = bench([edge])
    controller.start()
    const modes = (['frozen', 'active', 'off'] as const).map((mode) => controller.setMode(mode))
    await vi.advanceTimersByTimeAsync(120_000)
    await Promise.all(modes)
    expect(most).toBe(1)
    expect(reports.length).toBeGreaterThan(20)
    expect(controller.mode()).toBe('off')
  })

  test('nothing counts as granted before GoBGP has answered for the first time', async () => {
    const edge = edgeOf('rtr1')
    const { controller, reports } = bench([edge])
    const gobgp = gate()
    edge.hanging = gobgp.closed
    controller.start()
    await vi.advanceTimersByTimeAsync(1500)
    gobgp.open()
    await vi.advanceTimersByTimeAsync(2000)
    await controller.stop()
    expect(reports[0]!.routers[0]!.permission).toEqual({ kind: 'no_additions', why: 'GoBGP has not answered yet' })
    expect(reports.at(-1)!.routers[0]!.permission).toEqual({ kind: 'granted' })
  })

  test('a new mode resolves once a whole cycle has run in it', async () => {
    const edge = edgeOf('rtr1')
    const { controller, reports } = bench([edge])
    controller.start()
    await vi.advanceTimersByTimeAsync(0)
    expect(edge.prefixes()).toEqual(['1.0.0.0/24'])
    const { closed, open } = gate()
    edge.hanging = closed
    await vi.advanceTimersByTimeAsync(2000)
    const off = controller.setMode('off')
    open()
    await off
    // The one that was looking, and a whole one.
    expect(reports.slice(1).map(({ mode }) => mode)).toEqual(['off', 'off'])
    expect(edge.prefixes()).toEqual([])
  })

  test('stop waits for the cycle under way but not for GoBGP, and no cycle comes after it', async () => {
    const edge = edgeOf('rtr1')
    const { controller, reports } = bench([edge])
    const { closed, open } = gate()
    edge.hanging = closed
    controller.start()
    await vi.advanceTimersByTimeAsync(0)
    let isStopped = false
    const stop = controller.stop().then(() => (isStopped = true))
    await vi.advanceTimersByTimeAsync(500)
    expect(isStopped).toBe(false)
    await vi.advanceTimersByTimeAsync(2500)
    await stop
    expect(reports).toHaveLength(1)
    open()
    await controller.setMode('off')
    expect(reports).toHaveLength(1)
    expect(edge.calls).toEqual([])
  })

  test('a fault in a cycle ends the process, also in one that a new mode asked for', async () => {
    const edge = edgeOf('rtr1')
    const { controller } = bench([edge])
    controller.start()
    await vi.advanceTimersByTimeAsync(0)
    edge.traffic = () => {
      throw new Error('a bug')
    }
    const others = process.listeners('unhandledRejection')
    process.removeAllListeners('unhandledRejection')
    try {
      const faults: unknown[] = []
      process.on('unhandledRejection', (fault) => faults.push(fault))
      await expect(controller.setMode('frozen')).rejects.toThrow('a bug')
      vi.useRealTimers()
      await new Promise((resolve) => setTimeout(resolve, 10))
      expect(faults.map(String)).toContain('Error: a bug')
    } finally {
      process.removeAllListeners('unhandledRejection')
      for (const other of others) process.on('unhandledRejection', other)
    }
  })
})

describe('several routers', () => {
  test('a GoBGP that fails does not hold back the others', async () => {
    const [a, b] = [edgeOf('a'), edgeOf('b')]
    a.away = true
    const { controller, reports } = bench([a, b])
    controller.start()
    await vi.advanceTimersByTimeAsync(0)
    expect(b.prefixes()).toEqual(['1.0.0.0/24'])
    expect(reports[0]!.routers.map(({ gobgpAnswers }) => gobgpAnswers)).toEqual([false, true])
    await controller.stop()
  })

  test('a GoBGP that hangs delays the others by a second now and then, and is steered again when it wakes up', async () => {
    const [a, b] = [edgeOf('a'), edgeOf('b', [20, 20, 20])]
    const { controller, reports } = bench([a, b])
    controller.start()
    await vi.advanceTimersByTimeAsync(2000)
    const { closed, open } = gate()
    a.hanging = closed
    await vi.advanceTimersByTimeAsync(4000)
    expect(reports.at(-1)!.routers.map(({ gobgpAnswers }) => gobgpAnswers)).toEqual([false, true])
    expect(reports.at(-1)!.routers[0]!.overrides.map(({ state }) => state)).toEqual(['planned'])
    b.world.flows = flowsOf(RUSH)
    await vi.advanceTimersByTimeAsync(3100)
    expect(b.prefixes()).toEqual(['1.0.0.0/24'])
    const off = controller.setMode('off')
    await vi.advanceTimersByTimeAsync(3000)
    await off
    expect([a.prefixes(), b.prefixes()]).toEqual([['1.0.0.0/24'], []])
    open()
    await vi.advanceTimersByTimeAsync(4000)
    expect(a.prefixes()).toEqual([])
    expect(reports.at(-1)!.routers.map(({ gobgpAnswers }) => gobgpAnswers)).toEqual([true, true])
    expect(a.calls).toEqual(['add 1.0.0.0/24', 'withdraw 1.0.0.0/24'])
    await controller.stop()
  })

  test('changes that GoBGP is slow to take are not sent again, and nothing else is done for its router meanwhile', async () => {
    const a = edgeOf('a')
    const { closed, open } = gate()
    a.add = async (...args) => {
      await closed
      return FakeEdge.prototype.add.apply(a, args)
    }
    const { controller, reports } = bench([a])
    controller.start()
    await vi.advanceTimersByTimeAsync(10_000)
    expect(reports.length).toBeGreaterThan(3)
    expect(controller.decisions({})).toMatchObject([{ kind: 'relieve', acted: false }])
    open()
    await vi.advanceTimersByTimeAsync(10_000)
    expect(a.calls).toEqual(['add 1.0.0.0/24'])
    expect(reports.at(-1)!.routers[0]!.overrides.map(({ state }) => state)).toEqual(['installed'])
    await controller.stop()
  })

  test('share the cap on all overrides, also of one whose GoBGP does not answer', async () => {
    const heavy = [30, 30, 30, 5]
    const [a, b, c] = [edgeOf('a', [10]), edgeOf('b', heavy), edgeOf('c', heavy)]
    const { controller } = bench([a, b, c], { maxOverrides: 1 })
    controller.start()
    await vi.advanceTimersByTimeAsync(0)
    expect([b.prefixes().length, c.prefixes().length]).toEqual([1, 0])
    b.away = true
    a.world.flows = flowsOf(heavy)
    await vi.advanceTimersByTimeAsync(20_000)
    expect([...a.prefixes(), ...c.prefixes()]).toEqual([])
    expect(controller.decisions({ router: 'a' }).map((d) => d.kind)).toContain('hold_back')
    await controller.stop()
  })

  test('share the cap on changes, and each has its own on overrides', async () => {
    const [a, b] = [edgeOf('a', [24, 24, 24, 24]), edgeOf('b', [24, 24, 24, 24])]
    const { controller } = bench([a, b], { maxChangesPerCycle: 3, maxOverridesPerRouter: 1 })
    controller.start()
    await vi.advanceTimersByTimeAsync(0)
    expect([a.prefixes().length, b.prefixes().length]).toEqual([1, 1])
    await controller.stop()
    const [c, d] = [edgeOf('c', [24, 24, 24, 24]), edgeOf('d', [24, 24, 24, 24])]
    const second = bench([c, d], { maxChangesPerCycle: 3 })
    second.controller.start()
    await vi.advanceTimersByTimeAsync(0)
    expect([c.prefixes().length, d.prefixes().length]).toEqual([2, 1])
    await vi.advanceTimersByTimeAsync(6000)
    expect([c.prefixes().length, d.prefixes().length]).toEqual([2, 2])
    await second.controller.stop()
  })

  test('the changes that are routes changes are counted', async () => {
    const { controller } = bench([edgeOf('a'), edgeOf('b', [10])])
    controller.start()
    await vi.advanceTimersByTimeAsync(0)
    expect([...controller.routeChanges()]).toEqual([['a', { add: 1, withdraw: 0 }], ['b', { add: 0, withdraw: 0 }]])
    await controller.stop()
  })
})

describe('decisions', () => {
  test.each(['same_length', 'more_specific'] as const)('what GoBGP refused was not acted on (%s)', async (override) => {
    const edge = edgeOf('rtr1', RUSH, { override })
    for (const prefix of ['1.0.0.0/24', '1.0.0.0/25']) edge.refuses.add(prefix)
    const { controller, reports } = bench([edge])
    controller.start()
    await vi.advanceTimersByTimeAsync(0)
    expect(controller.decisions({})).toMatchObject([{ kind: 'relieve', acted: false }])
    expect(reports[0]!.routers[0]!.overrides.map(({ state }) => state)).toEqual(['planned'])
    await controller.stop()
  })

  test('what lasts is told once, what happens each time', async () => {
    const edge = edgeOf('rtr1', [50, 50])
    const { controller } = bench([edge])
    controller.start()
    await vi.advanceTimersByTimeAsync(20_000)
    const kinds = (): string[] => controller.decisions({}).map(({ kind }) => kind)
    const count = kinds().length
    edge.world.flows = flowsOf([51, 51])
    await vi.advanceTimersByTimeAsync(20_000)
    expect(kinds()).toHaveLength(count)
    await controller.stop()
  })
})

test('the report names what is installed, what is planned and what cannot be withdrawn', async () => {
  const edge = edgeOf('rtr1')
  const { controller } = bench([edge])
  const states = () =>
    controller.report()!.routers[0]!.overrides.map(({ id, state, bps }) => [id, state, Math.round(bps / 1e6)])
  controller.start()
  await vi.advanceTimersByTimeAsync(2000)
  expect(states()).toEqual([['rtr1-1.0.0.0-24', 'installed', 20]])
  expect(controller.report()!.routers[0]!.interfaces.map(({ state }) => state)).toEqual(['relieved', 'ok'])
  edge.refuses.add('1.0.0.0/24')
  await controller.setMode('off')
  expect(states()).toEqual([['rtr1-1.0.0.0-24', 'withdrawing', 20]])
  edge.refuses.clear()
  await vi.advanceTimersByTimeAsync(10_000)
  expect(states()).toEqual([])
  await controller.setMode('dry_run')
  expect(states()).toEqual([['rtr1-1.0.0.0-24', 'planned', 20]])
  expect(controller.report()!.routers[0]!.interfaces.map(({ state }) => state)).toEqual(['high', 'ok'])
  await controller.stop()
})

test('routers that swap their names keep what is known of their own overrides, and nothing moves', async () => {
  const [busy, quiet] = [edgeOf('rtr1'), edgeOf('rtr2', [1])]
  const first = bench([busy, quiet])
  first.controller.start()
  await vi.advanceTimersByTimeAsync(6_000)
  const [before] = first.reports.at(-1)!.routers[0]!.overrides
  expect(formatPrefix(before!.override.prefix)).toBe('1.0.0.0/24')
  const renamed = [busy, quiet].map((edge, i) => {
    const next = edgeOf(`rtr${2 - i}`, i === 0 ? RUSH : [1])
    for (const [prefix, override] of edge.installed) next.installed.set(prefix, { ...override, router: next.world.router.name })
    return next
  })
  const handedOver = await first.controller.handOver([busy, quiet].map(({ world }, i) => ({
    router: world.router, next: renamed[i]!.world.router, because: undefined,
  })))
  const second = bench(renamed, {}, 'active', handedOver)
  second.controller.start()
  await vi.advanceTimersByTimeAsync(60_000)
  await second.controller.stop()
  expect(renamed.map(({ calls }) => calls)).toEqual([[], []])
  const [after] = second.reports.at(-1)!.routers[0]!.overrides
  expect(after!.override).toMatchObject({ router: 'rtr2', reason: before!.override.reason, sinceMs: before!.override.sinceMs })
  expect(second.reports.at(-1)!.routers[1]!.overrides).toEqual([])
})
