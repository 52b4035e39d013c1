/** Several routers, planned one after the other in each cycle, over capacity that they share. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { planRouter, type RouterPlan } from '../../src/controller/plan/plan.ts'
import { findFullExits, surroundingsOf, type RouterView } from '../../src/controller/shared-exits.ts'
import type { CycleReport } from '../../src/controller/report.ts'
import type { EgressInterface, SharedExit } from '../../src/model/topology.ts'
import { makeInterface, makePath, makeRouter, MBPS, World, type Flow } from './world.ts'

const shared = (mbps: number): SharedExit => ({ name: 'isp', speedBps: mbps * MBPS, highWatermark: 0.8, reliefTarget: 0.65 })
const flowsTo = (first: number, mbps: readonly number[]): Flow[] => mbps.map((rate, i) => ({ to: `${first + i}.0.0.1`, bps: rate * MBPS }))

/** A peer, a port of the shared exit, and further interfaces; prefixes `1.0.0.0/24` to `9.0.0.0/24` by all of them. */
function world(name: string, mbps: readonly number[], settings: readonly Partial<EgressInterface>[]): World {
  const interfaces = settings.map((one, i) => makeInterface(i, { ...one, router: name }))
  const paths = Array.from({ length: 9 }, (_, n) => interfaces.map((_, i) => makePath(`${n + 1}.0.0.0/24`, i))).flat()
  return new World(makeRouter(interfaces, { name }), paths, flowsTo(1, mbps))
}

/** One cycle: all see the same moment, each is planned with what the others are known to do. */
function cycle(worlds: readonly World[], exits: readonly SharedExit[], apart = false): RouterPlan[] {
  const views = worlds.map((one): RouterView => ({ router: one.router, traffic: one.traffic(), plan: lastPlans.get(one), isCurrent: false }))
  const plans = worlds.map((one, i) => {
    one.input = { traffic: views[i]!.traffic, ...(apart ? {} : { surroundings: surroundingsOf(one.router.name, views, exits, false) }) }
    const plan = planRouter(one.planInput())
    views[i] = { ...views[i]!, plan, isCurrent: true }
    lastPlans.set(one, plan)
    return plan
  })
  for (const one of worlds) one.step()
  return plans
}
const lastPlans = new WeakMap<World, RouterPlan>()

const RUSH = [20, 20, 20, 25]

describe('a shared exit', () => {
  const port = { sharedExit: 'isp' }
  const ports = (worlds: readonly World[]): number => worlds.reduce((sum, one) => sum + one.loads()[1]!, 0) / MBPS

  test('two routers do not fill it together in one cycle, as each alone would', () => {
    const pair = () => ['rtr1', 'rtr2'].map((name) => world(name, RUSH, [{}, port]))
    const alone = pair()
    cycle(alone, [], true)
    expect(ports(alone)).toBe(40)
    const worlds = pair()
    cycle(worlds, [shared(50)])
    expect(ports(worlds)).toBe(20)
    cycle(worlds, [shared(50)])
    expect(ports(worlds)).toBe(20)
    const { decisions } = cycle(worlds, [shared(50)])[1]!
    expect(decisions.map(({ reason }) => reason).join()).toContain('no room')
  })

  test('while the other has never been measured, nothing moves there', () => {
    const [first, second] = ['rtr1', 'rtr2'].map((name) => world(name, RUSH, [{}, port])) as [World, World]
    const unknown = second.traffic()
    const views: RouterView[] = [
      { router: first.router, traffic: first.traffic(), plan: undefined, isCurrent: false },
      {
        router: second.router, plan: undefined, isCurrent: false,
        traffic: { ...unknown, interfaces: unknown.interfaces.map((one) => ({ ...one, outBps: undefined })) },
      },
    ]
    first.input = { surroundings: surroundingsOf('rtr1', views, [shared(1000)], false) }
    expect(planRouter(first.planInput()).overrides).toEqual([])
  })

  test('too full, though none of its ports is, it is relieved', () => {
    // At home on the port: 9.0.0.0/24 and what follows it leave by nothing better.
    const worlds = ['rtr1', 'rtr2'].map((name) => world(name, [10, 10, 20], [port, {}]))
    const load = (): number => worlds.reduce((sum, one) => sum + one.loads()[0]!, 0) / MBPS
    expect(load()).toBe(80)
    for (let i = 0; i < 5; i++) cycle(worlds, [shared(90)])
    expect(load()).toBeLessThanOrEqual(0.65 * 90)
    const before = worlds.map((one) => one.overrides())
    for (let i = 0; i < 5; i++) cycle(worlds, [shared(90)])
    expect(worlds.map((one) => one.overrides())).toEqual(before)
  })

  test('it is told when all its ports together are above its mark, and all are measured', () => {
    const routers = ['rtr1', 'rtr2'].map((name) => makeRouter([makeInterface(0, { router: name, sharedExit: 'isp' })], { name }))
    const told = (loads: readonly (number | undefined)[]): string[] => {
      const interfaces = loads.map((outBps, i) => ({ router: `rtr${i + 1}`, name: 'exit0', traffic: { outBps } }))
      return findFullExits({ routers: [{ interfaces }] } as unknown as CycleReport, routers, [shared(100)]).map(({ message }) => message)
    }
    expect(told([40 * MBPS, 40 * MBPS])).toEqual([])
    expect(told([80 * MBPS, undefined])).toEqual([])
    expect(told([40 * MBPS, 41 * MBPS])).toEqual([
      'shared exit isp (rtr1 exit0, rtr2 exit0) carries 81.0 Mbps, 81 % of 100 Mbps, above its high watermark of 80 %',
    ])
  })

  test('whatever the traffic: no plan fills it above its relief target', () => {
    const mbps = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 9 })
    fc.assert(fc.property(fc.array(mbps, { minLength: 2, maxLength: 4 }), fc.integer({ min: 20, max: 300 }), (loads, speed) => {
      const worlds = loads.map((own, i) => world(`rtr${i}`, own, [{}, port, {}]))
      for (let i = 0; i < 4; i++) {
        cycle(worlds, [shared(speed)])
        expect(ports(worlds)).toBeLessThanOrEqual(0.65 * speed + 1e-6)
      }
    }), { numRuns: 60 })
  })
})

