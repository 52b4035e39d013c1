/** Pins and withdrawals by hand. */
import { describe, expect, test } from 'vitest'
import type { Pin } from '../../../src/controller/plan/pin.ts'
import { planRouter, type RouterPlan } from '../../../src/controller/plan/plan.ts'
import type { PlanInput } from '../../../src/controller/plan/planning.ts'
import { findPinObstacle } from '../../../src/controller/pin-obstacle.ts'
import { RouterSteering } from '../../../src/controller/router-steering.ts'
import type { KeptOut } from '../../../src/controller/plan/set-aside.ts'
import { ALONE } from '../../../src/controller/plan/shared-use.ts'
import { tellKeptOut, tellStories } from '../../../src/controller/stories.ts'
import { reportRouter } from '../../../src/controller/cycle-report.ts'
import type { CycleReport } from '../../../src/controller/report.ts'
import { formatPrefix, parsePrefix } from '../../../src/model/prefix.ts'
import type { EgressInterface, Router } from '../../../src/model/topology.ts'
import { Bench, START } from '../bench.ts'
import { FakeEdge, flowsOf, makeWorld } from '../fake-edge.ts'
import { makeInterface, makePath, makeRouter, MBPS, World } from '../world.ts'

const HOUR = 3_600_000
const REASON = 'pinned by hand until later, by 127.0.0.1'

function pin(prefix: string, toInterface = 'exit1', untilMs = START + HOUR): Pin {
  return { prefix: parsePrefix(prefix), toInterface, untilMs, reason: REASON }
}
function keptOut(prefix: string, untilMs: number): KeptOut {
  return { prefix: parsePrefix(prefix), fromInterface: 'exit0', toInterface: 'exit1', why: 'withdrawn by hand', untilMs }
}
const textOf = ({ overrides }: RouterPlan): string[] =>
  overrides.map(({ override: o, dry }) => `${formatPrefix(o.prefix)} ${o.fromInterface}>${o.toInterface}${dry ? ' dry' : ''}`)
/** Plans with the pins, and the next steps without. */
function pinAndStep(world: World, ...pins: Pin[]) {
  world.input = { ...world.input, pins }
  const plan = world.step()
  world.input = { ...world.input, pins: [] }
  return plan
}

