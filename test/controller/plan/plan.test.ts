import { describe, expect, test } from 'vitest'
import { parsePrefix } from '../../../src/model/prefix.ts'
import { planRouter } from '../../../src/controller/plan/plan.ts'
import { Rates } from '../../../src/model/rates.ts'
import { makeInterface, makePath, makeRouter, MBPS, POLICY, World, type Flow } from '../world.ts'

/** The seed article's edge: a peer that is preferred and a transit, each 100 Mbps, both with four prefixes. */
function seedWorld(flows: readonly Flow[], settings: Parameters<typeof makeRouter>[1] = {}): World {
  const router = makeRouter([makeInterface(0), makeInterface(1)], settings)
  const prefixes = ['1.0.0.0/24', '2.0.0.0/24', '3.0.0.0/24', '4.0.0.0/24']
  return new World(router, prefixes.flatMap((p) => [makePath(p, 0), makePath(p, 1)]), flows)
}

const STREAMS: Flow[] = [1, 2, 3].map((n) => ({ to: `${n}.0.0.1`, bps: 20 * MBPS }))
const FOURTH: Flow = { to: '4.0.0.1', bps: 25 * MBPS }

describe('relief and release', () => {
  test('below the high watermark nothing happens', () => {
    const world = seedWorld(STREAMS)
    expect(world.step().overrides).toEqual([])
  })

  test('the fourth stream moves away, and comes home when it has gone', () => {
    const world = seedWorld([...STREAMS, FOURTH])
    const plan = world.step()
    expect(world.loads()[0]).toBeLessThanOrEqual(65 * MBPS)
    expect(plan.decisions.map((d) => d.kind)).toContain('relieve')
    world.flows = STREAMS
    world.step(60_000)
    world.step()
    expect(world.overrides()).toEqual([])
    expect(world.loads()).toEqual([60 * MBPS, 0])
  })

  test('the fewest routes move, and of those the least traffic', () => {
    const world = seedWorld([...STREAMS, FOURTH])
    world.step()
    // 85 to 65 needs 20: one of the three streams of 20 is enough.
    expect(world.overrides()).toEqual(['1.0.0.0/24 exit0>exit1'])
  })

  test('moving traffic does not change the natural load', () => {
    const world = seedWorld([...STREAMS, FOURTH])
    const first = world.step()
    const second = world.step()
    expect(first.natural.map((n) => n?.bps)).toEqual([85 * MBPS, 0])
    expect(second.natural.map((n) => n?.bps)).toEqual([85 * MBPS, 0])
    expect(second.planned).toEqual([65 * MBPS, 20 * MBPS])
  })

  test('between target and high watermark nothing is released', () => {
    const world = seedWorld([...STREAMS, FOURTH])
    world.step(600_000)
    world.flows = [...STREAMS.slice(1), FOURTH, { to: '1.0.0.1', bps: 10 * MBPS }]
    for (let i = 0; i < 5; i++) world.step()
    expect(world.overrides()).toHaveLength(1)
  })

  test('what has no traffic any more goes after its hold, however full its home is', () => {
    const world = seedWorld([...STREAMS, FOURTH])
    world.step()
    world.step(50_000)
    world.flows = [...STREAMS.slice(1), FOURTH, { to: '3.0.0.2', bps: 10 * MBPS }]
    world.step()
    expect(world.overrides()).toEqual(['1.0.0.0/24 exit0>exit1'])
    const { decisions } = world.step()
    expect(decisions.map(({ kind, reason }) => [kind, reason])).toEqual([
      ['release', 'nothing goes to 1.0.0.0/24 any more: it need not be away from exit0'],
    ])
    expect(world.overrides()).toEqual([])
  })

  test('a hold delays release', () => {
    const world = seedWorld([...STREAMS, FOURTH])
    world.step(30_000)
    world.flows = STREAMS
    world.step(29_000)
    expect(world.overrides()).toHaveLength(1)
    world.step(2000)
    world.step()
    expect(world.overrides()).toEqual([])
  })

  test('a release leaves room for the sampling error of what comes home', () => {
    const world = seedWorld([...STREAMS, FOURTH])
    world.step(60_000)
    // 45 stay, 19 to come home: 64 is below 65, but 25 samples tell no better than ±47 %.
    world.flows = [
      { to: '1.0.0.1', bps: 19 * MBPS, samples: 25 },
      ...STREAMS.slice(1),
      { ...FOURTH, bps: 5 * MBPS },
    ]
    world.step()
    expect(world.overrides()).toHaveLength(1)
    world.flows = world.flows.map((f) => ({ ...f, samples: 100_000 }))
    world.step()
    expect(world.overrides()).toEqual([])
  })
})

