/** The guards and the rules of the plan, each where it alone decides. */
import { describe, expect, test } from 'vitest'
import { planRouter } from '../../../src/controller/plan/plan.ts'
import type { PlanInput, PlannedOverride } from '../../../src/controller/plan/planning.ts'
import { PrefixGuard } from '../../../src/controller/plan/prefix-guard.ts'
import { matchEach } from '../../../src/model/matches.ts'
import { parseAddress, parsePrefix } from '../../../src/model/prefix.ts'
import type { Path } from '../../../src/model/route.ts'
import { makeInterface, makePath, makeRouter, makeRoutes, MBPS, POLICY, World, type Flow } from '../world.ts'

const flow = (to: string, mbps: number, samples = 1000): Flow => ({ to, bps: mbps * MBPS, samples })
const path = makePath

/** An override of the plan, from `exitI` to `exitJ`. */
function detour(prefix: string, from: number, to: number, settings: { dry?: boolean; sinceMs?: number } = {}): PlannedOverride {
  const { dry = false, sinceMs = 0 } = settings
  return {
    dry,
    override: {
      router: 'rtr1', prefix: parsePrefix(prefix), parentPrefix: parsePrefix(prefix), fromInterface: `exit${from}`,
      toInterface: `exit${to}`, follows: path(prefix, to), sinceMs, reason: '',
    },
  }
}

/** A world in which the overrides have been for long. */
function worldWith(paths: readonly Path[], flows: readonly Flow[], detours: readonly PlannedOverride[], interfaces = 3): World {
  const world = new World(makeRouter(Array.from({ length: interfaces }, (_, i) => makeInterface(i))), paths, flows)
  world.planned = detours
  world.placements = detours
    .filter(({ dry }) => !dry)
    .map(({ override: { prefix, fromInterface, toInterface } }) => ({ prefix, fromInterface, toInterface, startMs: 0, endMs: undefined }))
  return world
}

const everywhere = (prefix: string, exits: readonly number[]): Path[] => exits.map((i, rank) => path(prefix, i, { localPref: 300 - rank }))
const reasons = (world: World): string[] => planRouter(world.planInput()).decisions.map((d) => d.reason)
const withInterface = (input: PlanInput, i: number, settings: object): PlanInput => ({
  ...input,
  traffic: { ...input.traffic, interfaces: input.traffic.interfaces.map((t, n) => (n === i ? { ...t, ...settings } : t)) },
})

describe('guard 3: caps', () => {
  const overloaded = (): World =>
    worldWith([1, 2, 3, 4, 5].flatMap((n) => everywhere(`${n}.0.0.0/24`, [0, 1, 2])), [1, 2, 3, 4, 5].map((n) => flow(`${n}.0.0.1`, 19)), [])

  test('the cap on all overrides counts those that the plan adds, and those that are there', () => {
    const world = overloaded()
    world.caps = { ...world.caps, overrides: 1 }
    world.step()
    expect(world.overrides()).toHaveLength(1)
    world.flows = world.flows.map((f) => ({ ...f, bps: 24 * MBPS }))
    world.step()
    expect(world.overrides()).toHaveLength(1)
  })

  test('dry ones are capped like real ones, and take no room from these', () => {
    const world = overloaded()
    world.caps = { ...world.caps, overrides: 1 }
    world.input = { dryRun: true }
    for (let i = 0; i < 5; i++) world.step()
    expect(world.overrides()).toHaveLength(1)
    world.input = { current: [detour('1.0.0.0/24', 0, 1, { dry: true })] }
    expect(planRouter(world.planInput()).overrides.filter((o) => !o.dry)).toHaveLength(1)
  })

  test('a detour that moves on is a change; one that goes home is none', () => {
    const paths = [...everywhere('1.0.0.0/24', [0, 1, 2]), ...everywhere('2.0.0.0/24', [0, 1, 2]), path('9.0.0.0/24', 1)]
    const carried = [detour('1.0.0.0/24', 0, 1), detour('2.0.0.0/24', 0, 1)]
    const flows = [flow('1.0.0.1', 20), flow('2.0.0.1', 20), flow('9.0.0.1', 60)]
    const full = worldWith([...paths, path('8.0.0.0/24', 0)], [...flows, flow('8.0.0.1', 60)], carried)
    full.caps = { ...full.caps, changes: 1 }
    const { decisions } = full.step()
    expect(decisions.map((d) => d.kind)).toEqual(['replace', 'hold_back'])
    full.caps = { ...full.caps, changes: 0 }
    full.planned = carried
    expect(full.step().decisions.map((d) => d.kind)).toEqual(['hold_back'])
    const empty = worldWith(paths, flows, carried)
    empty.caps = { overrides: 0, changes: 0, detouredShare: 0 }
    expect(empty.step().decisions.map((d) => d.kind)).toEqual(['release', 'release'])
  })

  test('the cap on the share is called a cap', () => {
    const world = overloaded()
    world.caps = { ...world.caps, detouredShare: 0.1 }
    expect(reasons(world)).toEqual([expect.stringContaining('cap (95.0 Mbps)')])
  })

  test('a relief that a cap cut short goes on below the high watermark, also after a silent cycle', () => {
    const world = overloaded()
    world.caps = { ...world.caps, changes: 1 }
    world.step()
    expect(world.loads()[0]).toBe(76 * MBPS)
    world.input = { mayChange: false }
    world.step()
    world.input = {}
    world.step()
    expect(world.loads()[0]).toBe(57 * MBPS)
  })
})