describe('a pin', () => {
  test('leads the prefix to the exit, counts in loads, and is told with its reason', () => {
    const world = makeWorld([10, 20])
    const plan = pinAndStep(world, pin('1.0.0.0/24'))
    expect(world.overrides()).toEqual(['1.0.0.0/24 exit0>exit1'])
    expect(plan.planned).toEqual([20 * MBPS, 10 * MBPS])
    expect(plan.overrides[0]!.override).toMatchObject({ reason: REASON, pinnedUntilMs: START + HOUR })
    expect(plan.pins).toMatchObject([{ refusal: undefined, dry: false }])
    expect(plan.decisions).toMatchObject([
      { kind: 'pin', fromInterface: 'exit0', toInterface: 'exit1', bps: 10 * MBPS, acted: true },
    ])
    expect(plan.decisions[0]!.reason).toBe(`1.0.0.0/24 moves to exit1: ${REASON}`)
  })

  test('is not brought home before its time, however much room there is, and then it is', () => {
    const world = makeWorld([10, 20])
    pinAndStep(world, pin('1.0.0.0/24', 'exit1', world.nowMs + 600_000))
    for (let i = 0; i < 100; i++) expect(world.step().decisions).toEqual([])
    world.nowMs = START + 600_000
    expect(world.step().decisions).toMatchObject([
      { kind: 'withdraw', reason: `1.0.0.0/24 is withdrawn: its time is over, it was ${REASON}` },
    ])
    expect(world.overrides()).toEqual([])
  })

  test('stays over its time while the mode is frozen', () => {
    const world = makeWorld([10, 20])
    pinAndStep(world, pin('1.0.0.0/24', 'exit1', world.nowMs + 10_000))
    world.nowMs += 20_000
    world.input = { isFrozen: true, mayChange: false }
    world.step()
    expect(world.overrides()).toHaveLength(1)
    world.input = {}
    world.step()
    expect(world.overrides()).toEqual([])
  })

  test('goes when its route goes', () => {
    const world = makeWorld([10, 20])
    pinAndStep(world, pin('1.0.0.0/24'))
    world.routes = makeWorld([]).routes
    const without = { ...world.routes, covering: () => [] }
    world.routes = without
    expect(world.step().decisions[0]!.reason).toBe('1.0.0.0/24 is withdrawn: no received route covers it any more')
    expect(world.overrides()).toEqual([])
  })

  test('takes over the override that is there, with the time since when it was wanted', () => {
    const world = makeWorld([50, 40])
    world.step()
    const [relief] = world.planned
    const text = formatPrefix(relief!.override.prefix)
    pinAndStep(world, pin(text))
    expect(world.overrides()).toEqual([`${text} exit0>exit1`])
    expect(world.planned[0]!.override).toMatchObject({
      sinceMs: relief!.override.sinceMs, reason: REASON, pinnedUntilMs: START + HOUR,
    })
  })

  test('is given to relief, which moves other traffic around it and counts it', () => {
    const world = makeWorld([30, 30, 30, 30])
    pinAndStep(world, pin('1.0.0.0/24'))
    for (let i = 0; i < 5; i++) world.step()
    // 120 of 100 Mbps: relief to 65 at home, and no more than 65 on the exit that the pin fills already.
    expect(world.loads()).toEqual([60 * MBPS, 60 * MBPS])
    expect(world.planned.find(({ override }) => override.pinnedUntilMs !== undefined)).toBeDefined()
  })

  test('that has to move on to a third exit is pinned no longer, and says so', () => {
    const prefixes = (text: string, exits: readonly number[]) => exits.map((i) => makePath(text, i))
    const paths = [...prefixes('1.0.0.0/24', [0, 1, 2]), ...prefixes('2.0.0.0/24', [0]), ...prefixes('3.0.0.0/24', [1])]
    const world = new World(makeRouter([makeInterface(0), makeInterface(1), makeInterface(2)]), paths, flowsOf([15, 60, 40]))
    pinAndStep(world, pin('1.0.0.0/24'))
    world.flows = flowsOf([15, 60, 70])
    world.step()
    expect(world.overrides()).toEqual(['1.0.0.0/24 exit0>exit2'])
    expect(world.planned[0]!.override).toMatchObject({ pinnedUntilMs: undefined, reason: `exit1 overflowed, and it was ${REASON}` })
  })

  test('leaves an exit that overflows last: what is there by itself or by the plan goes first', () => {
    // exit1 has 60 of its own, which may go to exit2; the pin brings 15 more, then its own rises.
    const paths = [
      makePath('1.0.0.0/24', 0), makePath('1.0.0.0/24', 1),
      makePath('2.0.0.0/24', 1), makePath('2.0.0.0/24', 2),
      makePath('3.0.0.0/24', 1),
    ]
    const world = new World(makeRouter([makeInterface(0), makeInterface(1), makeInterface(2)]), paths, flowsOf([15, 25, 35]))
    pinAndStep(world, pin('1.0.0.0/24'))
    world.flows = flowsOf([15, 25, 55])
    for (let i = 0; i < 5; i++) world.step()
    expect(world.overrides()).toEqual(['1.0.0.0/24 exit0>exit1', '2.0.0.0/24 exit1>exit2'])
    // Nothing else may leave it now: safety decides.
    world.flows = flowsOf([15, 25, 75])
    for (let i = 0; i < 5; i++) world.step()
    expect(world.overrides()).toEqual(['2.0.0.0/24 exit1>exit2'])
  })
})