describe('split', () => {
  const HOSTS: Flow[] = [1, 129, 193].map((n) => ({ to: `1.0.0.${n}`, bps: 20 * MBPS }))
  const HALVES: Flow[] = [
    { to: '2.0.0.1', bps: 20 * MBPS },
    { to: '2.0.0.129', bps: 10 * MBPS },
  ]

  test('a prefix above the threshold moves in pieces of at most the threshold', () => {
    const world = seedWorld(HOSTS.map((f) => ({ ...f, bps: 28 * MBPS })))
    world.step()
    expect(world.loads()[0]).toBeLessThanOrEqual(65 * MBPS)
    expect(world.overrides()).toEqual(['1.0.0.0/25 exit0>exit1'])
  })

  test('what need not be split is not', () => {
    const world = seedWorld([...HOSTS, ...HALVES])
    world.step()
    expect(world.overrides()).toEqual(['2.0.0.0/24 exit0>exit1'])
  })

  test('overrides never nest: further pieces are cut around those that moved', () => {
    const world = seedWorld(HOSTS.map((f) => ({ ...f, bps: 28 * MBPS })))
    world.step()
    world.flows = [...world.flows, { to: '1.0.0.2', bps: 5 * MBPS }, { to: '1.0.0.200', bps: 28 * MBPS }]
    world.step()
    expect(world.overrides()).toEqual(['1.0.0.0/25 exit0>exit1', '1.0.0.128/26 exit0>exit1'])
    expect(world.loads()[0]).toBeLessThanOrEqual(65 * MBPS)
  })

  test('no piece is longer than allowed; one that cannot be split further moves whole', () => {
    const world = seedWorld(HOSTS.map((f) => ({ ...f, bps: 28 * MBPS })), { maxPrefixLength: { 4: 24, 6: 48 } })
    const plan = world.step()
    // All of 1.0.0.0/24 is 84: it does not fit below the transit's target.
    expect(world.overrides()).toEqual([])
    expect(plan.decisions.map((d) => [d.kind, d.reason])).toEqual([
      ['cannot_relieve', expect.stringContaining('no room (84.0 Mbps)') as string],
    ])
  })

  test('nothing is split or moved on too few samples', () => {
    const world = seedWorld(HOSTS.map((f) => ({ ...f, bps: 28 * MBPS, samples: 9 })))
    const plan = world.step()
    expect(world.overrides()).toEqual([])
    expect(plan.decisions[0]?.reason).toContain('too few samples')
  })

  test('a more specific received route keeps its own demand', () => {
    const world = seedWorld(HOSTS.map((f) => ({ ...f, bps: 28 * MBPS })))
    const paths = ['1.0.0.0/24', '1.0.0.128/25'].flatMap((p) => [makePath(p, 0), makePath(p, 1)])
    world.routes = new World(world.router, paths, []).routes
    world.step()
    // 1.0.0.0/24 is left with 28 of its own: it moves whole, without touching the /25.
    expect(world.overrides()).toEqual(['1.0.0.0/24 exit0>exit1'])
    expect(world.loads()).toEqual([56 * MBPS, 28 * MBPS])
  })

  test('more_specific keeps the received prefix in place', () => {
    const world = seedWorld([...STREAMS.slice(1), FOURTH, { to: '1.0.0.1', bps: 10 * MBPS }, { to: '1.0.0.200', bps: 10 * MBPS }], {
      override: 'more_specific',
    })
    world.step()
    expect(world.overrides()).toEqual(['2.0.0.0/25 exit0>exit1'])
  })
})