describe('guard 4: prefixes', () => {
  const guard = new PrefixGuard(
    makeRouter([makeInterface(0)], { sflowAgents: [parseAddress('10.9.9.9')], maxPrefixLength: { 4: 28, 6: 48 } }),
    { ...POLICY, minPrefixLength: { 4: 0, 6: 0 }, deny: [parsePrefix('2001:db8:1::/48')] },
    [parseAddress('80.1.1.1'), parseAddress('2001:7f8::1')],
  )
  test.each([
    ['0.0.0.0/0', 'is shorter than /1'],
    ['::/0', 'is shorter than /1'],
    ['1.0.0.0/29', 'is longer than /28'],
    ['2600::/49', 'is longer than /48'],
    ['80.1.1.0/24', 'holds the next hop or router address 80.1.1.1'],
    ['2001:7f8::/32', 'holds the next hop or router address 2001:7f8::1'],
    ['10.1.4.0/24', 'holds the next hop or router address 10.1.4.1'],
    ['10.9.9.0/24', 'holds the next hop or router address 10.9.9.9'],
    ['172.16.0.0/28', 'shares addresses with 172.16.0.0/31, which is a peering LAN or link'],
    ['2001:db8::/32', 'shares addresses with 2001:db8:1::/48, which is on the deny list'],
  ])('%s %s', (prefix, refusal) => expect(guard.refusal(parsePrefix(prefix))).toBe(refusal))

  test('any other is allowed', () => {
    for (const prefix of ['0.0.0.0/5', '1.0.0.0/28', '2600::/48']) {
      expect(guard.refusal(parsePrefix(prefix))).toBeUndefined()
    }
  })

  test('what is there goes when a guard closes its prefix', () => {
    const world = worldWith(everywhere('1.0.0.0/24', [0, 1]), [flow('1.0.0.1', 20), flow('2.0.0.1', 60)], [detour('1.0.0.0/24', 0, 1)])
    world.policy = { ...POLICY, deny: [parsePrefix('1.0.0.0/24')] }
    expect(reasons(world)).toContain(
      '1.0.0.0/24 is withdrawn: it shares addresses with 1.0.0.0/24, which is on the deny list',
    )
  })
})

