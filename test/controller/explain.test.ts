/** What `explain` says must be what the plan does: each obstacle is provoked in the plan, and told in its words. */
import { describe, expect, test } from 'vitest'
import { explainPrefix, type LastCycle } from '../../src/controller/explain/explain.ts'
import { tellPrefix } from '../../src/controller/explain/tell-prefix.ts'
import { planRouter } from '../../src/controller/plan/plan.ts'
import { noteSaturations } from '../../src/controller/plan/saturation.ts'
import { parseAddress, parsePrefix } from '../../src/model/prefix.ts'
import type { EgressInterface, Router } from '../../src/model/topology.ts'
import { flowsOf, makeWorld } from './fake-edge.ts'
import { lastCycle } from './last-cycle.ts'
import { makeInterface, makePath, makeRouter, makeRoutes, MBPS, POLICY, World } from './world.ts'

function explain(world: World, prefix: string, settings: Partial<LastCycle> = {}) {
  const cycle = lastCycle(world, settings)
  const { input, plan } = cycle
  const facts = explainPrefix(cycle, parsePrefix(prefix))
  // Explaining tries moves; it must not make them.
  expect(explainPrefix(cycle, parsePrefix(prefix))).toEqual(facts)
  expect(planRouter(input)).toMatchObject({ planned: plan.planned, decisions: plan.decisions })
  return { facts, told: tellPrefix(facts), plan }
}

/** The obstacles that the plan names when it cannot relieve. */
const reasons = (plan: ReturnType<typeof planRouter>): string =>
  plan.decisions.filter(({ kind }) => kind === 'cannot_relieve' || kind === 'hold_back').map(({ reason }) => reason).join()

describe('a prefix at home', () => {
  test('where it goes, why, and how much is missing until it would move', () => {
    const { told } = explain(makeWorld([20, 20, 20]), '1.0.0.0/24')
    expect(told.goes).toEqual([
      '1.0.0.0/24 leaves rtr1 by exit0.',
      '20.0 Mbps go there, give or take 1.5 Mbps (1000 samples in 30s): 20.0 Mbps by exit0.',
    ])
    expect(told.why).toEqual([
      "BGP's rules put it there: the best of 2 received paths of 1.0.0.0/24 (next hop 172.16.0.1, AS path 33010, LOCAL_PREF 200).",
      'exit0 is planned to carry 60.0 Mbps (60 %) of 100 Mbps, and its high watermark is 80.0 Mbps (80 %): it needs no relief.',
      'Another exit: exit1 (next hop 172.16.1.1, AS path 33011, LOCAL_PREF 100): it has room for 65.0 Mbps below its relief target.',
    ])
    expect(told.toMove).toEqual([
      'For it to move away from exit0:',
      '- the planned load of exit0 must rise by 20.0 Mbps, above its high watermark',
      '- 1.0.0.0/24 (20.0 Mbps) could move to exit1',
      '- of all that could move, the plan takes as few prefixes as reach the relief target',
    ])
  })

  test('what it calls movable does move when there is as much more as it says', () => {
    const world = makeWorld([20, 20, 20])
    const { movable, natural } = explain(world, '1.0.0.0/24').facts
    const missing = natural!.load!.highBps - natural!.load!.plannedBps
    world.flows = [...world.flows, { to: '9.0.0.1', bps: missing - MBPS }]
    world.routes = makeRoutes([...[1, 2, 3].flatMap((n) => [0, 1].map((i) => makePath(`${n}.0.0.0/24`, i))), makePath('9.0.0.0/24', 0)])
    expect(world.step().overrides).toEqual([])
    world.flows = [...world.flows, { to: '9.0.0.1', bps: 2 * MBPS }]
    world.step()
    expect(world.overrides()).toEqual([`1.0.0.0/24 exit0>${movable[0]!.to}`])
  })

  test('an address belongs to its received prefix', () => {
    const { told } = explain(makeWorld([20]), '1.0.0.1/32')
    expect(told.goes[0]).toBe('1.0.0.1/32 belongs to the received prefix 1.0.0.0/24, and leaves rtr1 by exit0.')
  })

  test('one that no route holds', () => {
    const { told } = explain(makeWorld([20]), '8.8.8.0/24')
    expect(told.goes[0]).toBe('No route that rtr1 received holds all of 8.8.8.0/24.')
    expect(told.toMove).toEqual(['For it to move: a route that holds it must be received.'])
  })

  test('one that holds received prefixes', () => {
    const { told } = explain(makeWorld([20, 10]), '0.0.0.0/5')
    expect(told.goes.at(-1)).toBe('In it are longer received prefixes with routes of their own: 1.0.0.0/24 (20.0 Mbps), 2.0.0.0/24 (10.0 Mbps).')
  })

  test('the router as a whole: mode, session, telemetry, permission', () => {
    const world = makeWorld([20])
    const seen = {
      ...lastCycle(world).seen, telemetryState: 'silent' as const, telemetryFaults: ['no samples for 9 s'],
      session: { up: false, synced: false },
      permission: { kind: 'stand_by' as const, why: 'another Spillway holds the lease' },
    }
    expect(explain(world, '1.0.0.0/24', { seen, mode: 'dry_run' }).told.toMove.slice(4)).toEqual([
      'The mode is dry_run: it is decided, and nothing is sent.',
      'GoBGP has no BGP session with rtr1: no route of it is known.',
      'Telemetry of rtr1 is silent (no samples for 9 s): nothing is added or comes home.',
      'Overrides of rtr1 are not touched: another Spillway holds the lease.',
    ])
  })
})