describe('placement', () => {
  test('a target is filled to its relief target at most, counting what this plan put there', () => {
    const world = seedWorld([...STREAMS, FOURTH, { to: '4.0.0.9', bps: 40 * MBPS }])
    world.step()
    const [peer, transit] = world.loads()
    expect(peer).toBeGreaterThan(65 * MBPS - 1)
    expect(transit).toBeLessThanOrEqual(65 * MBPS)
  })

  test('a target that overflows sheds the detours that it carries first', () => {
    const world = seedWorld([...STREAMS, FOURTH])
    world.step()
    // Traffic that is the transit's own.
    world.routes = new World(
      world.router,
      [...['1.0.0.0/24', '2.0.0.0/24', '3.0.0.0/24', '4.0.0.0/24'].flatMap((p) => [makePath(p, 0), makePath(p, 1)]), makePath('9.0.0.0/24', 1)],
      [],
    ).routes
    world.flows = [...STREAMS.slice(0, 2), { to: '9.0.0.1', bps: 70 * MBPS }]
    expect(world.loads()).toEqual([20 * MBPS, 90 * MBPS])
    world.step()
    expect(world.loads()).toEqual([40 * MBPS, 70 * MBPS])
    expect(world.overrides()).toEqual([])
  })

  test('an interface that takes no detours, is down or has an unknown speed is no target', () => {
    for (const settings of [{ detourTarget: false }, { speedBps: undefined }]) {
      const router = makeRouter([makeInterface(0), makeInterface(1, settings)])
      const world = new World(router, [makePath('4.0.0.0/24', 0), makePath('4.0.0.0/24', 1)], [{ ...FOURTH, bps: 85 * MBPS }])
      expect(world.step().overrides).toEqual([])
    }
  })

  test('dry interfaces decide but take no room from real ones', () => {
    const router = makeRouter([makeInterface(0, { dryRun: true }), makeInterface(1), makeInterface(2)])
    const paths = [
      ...['1.0.0.0/24', '2.0.0.0/24'].flatMap((p) => [makePath(p, 0), makePath(p, 2, { localPref: 50 })]),
      ...['3.0.0.0/24', '4.0.0.0/24'].flatMap((p) => [makePath(p, 1), makePath(p, 2, { localPref: 50 })]),
    ]
    const world = new World(router, paths, [
      { to: '1.0.0.1', bps: 50 * MBPS, samples: 1e6 }, { to: '2.0.0.1', bps: 35 * MBPS },
      { to: '3.0.0.1', bps: 50 * MBPS }, { to: '4.0.0.1', bps: 35 * MBPS },
    ])
    for (let i = 0; i < 3; i++) world.step()
    expect(world.overrides().filter((o) => !o.endsWith('dry'))).not.toEqual([])
    expect(world.loads()[1]).toBeLessThanOrEqual(65 * MBPS)
    expect(world.loads()[0]).toBe(85 * MBPS)
  })
})