describe('guards 5 and 6: routes and exits', () => {
  const carried = detour('1.0.0.0/24', 0, 1, { sinceMs: 1_000_000 })
  const flows = [flow('1.0.0.1', 20), flow('8.0.0.1', 60)]
  const paths = [...everywhere('1.0.0.0/24', [0, 1, 2]), path('8.0.0.0/24', 0)]
  const kept = (world: World, change: (input: PlanInput) => PlanInput = (i) => i): string[] => {
    const { overrides, decisions } = planRouter(change(world.planInput()))
    return overrides.length > 0 ? overrides.map(({ override: o }) => o.toInterface) : decisions.map((d) => d.reason)
  }

  test('an exit is none when its routes cover only a part of the piece', () => {
    const part = worldWith([path('1.0.0.0/24', 0), path('1.0.0.0/25', 1), path('8.0.0.0/24', 0)], [flow('1.0.0.200', 26), flow('8.0.0.1', 60)], [])
    expect(reasons(part)).toEqual([expect.stringContaining('no alternate (86.0 Mbps)')])
  })

  test('an override goes when its exit takes no detours any more, or its home is not steered any more', () => {
    const router = (i: number, settings: object) => makeRouter([0, 1, 2].map((n) => makeInterface(n, n === i ? settings : {})))
    const world = worldWith(paths, flows, [carried])
    expect(kept(world, (i) => ({ ...i, router: router(1, { detourTarget: false }) }))).toEqual([
      '1.0.0.0/24 is withdrawn: exit1 takes no detours any more',
    ])
    expect(kept(world, (i) => ({ ...i, router: router(0, { monitor: false }) }))).toEqual([
      '1.0.0.0/24 is withdrawn: exit0 is not steered away from any more',
    ])
  })

  test('it goes when BGP leads its traffic to no configured interface', () => {
    const stranger = path('1.0.0.0/24', 0, { nextHop: parseAddress('192.168.7.7'), localPref: 900 })
    expect(kept(worldWith([stranger, path('1.0.0.0/24', 1)], flows, [carried]))).toEqual([
      '1.0.0.0/24 is withdrawn: its natural exit is no configured interface any more',
    ])
  })

  test('more_specific: it goes when the router learns this very prefix', () => {
    const world = worldWith([...paths, ...everywhere('1.0.0.0/25', [0, 1])], flows, [detour('1.0.0.0/25', 0, 1)])
    expect(kept(world, (i) => ({ ...i, router: { ...i.router, override: 'more_specific' } }))).toEqual([
      '1.0.0.0/25 is withdrawn: the router now learns this very prefix, which more_specific must keep in place',
    ])
  })

  test('on a LAN it stays with its own neighbor, and takes another only when that one has gone', () => {
    const lan = { addresses: [{ address: parseAddress('172.16.1.0'), subnet: parsePrefix('172.16.1.0/24') }] }
    const neighbor = (last: number, localPref: number) =>
      path('1.0.0.0/24', 1, { nextHop: parseAddress(`172.16.1.${last}`), pathId: last, localPref })
    const world = worldWith([path('1.0.0.0/24', 0), neighbor(7, 150), neighbor(1, 100)], flows, [carried])
    const nextHop = (): unknown =>
      planRouter({ ...world.planInput(), router: makeRouter([makeInterface(0), makeInterface(1, lan), makeInterface(2)]) }).overrides[0]
        ?.override.follows.nextHop
    expect(nextHop()).toEqual(parseAddress('172.16.1.1'))
    world.routes = makeRoutes([path('1.0.0.0/24', 0), neighbor(7, 150)])
    expect(nextHop()).toEqual(parseAddress('172.16.1.7'))
  })

  test('a path that the RPKI calls invalid is no alternate, yet where the router uses it it is the natural exit', () => {
    const judged = (...states: Path['rpki'][]) => states.map((rpki, i) => path('1.0.0.0/24', i, { rpki }))
    const full = [flow('1.0.0.1', 25), flow('8.0.0.1', 60)]
    const relief = (...states: Path['rpki'][]): string[] => {
      const world = worldWith([...judged(...states), path('8.0.0.0/24', 0)], full, [])
      world.step()
      return world.overrides()
    }
    expect(relief('invalid', 'unknown', 'valid')).toEqual(['1.0.0.0/24 exit0>exit1'])
    expect(relief('valid', 'invalid', 'not_found')).toEqual(['1.0.0.0/24 exit0>exit2'])
    expect(relief('valid', 'invalid', 'invalid')).toEqual([])
  })

  test('it goes when its path becomes invalid, and a third exit takes over in the same plan', () => {
    const judged = [0, 1, 2].map((i) => path('1.0.0.0/24', i, { rpki: i === 1 ? 'invalid' : 'valid' }))
    const world = worldWith([...judged, path('8.0.0.0/24', 0)], [flow('1.0.0.1', 25), flow('8.0.0.1', 60)], [carried])
    expect(reasons(world)[0]).toBe('1.0.0.0/24 is withdrawn: exit1 has only paths that the RPKI calls invalid')
    world.step()
    expect(world.overrides()).toEqual(['1.0.0.0/24 exit0>exit2'])
  })

  test('between equal paths its traffic belongs where it was seen, when nothing else tells', () => {
    const equal = [0, 1, 2].map((i) => path('1.0.0.0/24', i, { localPref: 100 }))
    const found = { ...carried, override: { ...carried.override, fromInterface: '' } }
    const world = worldWith(equal, flows, [{ ...found, override: { ...found.override, toInterface: 'exit1' } }])
    expect(kept(world)).toEqual(['1.0.0.0/24 is withdrawn: BGP itself now leads it to exit1'])
  })

  test('no exit takes traffic that is not allowed to, in relief or in moving on', () => {
    const router = makeRouter([0, 1, 2].map((n) => makeInterface(n, n === 2 ? { detourTarget: false } : {})))
    const fresh = worldWith([...everywhere('1.0.0.0/24', [0, 2]), path('8.0.0.0/24', 0)], [flow('1.0.0.1', 25), flow('8.0.0.1', 60)], [])
    const relief = planRouter({ ...fresh.planInput(), router })
    expect(relief.overrides).toEqual([])
    expect(relief.decisions[0]?.reason).toContain('no alternate')
    const full = worldWith([...paths, path('9.0.0.0/24', 1)], [...flows, flow('9.0.0.1', 70)], [carried])
    expect(kept(full)).toEqual(['exit2'])
    expect(kept(full, (i) => ({ ...i, router }))).toEqual(['exit1'])
    expect(kept(full, (i) => withInterface(i, 2, { operUp: false }))).toEqual(['exit1'])
  })

  test('an interface that is down is not relieved, and nothing goes home to it', () => {
    const world = worldWith([...everywhere('1.0.0.0/24', [0, 1]), path('8.0.0.0/24', 0)], [flow('1.0.0.1', 25), flow('8.0.0.1', 60)], [])
    expect(planRouter(withInterface(world.planInput(), 0, { operUp: false })).decisions).toEqual([])
    const held = worldWith(paths, [flow('1.0.0.1', 20)], [detour('1.0.0.0/24', 0, 1)])
    expect(kept(held)).toEqual([expect.stringContaining('exit0 has room again')])
    expect(kept(held, (i) => withInterface(i, 0, { operUp: false }))).toEqual(['exit1'])
    const shed = worldWith([...everywhere('1.0.0.0/24', [0, 1]), path('9.0.0.0/24', 1)], [flow('1.0.0.1', 20), flow('9.0.0.1', 70)], [carried])
    expect(kept(shed)[0]).toContain('go home to exit0')
    expect(kept(shed)[1]).toMatch(/: no alternate \(70\.0 Mbps\)$/)
    expect(kept(shed, (i) => withInterface(i, 0, { operUp: false }))).toEqual(['exit1'])
  })
})