describe('a pin that runs into a guard is refused in words, and changes nothing', () => {
  const deny = parsePrefix('1.0.0.0/16')
  const withPolicy = (policy: Partial<World['policy']>) => (world: World) => {
    world.policy = { ...world.policy, ...policy }
  }
  const withExit1 = (settings: Partial<EgressInterface>): Partial<Router> => ({
    interfaces: [makeInterface(0), makeInterface(1, settings)],
  })
  test.each<[string, Pin, string, (((world: World) => void) | undefined)?, Partial<Router>?]>([
    ['deny', pin('1.0.0.0/24'), '1.0.0.0/24 shares addresses with 1.0.0.0/16, which is on the deny list', withPolicy({ deny: [deny] })],
    ['own', pin('1.0.0.0/24'), '1.0.0.0/24 shares addresses with 1.0.0.0/16, which is our own', withPolicy({ ownPrefixes: [deny] })],
    ['bogon', pin('1.0.0.0/24'), '1.0.0.0/24 shares addresses with 1.0.0.0/16, which is a bogon', withPolicy({ bogons: [deny] })],
    ['the default route', pin('0.0.0.0/0'), '0.0.0.0/0 is shorter than /8'],
    ['too long', pin('1.0.0.0/29'), '1.0.0.0/29 is longer than /28', undefined, { maxPrefixLength: { 4: 28, 6: 64 } }],
    ['a next hop inside', pin('172.16.0.0/16'), '172.16.0.0/16 shares addresses with 172.16.0.0/31, which is a peering LAN or link'],
    ['no route', pin('9.0.0.0/24'), 'no received route covers 9.0.0.0/24'],
    ['no route of the exit', pin('1.0.0.0/24', 'exit9'), 'exit9 has no received route for 1.0.0.0/24, or only RPKI-invalid ones'],
    ['BGP itself', pin('1.0.0.0/24', 'exit0'), '1.0.0.0/24: BGP itself now leads it to exit0'],
    ['no detours', pin('1.0.0.0/24'), '1.0.0.0/24: exit1 takes no detours any more', undefined, withExit1({ detourTarget: false })],
    ['received as it is', pin('1.0.0.0/24'), '1.0.0.0/24 is received as it is, and more_specific keeps it in place: pin its halves', undefined, { override: 'more_specific' }],
    ['total', pin('1.0.0.0/24'), 'limits.max_overrides is reached', (w) => (w.caps = { ...w.caps, overrides: 0 })],
    ['changes', pin('1.0.0.0/24'), 'limits.max_changes_per_cycle is reached', (w) => (w.caps = { ...w.caps, changes: 0 })],
    ['share', pin('1.0.0.0/24'), '33 % of the traffic of exit0 would be away, more than limits.max_detoured_share, 20 %', (w) => (w.caps = { ...w.caps, detouredShare: 0.2 })],
    ['a full exit', pin('1.0.0.0/24'), 'exit1 has room for 80.0 Mbps below its high watermark, and it takes 90.0 Mbps', (w) => (w.flows = [...flowsOf([85]), { to: '1.0.0.1', bps: 5 * MBPS }])],
    [
      'a full shared exit', pin('1.0.0.0/24'), 'exit1 has room for 9.0 Mbps below its high watermark, and it takes 10.0 Mbps',
      (w) => (w.input = { surroundings: { ...ALONE, shared: [{ name: 'ix', ports: [], links: [1], othersBps: 71 * MBPS, highBps: 80 * MBPS, targetBps: 65 * MBPS }] } }),
    ],
    [
      'a chain', pin('1.0.0.0/24'),
      'the router behind exit1 has moved traffic of 1.0.0.0/24: no two routers lead one prefix in a chain',
      (w) => (w.input = { surroundings: { ...ALONE, chain: { closed: [], closedVia: new Map([[1, [parsePrefix('1.0.0.0/25')]]]) } } }),
    ],
    ['frozen', pin('1.0.0.0/24'), 'the mode is frozen', (w) => (w.input = { pinObstacle: 'the mode is frozen' })],
    [
      'set aside', pin('1.0.0.0/24'), '1.0.0.0/24 is set aside: it does nothing',
      (w) => (w.input = { setAside: [{ ...keptOut('1.0.0.0/24', START + HOUR), kind: 'without effect', why: 'it does nothing', times: 1, forgottenMs: START + HOUR }] }),
    ],
  ])('%s', (_, order, words, change, settings = {}) => {
    const world = makeWorld([10, 20], settings)
    change?.(world)
    const plan = planRouter({ ...world.planInput(), pins: [order] })
    expect(plan.pins).toEqual([{ pin: order, refusal: words, dry: false }])
    expect(plan.overrides.filter(({ override }) => override.pinnedUntilMs !== undefined)).toEqual([])
    expect(plan.decisions.find(({ kind }) => kind === 'hold_back')).toMatchObject({
      acted: false,
      reason: `${formatPrefix(order.prefix)} is not moved to ${order.toInterface} (${REASON}): ${words}`,
    })
  })

  test('one that nests with an override', () => {
    const world = makeWorld([10, 20])
    pinAndStep(world, pin('1.0.0.0/25'))
    for (const [text, other] of [['1.0.0.0/24', '1.0.0.0/25'], ['1.0.0.0/26', '1.0.0.0/25']]) {
      const plan = planRouter({ ...world.planInput(), pins: [pin(text!)] })
      expect(plan.pins[0]!.refusal).toBe(`overrides never nest, and ${other} lies across ${text}`)
    }
  })

  test('several at once share the caps', () => {
    const world = makeWorld([10, 20])
    world.caps = { ...world.caps, changes: 1 }
    const plan = pinAndStep(world, pin('1.0.0.0/24'), pin('2.0.0.0/24'))
    expect(plan.pins.map(({ refusal }) => refusal)).toEqual([undefined, 'limits.max_changes_per_cycle is reached'])
    expect(world.overrides()).toHaveLength(1)
  })

  test('in dry-run it is only decided, and takes no room from what is real', () => {
    const world = makeWorld([10, 20])
    world.input = { dryRun: true } satisfies Partial<PlanInput>
    const plan = pinAndStep(world, pin('1.0.0.0/24'))
    expect(plan.pins).toMatchObject([{ refusal: undefined, dry: true }])
    expect(world.overrides()).toEqual(['1.0.0.0/24 exit0>exit1 dry'])
  })
})