describe('guards', () => {
  test('3: additions are capped per cycle, and the rest goes on in the next', () => {
    const flows = [1, 2, 3, 4].map((n) => ({ to: `${n}.0.0.1`, bps: 24 * MBPS }))
    const world = seedWorld(flows)
    world.caps = { ...world.caps, changes: 1 }
    const first = world.step()
    expect(world.overrides()).toHaveLength(1)
    expect(first.decisions.map((d) => d.kind)).toEqual(['relieve', 'hold_back'])
    // 72 is between target and high watermark: only the unfinished relief goes on.
    world.step()
    expect(world.overrides()).toHaveLength(2)
  })

  test('3: overrides in all and the detoured share are capped', () => {
    const flows = [1, 2, 3, 4].map((n) => ({ to: `${n}.0.0.1`, bps: 24 * MBPS }))
    const full = seedWorld(flows)
    full.caps = { ...full.caps, overrides: 0 }
    full.step()
    expect(full.overrides()).toEqual([])
    const share = seedWorld(flows)
    share.caps = { ...share.caps, detouredShare: 0.3 }
    share.step()
    expect(share.overrides()).toHaveLength(1)
  })

  test('3: caps never hold back a withdrawal', () => {
    const world = seedWorld([...STREAMS, FOURTH])
    world.step(600_000)
    world.caps = { overrides: 0, changes: 0, detouredShare: 0 }
    world.flows = STREAMS
    world.step()
    expect(world.overrides()).toEqual([])
  })

  test.each([
    ['denied', { deny: [parsePrefix('1.0.0.0/8')] }],
    ['denied inside', { deny: [parsePrefix('1.0.0.7/32')] }],
    ['our own', { ownPrefixes: [parsePrefix('1.0.0.0/24')] }],
    ['a bogon', { bogons: [parsePrefix('1.0.0.0/24')] }],
    ['an IX LAN', { ixLans: [parsePrefix('1.0.0.0/23')] }],
    ['too short', { minPrefixLength: { 4: 25, 6: 16 } }],
  ])('4: never a prefix that is %s', (_, policy) => {
    const world = seedWorld([{ to: '1.0.0.1', bps: 29 * MBPS }, { to: '9.0.0.1', bps: 56 * MBPS }])
    const paths = [makePath('1.0.0.0/24', 0), makePath('1.0.0.0/24', 1), makePath('9.0.0.0/24', 0)]
    world.routes = new World(world.router, paths, []).routes
    expect(planRouter(world.planInput()).overrides).toHaveLength(1)
    world.policy = { ...POLICY, ...policy }
    const plan = world.step()
    expect(plan.overrides).toEqual([])
    expect(plan.decisions[0]?.reason).toContain('guard')
  })

  test('4: never the default route, and never a prefix that holds a next hop', () => {
    for (const prefix of ['0.0.0.0/0', '172.0.0.0/8']) {
      const to = prefix === '0.0.0.0/0' ? '1.0.0.1' : '172.99.0.1'
      const world = seedWorld([{ to, bps: 29 * MBPS }, { to: '9.0.0.1', bps: 56 * MBPS }], { maxPrefixLength: { 4: 8, 6: 48 } })
      world.routes = new World(world.router, [makePath(prefix, 0), makePath(prefix, 1), makePath('9.0.0.0/24', 0)], []).routes
      expect(world.step().overrides).toEqual([])
    }
  })

  test('5: only to an exit from which a route that covers the prefix is received', () => {
    const world = seedWorld([{ to: '1.0.0.1', bps: 85 * MBPS }])
    world.routes = new World(world.router, [makePath('1.0.0.0/24', 0), makePath('2.0.0.0/24', 1)], []).routes
    const plan = world.step()
    expect(plan.overrides).toEqual([])
    expect(plan.decisions[0]?.reason).toContain('no alternate')
  })

  test('5: a less specific route of the exit covers it, too, but ranks lower', () => {
    const router = makeRouter([makeInterface(0), makeInterface(1), makeInterface(2)])
    const paths = [makePath('1.0.0.0/24', 0), makePath('1.0.0.0/20', 1, { localPref: 900 }), makePath('1.0.0.0/24', 2, { localPref: 1 })]
    const world = new World(router, paths, [{ to: '1.0.0.1', bps: 29 * MBPS }, { to: '1.0.0.200', bps: 56 * MBPS }])
    world.step()
    expect(world.overrides()).toEqual(['1.0.0.0/25 exit0>exit2'])
    world.routes = new World(router, paths.slice(0, 2), []).routes
    world.step()
    expect(world.overrides()).toEqual(['1.0.0.0/25 exit0>exit1'])
  })

  test('6: an override goes in the cycle in which its route goes', () => {
    const world = seedWorld([...STREAMS, FOURTH])
    world.step()
    world.routes = new World(world.router, ['1', '2', '3', '4'].map((n) => makePath(`${n}.0.0.0/24`, 0)), []).routes
    const plan = planRouter(world.planInput())
    expect(plan.overrides).toEqual([])
    expect(plan.decisions[0]).toMatchObject({ kind: 'withdraw', acted: true })
  })

  test('6: it goes when its interface goes down', () => {
    const world = seedWorld([...STREAMS, FOURTH])
    world.step()
    const input = world.planInput()
    const interfaces = input.traffic.interfaces.map((i, n) => (n === 1 ? { ...i, operUp: false } : i))
    expect(planRouter({ ...input, traffic: { ...input.traffic, interfaces } }).overrides).toEqual([])
  })

  test('6: it follows a new next hop and new attributes of its exit', () => {
    const world = seedWorld([...STREAMS, FOURTH])
    world.step()
    const paths = ['1', '2', '3', '4'].flatMap((n) => [
      makePath(`${n}.0.0.0/24`, 0),
      makePath(`${n}.0.0.0/24`, 1, { asPath: [{ kind: 'sequence', asns: [42428, 7018] }], med: 5 }),
    ])
    world.routes = new World(world.router, paths, []).routes
    const plan = world.step()
    expect(plan.overrides[0]?.override.follows).toMatchObject({ med: 5, asPath: [{ asns: [42428, 7018] }] })
    expect(plan.decisions[0]?.kind).toBe('replace')
  })

  test('6: it goes when BGP itself leads there, or when a predecessor of it is found that nothing covers', () => {
    const world = seedWorld([...STREAMS, FOURTH])
    world.step()
    world.routes = new World(world.router, ['1', '2', '3', '4'].map((n) => makePath(`${n}.0.0.0/24`, 1)), []).routes
    world.flows = STREAMS
    expect(planRouter(world.planInput()).overrides).toEqual([])
  })

  test('7: while telemetry is silent nothing is added or released, but lost routes are withdrawn', () => {
    const world = seedWorld([...STREAMS, FOURTH])
    world.input = { mayChange: false }
    expect(world.step().overrides).toEqual([])
    world.input = {}
    world.step(600_000)
    world.flows = STREAMS
    world.input = { mayChange: false }
    world.step()
    expect(world.overrides()).toHaveLength(1)
    world.routes = new World(world.router, [], []).routes
    world.step()
    expect(world.overrides()).toEqual([])
  })

  test('while the route table is not known to be complete, overrides stay as they are', () => {
    const world = seedWorld([...STREAMS, FOURTH])
    world.step()
    world.routes = new World(world.router, [], []).routes
    world.input = { routesKnown: false }
    world.step()
    expect(world.overrides()).toHaveLength(1)
  })
})