describe('relief', () => {
  test('starts only above the high watermark, and only when the load is that high for sure', () => {
    const world = worldWith([1, 2, 3, 4].flatMap((n) => everywhere(`${n}.0.0.0/24`, [0, 1])), [1, 2, 3, 4].map((n) => flow(`${n}.0.0.1`, 20)), [])
    expect(planRouter(world.planInput()).overrides).toEqual([])
    world.flows = [...world.flows.slice(1), flow('1.0.0.1', 23)]
    expect(planRouter(withInterface(world.planInput(), 0, { errorBps: 4 * MBPS })).overrides).toEqual([])
    expect(planRouter(withInterface(world.planInput(), 0, { errorBps: 2 * MBPS })).overrides).toHaveLength(1)
  })

  test('a target keeps room for the error of its own load', () => {
    const world = worldWith([...everywhere('1.0.0.0/24', [0, 1]), path('8.0.0.0/24', 0)], [flow('1.0.0.1', 25), flow('8.0.0.1', 60)], [])
    expect(planRouter(withInterface(world.planInput(), 1, { errorBps: 41 * MBPS })).overrides).toEqual([])
    expect(planRouter(withInterface(world.planInput(), 1, { errorBps: 39 * MBPS })).overrides).toHaveLength(1)
  })

  test('what a later move made unnecessary is taken back', () => {
    // 31 too much: what it carries, 5, goes home; then 36 of its own move, which are enough without those 5.
    const world = worldWith(
      [...everywhere('1.0.0.0/24', [0, 1]), ...everywhere('2.0.0.0/24', [1, 2]), path('9.0.0.0/24', 1)],
      [flow('1.0.0.1', 5), flow('2.0.0.1', 36), flow('9.0.0.1', 55)],
      [detour('1.0.0.0/24', 0, 1, { sinceMs: 1_000_000 })],
    )
    const { decisions } = world.step()
    expect(world.overrides()).toEqual(['1.0.0.0/24 exit0>exit1', '2.0.0.1/32 exit1>exit2'])
    expect(decisions.map((d) => d.kind)).toEqual(['relieve'])
    expect(planRouter(world.planInput()).planned).toEqual([0, 60 * MBPS, 36 * MBPS])
  })

  test('the fullest interface comes first', () => {
    const world = worldWith(
      [...everywhere('1.0.0.0/24', [0, 2]), ...everywhere('2.0.0.0/24', [1, 2]), path('8.0.0.0/24', 0), path('9.0.0.0/24', 1), path('7.0.0.0/24', 2)],
      [flow('1.0.0.1', 20), flow('8.0.0.1', 62), flow('2.0.0.1', 20), flow('9.0.0.1', 72), flow('7.0.0.1', 40)],
      [],
    )
    world.step()
    expect(world.overrides()).toEqual(['2.0.0.0/24 exit1>exit2'])
  })

  test('an interface that is not monitored keeps its own traffic, but sheds what it carries for others', () => {
    const router = makeRouter([0, 1, 2].map((n) => makeInterface(n, n === 1 ? { monitor: false } : {})))
    const world = worldWith(
      [...everywhere('1.0.0.0/24', [0, 1]), ...everywhere('9.0.0.0/24', [1, 2])],
      [flow('1.0.0.1', 5), flow('9.0.0.1', 29), flow('9.0.0.2', 56)],
      [detour('1.0.0.0/24', 0, 1)],
    )
    expect(planRouter({ ...world.planInput(), router }).overrides).toEqual([])
  })

  test('traffic that BGP leads elsewhere is named for what it is', () => {
    // The router sends it by exit1 whatever BGP says: by a static route, or a weight of its own.
    const world = worldWith([...everywhere('1.0.0.0/24', [0, 1])], [flow('1.0.0.1', 90)], [detour('1.0.0.0/24', 0, 1)])
    world.input = { current: [], placements: [] }
    expect(reasons(world)).toEqual([expect.stringContaining('another natural exit (90.0 Mbps)')])
  })

  test('thousands of prefixes that have no room cost no more than a moment', () => {
    const prefixes = Array.from({ length: 20_000 }, (_, i) => `${1 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}.0/24`)
    const world = worldWith([path('0.0.0.0/0', 0), path('0.0.0.0/0', 1)], [], [], 2)
    const own = new Map(prefixes.map((p) => [p, { prefix: parsePrefix(p), paths: everywhere(p, [0, 1]) }]))
    const of = (w0: number): string => `${w0 >>> 24}.${(w0 >>> 16) & 255}.${(w0 >>> 8) & 255}.0/24`
    world.routes = {
      longestMatch: ({ w0 }) => own.get(of(w0)), matches: (rates) => matchEach(rates, ({ w0 }) => own.get(of(w0))),
      covering: ({ w0 }) => [own.get(of(w0))!], nextHops: () => [],
    }
    const rows = prefixes.map((p, i) => flow(p.replace('.0/24', '.1'), 0.008 + i * 1e-9))
    world.flows = rows
    const input = withInterface(inputWithoutForwarding(world), 1, { outBps: 65 * MBPS })
    // Of the processor, as others may want it, too.
    const started = process.cpuUsage()
    const plan = planRouter(input)
    expect(plan.decisions.at(-1)?.reason).toContain('no room')
    const { user, system } = process.cpuUsage(started)
    expect((user + system) / 1000).toBeLessThan(2000)
  })
})