test('what holds a pin up is told', async () => {
  const bench = new Bench(new FakeEdge(makeWorld([10, 20])))
  const seen = await bench.steering.observe(START, 'active')
  const fine = { mode: 'active', gone: undefined, isSteady: true } as const
  expect(findPinObstacle(seen, fine)).toBe(undefined)
  expect(findPinObstacle(seen, { ...fine, mode: 'frozen' })).toBe('the mode is frozen')
  expect(findPinObstacle(seen, { ...fine, gone: 'the mode is off' })).toBe('the mode is off')
  expect(findPinObstacle(seen, { ...fine, isSteady: false })).toBe('the session came up only moments ago')
  expect(findPinObstacle({ ...seen, installed: undefined }, fine)).toBe('GoBGP does not answer')
  expect(findPinObstacle({ ...seen, session: { up: false, synced: true } }, fine)).toMatch('no BGP session')
  expect(findPinObstacle({ ...seen, session: { up: true, synced: false } }, fine)).toMatch('not all known')
  expect(findPinObstacle({ ...seen, telemetryState: 'silent', telemetryFaults: ['no samples'] }, fine)).toBe('telemetry is silent (no samples)')
  expect(findPinObstacle({ ...seen, permission: { kind: 'stand_by', why: 'another has the lease' } }, fine)).toBe('another has the lease')
})