describe('a prefix that is moved', () => {
  test('its story, its hold, and the headroom that brings it home', () => {
    const world = makeWorld([20, 20, 20, 25])
    world.step(10_000)
    expect(world.overrides()).toEqual(['1.0.0.0/24 exit0>exit1'])
    const { told, facts } = explain(world, '1.0.0.0/24')
    expect(told.goes.slice(0, 2)).toEqual([
      '1.0.0.0/24 would leave rtr1 by exit0, and is moved away.',
      'Override 1.0.0.0/24 to exit1 (20.0 Mbps) is installed, wanted for 10s: exit0 was above its high watermark: 20.0 Mbps to 1.0.0.0/24 move to exit1.',
    ])
    expect(told.toMove).toEqual([
      'For 1.0.0.0/24 to come home to exit0:',
      '- its hold must end, in 50s',
      '- exit0 must have room for 21.5 Mbps below its relief target (its traffic and the error of it); it has 0 bps',
      'Should exit1 overflow before it can come home: what is not restless leaves there first.',
      'It goes at once when its route, exit1 or the session goes.',
    ])
    // It comes home as soon as both are so, and not a bit sooner.
    const freed = facts.overrides[0]!.needsBps - facts.overrides[0]!.roomBps!
    world.nowMs += facts.overrides[0]!.heldMs
    world.flows = [...flowsOf([20, 20, 20]), { to: '4.0.0.1', bps: 25 * MBPS - freed + 1000 }]
    expect(world.step().overrides).toHaveLength(1)
    world.flows = [...flowsOf([20, 20, 20]), { to: '4.0.0.1', bps: 25 * MBPS - freed - 1000 }]
    expect(world.step().overrides).toEqual([])
  })

  test('a full link hides demand, and that it must be over is told', () => {
    const world = makeWorld([20, 20, 20, 25])
    world.step(120_000)
    world.flows = [...flowsOf([20, 10, 20]), { to: '9.0.0.1', bps: 80 * MBPS }]
    world.routes = makeRoutes([...world.paths, makePath('9.0.0.0/24', 1)])
    world.input = { saturations: noteSaturations(new Map(), world.traffic(), world.nowMs) }
    world.flows = flowsOf([20, 10, 20])
    const { told, facts } = explain(world, '1.0.0.0/24')
    expect(facts.overrides[0]!.hiddenBy).toEqual(['exit1'])
    expect(told.toMove).toContain(
      '- exit1 must not have been full, or have dropped, for 30s: more may want to leave by it than was seen',
    )
    world.input = {}
    expect(explain(world, '1.0.0.0/24').facts.overrides).toEqual([])
  })

  test('in parts, and the rest stays', () => {
    const world = makeWorld([])
    world.flows = [
      { to: '1.0.0.1', bps: 20 * MBPS }, { to: '1.0.0.129', bps: 20 * MBPS }, { to: '1.0.0.193', bps: 20 * MBPS },
      { to: '2.0.0.1', bps: 25 * MBPS },
    ]
    world.step()
    const [moved] = world.overrides()
    expect(moved).toMatch(/^1\.0\.0\.\d+\/2\d exit0>exit1$/)
    const { told } = explain(world, '1.0.0.0/24')
    expect(told.goes[0]).toBe('1.0.0.0/24 leaves rtr1 by exit0, but for the parts that are moved away.')
    expect(told.toMove).toContain('For the rest to move away from exit0:')
  })
})