describe('detours that a full interface carries', () => {
  const paths = [...everywhere('1.0.0.0/24', [0, 1, 2]), path('8.0.0.0/24', 0), path('9.0.0.0/24', 1)]
  const carried = detour('1.0.0.0/24', 0, 1)

  test('go home only when there is room, else to a third exit, else nowhere', () => {
    const world = worldWith(paths, [flow('1.0.0.1', 20), flow('8.0.0.1', 50), flow('9.0.0.1', 70)], [carried])
    world.step()
    expect(world.overrides()).toEqual(['1.0.0.0/24 exit0>exit2'])
    expect(world.planned[0]?.override.follows.nextHop).toEqual(path('1.0.0.0/24', 2).nextHop)
    const two = worldWith(paths.filter((p) => p.pathId !== 3), [flow('1.0.0.1', 20), flow('8.0.0.1', 50), flow('9.0.0.1', 70)], [carried])
    two.step()
    expect(two.overrides()).toEqual(['1.0.0.0/24 exit0>exit1'])
  })

  test('real ones leave by real decisions, dry ones by dry ones', () => {
    const dryHome = [...everywhere('1.0.0.0/24', [0, 1, 2]), ...everywhere('2.0.0.0/24', [2, 1]), path('9.0.0.0/24', 1)]
    const world = worldWith(dryHome, [flow('1.0.0.1', 10), flow('2.0.0.1', 4), flow('9.0.0.1', 76)], [
      detour('1.0.0.0/24', 0, 1),
      detour('2.0.0.0/24', 2, 1, { dry: true }),
    ])
    expect(planRouter(world.planInput()).decisions.filter((d) => d.kind === 'release').map((d) => d.acted)).toEqual([true, false])
  })
})