describe('a link that leads on to another router\'s interface', () => {
  /** rtr1 reaches rtr2's transit over exit1; rtr2 has a peer and the transit, both with an own load. */
  const pair = (transitMbps: number) => {
    const first = world('rtr1', RUSH, [{}, { leavesBy: { router: 'rtr2', interface: 'exit1' } }])
    const second = world('rtr2', RUSH, [{}, {}])
    const own = { to: '200.0.0.1', bps: transitMbps * MBPS }
    const paths = Array.from({ length: 9 }, (_, n) => [0, 1].map((i) => makePath(`${n + 1}.0.0.0/24`, i))).flat()
    const rtr2 = new World(second.router, [...paths, makePath('200.0.0.0/24', 1), makePath('201.0.0.0/24', 1)], [...second.flows, own])
    return { first, second: rtr2 }
  }
  /** What rtr1 sends over the link arrives at rtr2, and leaves by its transit. */
  const arrive = ({ first, second }: { first: World; second: World }): void => {
    const bps = first.loads()[1]!
    second.flows = [...second.flows.filter(({ to }) => to !== '201.0.0.1'), ...(bps > 0 ? [{ to: '201.0.0.1', bps }] : [])]
  }
  const transit = ({ first, second }: { first: World; second: World }): number =>
    (second.loads()[1]! + first.loads()[1]! - second.flows.filter(({ to }) => to === '201.0.0.1').reduce((sum, { bps }) => sum + bps, 0)) / MBPS

  test('both routers fill what is behind it only once', () => {
    const alone = pair(30)
    cycle([alone.first, alone.second], [], true)
    expect(transit(alone)).toBe(70)
    for (const order of [['first', 'second'], ['second', 'first']] as const) {
      const both = pair(30)
      cycle(order.map((name) => both[name]), [])
      expect(transit(both)).toBe(50)
    }
  })

  test('what is on its way and not measured there yet takes room', () => {
    const both = pair(30)
    // rtr2 has room at home for now: only rtr1 moves.
    both.second.flows = [{ to: '200.0.0.1', bps: 30 * MBPS }]
    cycle([both.first, both.second], [])
    expect(transit(both)).toBe(50)
    // Its own rush comes before its counters have seen what arrives from rtr1.
    both.second.flows = [...flowsTo(1, RUSH), { to: '200.0.0.1', bps: 30 * MBPS }]
    const late = both.first.placements.map((placement) => ({ ...placement, startMs: both.first.nowMs - 100 }))
    both.first.placements = late
    cycle([both.first, both.second], [])
    expect(transit(both)).toBeLessThanOrEqual(65)
    arrive(both)
    cycle([both.first, both.second], [])
    expect(transit(both)).toBeLessThanOrEqual(65)
  })

  test('overrides of two routers never make a chain', () => {
    const both = pair(0)
    cycle([both.first, both.second], [])
    const moved = both.first.planned.map(({ override }) => override.prefix)
    expect(moved).toHaveLength(1)
    // rtr2 moves something else than what rtr1 leads to it.
    expect(both.second.planned).toHaveLength(1)
    expect(both.second.planned[0]!.override.prefix).not.toEqual(moved[0])
    // And the other way round: what rtr2 has moved is not led to it.
    const again = pair(0)
    cycle([again.second, again.first], [])
    expect(again.first.planned).toHaveLength(1)
    expect(again.first.planned[0]!.override.prefix).not.toEqual(again.second.planned[0]!.override.prefix)
  })
})