describe('a relief that began while the load was still rising', () => {
  /** The measurement of the peer began so many seconds before now. */
  const measuredOver = (world: World, seconds: number): void => {
    const traffic = world.traffic()
    const interfaces = traffic.interfaces.map((i) => ({ ...i, spanStartMs: world.nowMs - seconds * 1000 }))
    world.input = { traffic: { ...traffic, interfaces } }
  }

  test('goes on to its target once the load is measured wholly after it, and then is over', () => {
    const world = seedWorld([...STREAMS, { ...FOURTH, bps: 21 * MBPS }])
    world.step(3000)
    expect(world.overrides()).toHaveLength(1)
    // It rises on, to somewhere between target and high watermark.
    world.flows = [...STREAMS, { ...FOURTH, bps: 31 * MBPS }]
    expect(world.loads()[0]).toBe(71 * MBPS)
    measuredOver(world, 2)
    world.step(3000)
    expect(world.overrides()).toHaveLength(1)
    measuredOver(world, 1)
    world.step(10_000)
    expect(world.overrides()).toHaveLength(2)
    expect(world.loads()[0]).toBeLessThanOrEqual(65 * MBPS)
    world.input = {}
    world.step()
    // Now it is over: between the watermarks nothing changes any more.
    world.flows = [...STREAMS.map((f) => ({ ...f, bps: 24 * MBPS })), { ...FOURTH, bps: 45 * MBPS }]
    expect(world.loads()[0]).toBeGreaterThan(66.5 * MBPS)
    for (let i = 0; i < 3; i++) world.step()
    expect(world.overrides()).toHaveLength(2)
  })

  test('is over when it is as close to its target as sampling allows', () => {
    const world = seedWorld([...STREAMS, FOURTH])
    world.step()
    world.flows = [...STREAMS, { ...FOURTH, bps: 26 * MBPS }]
    expect(world.loads()[0]).toBe(66 * MBPS)
    for (let i = 0; i < 3; i++) world.step()
    expect(world.overrides()).toHaveLength(1)
  })
})

describe('a rate that the counters do not see', () => {
  test.each([500 * MBPS, 7e13])('within an override moves nothing (%d bit/s)', (bps) => {
    const world = seedWorld([...STREAMS, FOURTH].map((flow) => ({ ...flow, bps: 28 * MBPS })))
    world.step()
    // It has fallen far enough for other detours to fit at home.
    world.flows = world.flows.map((flow) => ({ ...flow, bps: flow.bps * 0.7 }))
    world.input = { mayRelease: false }
    world.step()
    const before = world.overrides()
    expect(before).toHaveLength(2)
    const { prefix } = world.planned[0]!.override
    const traffic = world.traffic()
    const claim = { address: prefix, interfaceIndex: 1, bps, samples: 1 }
    world.input = { mayRelease: false, traffic: { ...traffic, rates: new Rates([...traffic.rates.rows, claim]) } }
    const plan = world.step()
    expect(plan.decisions).toEqual([])
    expect(plan.planned).toEqual(traffic.interfaces.map(({ outBps }) => outBps))
    expect(world.overrides()).toEqual(before)
  })
})