test('a real detour does not leave for the sake of dry ones', () => {
  const paths = [...everywhere('1.0.0.0/24', [0, 1]), ...everywhere('2.0.0.0/24', [2, 1]), path('9.0.0.0/24', 1)]
  const world = worldWith(paths, [flow('1.0.0.1', 10), flow('2.0.0.1', 15), flow('9.0.0.1', 60)], [
    detour('1.0.0.0/24', 0, 1, { sinceMs: 1_000_000 }),
    detour('2.0.0.0/24', 2, 1, { dry: true }),
  ])
  world.step()
  expect(world.overrides()).toEqual(['1.0.0.0/24 exit0>exit1'])
})

describe('release', () => {
  test('needs whole windows of rates', () => {
    const world = worldWith(everywhere('1.0.0.0/24', [0, 1]), [flow('1.0.0.1', 20)], [detour('1.0.0.0/24', 0, 1)])
    world.input = { mayRelease: false }
    world.step()
    expect(world.overrides()).toHaveLength(1)
  })

  test('counts what it already brought home in this plan', () => {
    const prefixes = [1, 2, 3].map((n) => `${n}.0.0.0/24`)
    const world = worldWith(
      prefixes.flatMap((p) => everywhere(p, [0, 1])).concat(path('8.0.0.0/24', 0)),
      [...[1, 2, 3].map((n) => flow(`${n}.0.0.1`, 10, 1e6)), flow('8.0.0.1', 50)],
      prefixes.map((p) => detour(p, 0, 1)),
    )
    world.step()
    expect(world.loads()).toEqual([60 * MBPS, 20 * MBPS, 0])
  })
})