describe('a restless prefix', () => {
  const HALF = 'half the way there, to 72.5 Mbps'

  test('one that came home of late: until when, and that others go first', () => {
    const world = makeWorld([20, 20, 20, 25])
    world.step(120_000)
    world.flows = flowsOf([20, 20, 20])
    world.step(60_000)
    expect(world.overrides()).toEqual([])
    const { told } = explain(world, '1.0.0.0/24')
    expect(told.why.at(-1)).toBe(
      '1.0.0.0/24 came home to exit0 1m ago: for 9m yet it is restless, and others move before it, as each change of exit ' +
        'disturbs those who use it.',
    )
    expect(told.toMove.join('\n')).toContain(HALF)
    // As it says: another one of the same size goes first.
    world.flows = flowsOf([20, 20, 20, 25])
    world.step()
    expect(world.overrides()).toEqual(['2.0.0.0/24 exit0>exit1'])
  })

  test('one that left of late; ten minutes after its move it is one like any other', () => {
    const world = makeWorld([20, 20, 20, 25])
    world.step(60_000)
    const { told } = explain(world, '1.0.0.0/24')
    expect(told.why.at(-1)).toContain('1.0.0.0/24 moved to exit1 1m ago: for 9m yet it is restless')
    expect(told.toMove).toContain('Should exit1 overflow before it can come home: what is not restless leaves there first.')
    world.nowMs += 540_000
    const { told: later, facts } = explain(world, '1.0.0.0/24')
    expect(facts.restless).toBeUndefined()
    expect([...later.why, ...later.toMove].join('\n')).not.toContain('restless')
    expect(explain(world, '2.0.0.0/24').told.toMove.join('\n')).not.toContain('restless')
  })
})

describe('the obstacles, each as the plan has it', () => {
  const full = (interfaces: readonly EgressInterface[], settings: Partial<Router> = {}, mbps = [90]): World => {
    const paths = [1, 2, 3].flatMap((n) => interfaces.map((_, i) => makePath(`${n}.0.0.0/24`, i)))
    return new World(makeRouter(interfaces, settings), paths, flowsOf(mbps))
  }
  const whole = { perPrefixThresholdBps: 1000 * MBPS }

  test.each<[string, () => World, string]>([
    ['no alternate', () => full([makeInterface(0)]), 'no other interface has a received path that may take it'],
    ['no alternate', () => full([makeInterface(0), makeInterface(1, { detourTarget: false })]), 'no other interface has a received path'],
    ['no room', () => full([makeInterface(0, whole), makeInterface(1)]), 'it needs 90.0 Mbps: exit1 has room for 65.0 Mbps below its relief target'],
    ['too few samples', () => {
      const world = full([makeInterface(0), makeInterface(1)])
      world.flows = [{ to: '1.0.0.1', bps: 90 * MBPS, samples: 12 }]
      return world
    }, '12 of the 30 that controller.min_samples asks for'],
    ['guard', () => {
      const world = full([makeInterface(0), makeInterface(1)])
      world.policy = { ...POLICY, deny: [parsePrefix('1.0.0.0/16')] }
      return world
    }, 'it shares addresses with 1.0.0.0/16, which is on the deny list'],
    ['cap', () => {
      const world = full([makeInterface(0, whole), makeInterface(1, { speedBps: 1000 * MBPS })])
      world.caps = { overrides: 0, changes: 50, detouredShare: 1 }
      return world
    }, 'limits.max_overrides is reached'],
    ['cap', () => {
      const world = full([makeInterface(0, whole), makeInterface(1, { speedBps: 1000 * MBPS })])
      world.caps = { overrides: 10, changes: 50, detouredShare: 0.5 }
      return world
    }, '100 % of the traffic of exit0 would be away, more than limits.max_detoured_share, 50 %'],
    ['without effect', () => {
      const world = full([makeInterface(0, whole), makeInterface(1, { speedBps: 1000 * MBPS })])
      const what = { prefix: parsePrefix('1.0.0.0/24'), fromInterface: 'exit0', toInterface: 'exit1' }
      const until = { times: 1, untilMs: world.nowMs + 90_000, forgottenMs: world.nowMs + 900_000 }
      world.input = { setAside: [{ kind: 'without effect', ...what, why: 'it does nothing', ...until }] }
      return world
    }, 'it does nothing; tried again in 2 min'],
  ])('%s', (obstacle, make, why) => {
    const { told, plan } = explain(make(), '1.0.0.0/24')
    expect(reasons(plan)).toContain(obstacle)
    expect(told.toMove.join('\n')).toContain(`cannot move: ${obstacle} (${why}`)
    expect(told.toMove).toContain('- exit0 is overloaded: that is the case now')
  })

  test('an interface that is not steered away from', () => {
    const { told } = explain(full([makeInterface(0, { monitor: false }), makeInterface(1)]), '1.0.0.0/24')
    expect(told.toMove[1]).toBe('- exit0 would have to be steered away from (it has monitor: false)')
  })

  test('a next hop of no configured interface', () => {
    const world = makeWorld([20])
    world.routes = makeRoutes([makePath('1.0.0.0/24', 0, { nextHop: parseAddress('192.0.2.1') })])
    const { told } = explain(world, '1.0.0.0/24')
    expect(told.goes[0]).toContain('by next hop 192.0.2.1, which leaves by no configured interface')
  })
})