describe('over cycles', () => {
  /** A bench that has measured long enough to add. */
  async function steady(mbps: readonly number[]): Promise<Bench> {
    const bench = new Bench(new FakeEdge(makeWorld(mbps)))
    await bench.run(60)
    return bench
  }
  async function order(bench: Bench, one: Pin) {
    const ticket = bench.steering.order(one)
    await bench.cycle()
    return ticket.result
  }

  test('a pin is installed, and decided once', async () => {
    const bench = await steady([10, 20])
    expect(await order(bench, pin('1.0.0.0/24', 'exit1', bench.nowMs + HOUR))).toMatchObject({ refusal: undefined })
    expect(bench.edge.prefixes()).toEqual(['1.0.0.0/24'])
    expect((await bench.cycle()).decisions).toEqual([])
    await bench.run(600)
    expect(bench.edge.prefixes()).toEqual(['1.0.0.0/24'])
    await bench.run(3600)
    expect(bench.edge.prefixes()).toEqual([])
  })

  test('a pin survives a reload, and a restart by its story', async () => {
    const bench = await steady([10, 20])
    await order(bench, pin('1.0.0.0/24', 'exit1', bench.nowMs + HOUR))
    bench.takeOver()
    const { overrides } = (await bench.cycle()).plan
    expect(overrides[0]!.override).toMatchObject({ reason: REASON, pinnedUntilMs: pin('1.0.0.0/24').untilMs + 60_000 })

    const seen = await bench.steering.observe(bench.nowMs, 'active')
    const verdict = await bench.cycle()
    const router = reportRouter(bench.edge.world.router, seen, verdict, verdict, undefined)
    const report: CycleReport = { startedMs: bench.nowMs, durationMs: 1, mode: 'active', routers: [router] }
    const stories = tellStories(new Map(), report)
    bench.steering = new RouterSteering(bench.edge.world.router, bench.edge.parts({ stories }), bench.nowMs)
    await bench.run(600)
    expect(bench.edge.prefixes()).toEqual(['1.0.0.0/24'])
    await bench.run(3600)
    expect(bench.edge.prefixes()).toEqual([])
  })

  test('a pin ends in its time, too, when another Spillway takes over that has no story of it', async () => {
    const bench = await steady([10, 20])
    await order(bench, pin('1.0.0.0/24', 'exit1', bench.nowMs + HOUR))
    bench.restart()
    await bench.run(600)
    expect(bench.edge.prefixes()).toEqual(['1.0.0.0/24'])
    await bench.run(3600)
    expect(bench.edge.prefixes()).toEqual([])
  })

  test('a pin that is made anew for longer lasts longer', async () => {
    const bench = await steady([10, 20])
    await order(bench, pin('1.0.0.0/24', 'exit1', bench.nowMs + 60_000))
    await order(bench, pin('1.0.0.0/24', 'exit1', bench.nowMs + HOUR))
    bench.restart()
    await bench.run(600)
    expect(bench.edge.prefixes()).toEqual(['1.0.0.0/24'])
  })

  test.each(['is away', 'refuses'] as const)('a pin that is over when GoBGP %s goes afterwards, however full its home is', async (how) => {
    const bench = await steady([10, 20])
    await order(bench, pin('1.0.0.0/24', 'exit1', bench.nowMs + 60_000))
    await bench.run(20)
    bench.edge.world.flows = flowsOf([10, 62])
    await bench.run(30)
    bench.edge.away = how === 'is away'
    if (how === 'refuses') bench.edge.refuses.add('1.0.0.0/24')
    await bench.run(15)
    expect(bench.edge.prefixes()).toEqual(['1.0.0.0/24'])
    bench.edge.away = false
    bench.edge.refuses.clear()
    await bench.run(15)
    expect(bench.edge.prefixes()).toEqual([])
  })

  test('what is switched off does not come back by itself', async () => {
    const bench = await steady([10, 20])
    await order(bench, pin('1.0.0.0/24', 'exit1', bench.nowMs + HOUR))
    await bench.cycle('off')
    expect(bench.edge.prefixes()).toEqual([])
    await bench.run(120)
    expect(bench.edge.prefixes()).toEqual([])
  })

  test('what is withdrawn by hand goes within a cycle, stays out for its time, over a restart too, and may come back', async () => {
    const bench = await steady([50, 40])
    const [relief] = bench.edge.prefixes()
    bench.steering.keepOut(keptOut(relief!, bench.nowMs + 600_000))
    const outcome = await bench.cycle()
    expect(outcome.decisions).toMatchObject([
      { kind: 'withdraw', acted: true, reason: `${relief} is withdrawn: withdrawn by hand` },
    ].concat(outcome.decisions.slice(1) as never))
    expect(bench.edge.prefixes()).not.toContain(relief)
    await bench.run(300)
    expect(bench.edge.prefixes()).not.toContain(relief)
    expect(outcome.plan.setAside).toMatchObject([{ kind: 'by hand' }])

    const seen = await bench.steering.observe(bench.nowMs, 'active')
    const verdict = await bench.cycle()
    const router = reportRouter(bench.edge.world.router, seen, verdict, verdict, undefined)
    const kept = tellKeptOut({ startedMs: bench.nowMs, durationMs: 1, mode: 'active', routers: [router] })
    bench.edge.installed.clear()
    bench.steering = new RouterSteering(bench.edge.world.router, bench.edge.parts({ keptOut: kept }), bench.nowMs)
    await bench.run(120)
    expect(bench.edge.prefixes()).not.toContain(relief)
    // The other one would do instead; it is kept out, too, so that relief needs the first again.
    for (const other of bench.edge.prefixes()) bench.steering.keepOut(keptOut(other, bench.nowMs + HOUR))
    await bench.run(480)
    expect(bench.edge.prefixes()).toEqual([relief])
  })

  test('off and on again does not forget what is kept out', async () => {
    const bench = await steady([50, 40])
    const [relief] = bench.edge.prefixes()
    bench.steering.keepOut(keptOut(relief!, bench.nowMs + 600_000))
    await bench.cycle('off')
    await bench.run(120)
    expect(bench.edge.prefixes()).not.toContain(relief)
    expect(bench.edge.prefixes()).toHaveLength(1)
  })

  test('a pin lets in what was kept out', async () => {
    const bench = await steady([10, 20])
    bench.steering.keepOut(keptOut('1.0.0.0/24', bench.nowMs + HOUR))
    expect(await order(bench, pin('1.0.0.0/24', 'exit1', bench.nowMs + HOUR))).toMatchObject({ refusal: undefined })
    expect((await bench.cycle()).plan.setAside).toEqual([])
    expect(bench.edge.prefixes()).toEqual(['1.0.0.0/24'])
  })

  test.each([
    ['of a part', '1.0.0.0/25', 'active', ['1.0.0.0/25 exit0>exit1']],
    ['that is only decided', '1.0.0.0/24', 'dry_run', ['1.0.0.0/24 exit0>exit1 dry']],
  ] as const)('a pin %s is made, and the rest stays kept out; withdrawn by hand it goes', async (_, text, mode, wanted) => {
    const bench = await steady([10, 20])
    bench.steering.keepOut(keptOut('1.0.0.0/24', bench.nowMs + HOUR))
    await bench.cycle(mode)
    const ticket = bench.steering.order(pin(text, 'exit1', bench.nowMs + HOUR))
    await bench.cycle(mode)
    expect(ticket.result).toMatchObject({ refusal: undefined })
    await bench.run(60, mode)
    const { plan } = await bench.cycle(mode)
    expect(textOf(plan)).toEqual(wanted)
    expect(plan.setAside).toMatchObject([{ kind: 'by hand', prefix: parsePrefix('1.0.0.0/24') }])
    bench.steering.keepOut(keptOut(text, bench.nowMs + HOUR))
    expect(textOf((await bench.cycle(mode)).plan)).toEqual([])
  })
})