describe('overrides never nest', () => {
  test('a received prefix inside one that moved does not move on its own', () => {
    const paths = [...everywhere('1.0.0.0/16', [0, 1, 2]), ...everywhere('1.0.1.0/24', [0, 1, 2]), path('8.0.0.0/24', 0)]
    const world = worldWith(paths, [flow('1.0.0.1', 2), flow('1.0.1.1', 20), flow('8.0.0.1', 70)], [detour('1.0.0.0/16', 0, 1)])
    world.step()
    expect(world.overrides()).toEqual(['1.0.0.0/16 exit0>exit1'])
  })

  test('in one plan, either moves but not both', () => {
    const paths = [...everywhere('1.0.0.0/16', [0, 1, 2]), ...everywhere('1.0.1.0/24', [0, 1, 2]), path('8.0.0.0/24', 0)]
    const world = worldWith(paths, [flow('1.0.0.1', 15), flow('1.0.1.1', 14), flow('8.0.0.1', 60)], [])
    world.step()
    expect(world.overrides()).toEqual(['1.0.0.0/16 exit0>exit1'])
  })

  test('what is left of a received prefix is cut around the piece that moved', () => {
    const paths = [...everywhere('1.0.0.0/24', [0, 1]), path('8.0.0.0/24', 0)]
    const world = worldWith(
      paths,
      [flow('1.0.0.1', 5), flow('1.0.0.100', 10), flow('1.0.0.200', 10), flow('8.0.0.1', 65)],
      [detour('1.0.0.0/26', 0, 1)],
    )
    world.step()
    expect(world.overrides()).toEqual(['1.0.0.0/26 exit0>exit1', '1.0.0.64/26 exit0>exit1', '1.0.0.128/25 exit0>exit1'])
  })

  test('a dry one gives way to a real one', () => {
    const interfaces = [makeInterface(0, { dryRun: true }), makeInterface(1), makeInterface(2)]
    const paths = [...everywhere('1.0.0.0/16', [0, 2]), ...everywhere('1.0.1.0/24', [1, 2]), path('9.0.0.0/24', 1)]
    const world = new World(makeRouter(interfaces), paths, [flow('1.0.0.1', 30), flow('1.0.1.1', 25), flow('9.0.0.1', 60)])
    world.planned = [detour('1.0.0.0/16', 0, 2, { dry: true })]
    const { decisions } = world.step()
    expect(world.overrides()).toEqual(['1.0.1.0/24 exit1>exit2'])
    expect(decisions).toMatchObject([{ kind: 'relieve', acted: true }, { kind: 'withdraw', acted: false }])
  })
})

test('a dry override that ended had moved nothing: only what really leaves here is counted as relief', () => {
  const tied = [0, 1].map((i) => path('1.0.0.0/24', i, { localPref: 200 }))
  const world = new World(
    makeRouter([0, 1, 2, 3].map((i) => makeInterface(i))),
    [...tied, path('1.0.0.0/24', 3, { localPref: 50 }), path('8.0.0.0/24', 0)],
    [flow('1.0.0.1', 12), flow('1.0.0.2', 10), flow('8.0.0.1', 75)],
  )
  // The router shares the load by host.
  world.exitOf = ({ w0 }) => (w0 & 255) - 1
  world.input = { current: [detour('1.0.0.0/24', 0, 2, { dry: true })] }
  const relief = planRouter(world.planInput()).decisions.find((d) => d.kind === 'relieve')
  expect(relief?.inputs['moved_bps']).toBe(12 * MBPS)
})

test('the natural exit of what is away follows the routes', () => {
  const world = worldWith(everywhere('1.0.0.0/24', [2, 1, 0]), [flow('1.0.0.1', 20)], [detour('1.0.0.0/24', 0, 1, { sinceMs: 1_000_000 })])
  const plan = world.step()
  expect(world.overrides()).toEqual(['1.0.0.0/24 exit2>exit1'])
  expect(plan.natural.map((n) => n?.bps)).toEqual([0, 0, 20 * MBPS])
})

test('while the route table is not known, nothing moves', () => {
  const world = worldWith([...everywhere('1.0.0.0/24', [0, 1]), path('8.0.0.0/24', 0)], [flow('1.0.0.1', 25), flow('8.0.0.1', 60)], [])
  world.input = { routesKnown: false }
  expect(world.step().overrides).toEqual([])
})

/** The world's input with all flows at their natural exit, for worlds too large to forward plainly. */
function inputWithoutForwarding(world: World): PlanInput {
  world.exitOf = () => 0
  return world.planInput()
}
