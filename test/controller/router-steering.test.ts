import { describe, expect, test } from 'vitest'
import { RouterSteering } from '../../src/controller/router-steering.ts'
import type { Verdict } from '../../src/controller/verdict.ts'
import { NO_EXPORT } from '../../src/model/route.ts'
import { bench, Bench, relieved, RUSH, START } from './bench.ts'
import { FakeEdge, flowsOf, makeWorld } from './fake-edge.ts'
import { makeInterface, makePath, makeRouter, MBPS, World } from './world.ts'

const QUIET = [20, 20, 20]

const reasons = ({ decisions }: Verdict): string[] => decisions.map((d) => d.reason)

test('a cycle with nothing to move looks up ahead where its destinations go', async () => {
  const b = bench(QUIET)
  await b.cycle()
  expect(b.edge.prepared).toEqual(['1.0.0.1', '2.0.0.1', '3.0.0.1'])
})

describe('gates', () => {
  test('no additions: nothing new; what is there stays, but not as something outdated', async () => {
    const b = bench()
    b.edge.permitted = { kind: 'no_additions', why: 'no watchdog' }
    const { decisions } = await b.cycle()
    expect(decisions).toMatchObject([{ kind: 'hold_back', reason: 'nothing is injected: no watchdog', acted: false }])
    b.edge.permitted = { kind: 'granted' }
    await b.cycle()
    b.edge.permitted = { kind: 'no_additions', why: 'no watchdog' }
    await b.run(60)
    expect(b.edge.calls).toEqual(['add 1.0.0.0/24'])
    const paths = [1, 2, 3, 4].flatMap((n) => [makePath(`${n}.0.0.0/24`, 0), makePath(`${n}.0.0.0/24`, 1, { med: 7 })])
    b.edge.receive(...paths)
    await b.cycle()
    expect(b.edge.calls).toEqual(['add 1.0.0.0/24', 'withdraw 1.0.0.0/24'])
  })

  test('withdraw all: everything goes, and nothing comes until it is granted again', async () => {
    const b = await relieved()
    b.edge.permitted = { kind: 'withdraw_all', why: 'an eBGP neighbor' }
    expect(reasons(await b.cycle())).toContain('1.0.0.0/24 is withdrawn: an eBGP neighbor')
    await b.run(60)
    expect(b.edge.calls).toEqual(['add 1.0.0.0/24', 'withdraw 1.0.0.0/24'])
    b.edge.permitted = { kind: 'granted' }
    await b.run(60)
    expect(b.edge.prefixes()).toEqual(['1.0.0.0/24'])
  })

  test('stand by: what GoBGP holds is not touched, not even by off; decisions go on without acting', async () => {
    const b = await relieved()
    b.restart()
    b.edge.calls.length = 0
    b.edge.permitted = { kind: 'stand_by', why: "another's lease" }
    b.edge.world.flows = flowsOf(QUIET)
    await b.run(100)
    await b.run(20, 'off')
    b.edge.world.flows = flowsOf([20, 20, 20, 20, 40])
    const kinds = (await b.cycle()).decisions.map(({ kind, acted }) => `${kind} ${acted}`)
    expect(kinds).toContain('relieve false')
    expect(b.edge.calls).toEqual([])
  })

  test('they hear whether anything can be sent', async () => {
    const b = bench()
    await b.cycle('dry_run')
    expect(b.edge.mayAct).toBe(false)
    await b.cycle('frozen')
    expect(b.edge.mayAct).toBe(false)
    await b.cycle('active')
    expect(b.edge.mayAct).toBe(true)
    // What is left of ours is ours to withdraw.
    await b.cycle('dry_run')
    expect(b.edge.mayAct).toBe(true)
    await b.cycle('dry_run')
    expect(b.edge.mayAct).toBe(false)
  })
})

describe('the modes', () => {
  test('active adds once, and leaves it alone while nothing changes', async () => {
    const b = await relieved()
    await b.run(300)
    expect(b.edge.calls).toEqual(['add 1.0.0.0/24'])
    expect(b.steering.routeChanges).toEqual({ add: 1, withdraw: 0 })
  })

  test('dry-run decides the same and sends nothing', async () => {
    const active = await bench().cycle()
    const dry = await bench().cycle('dry_run')
    expect(dry.decisions).toEqual(active.decisions.map((d) => ({ ...d, acted: false })))
    const b = new Bench(new FakeEdge(makeWorld(RUSH)))
    await b.run(100, 'dry_run')
    b.edge.world.flows = flowsOf(QUIET)
    await b.run(100, 'dry_run')
    expect(b.edge.calls).toEqual([])
  })

  test('dry-run never touches overrides that this process did not install', async () => {
    const b = await relieved()
    b.edge.calls.length = 0
    b.restart()
    await b.run(100, 'dry_run')
    b.edge.receive()
    b.edge.lastHeardMs = b.nowMs
    await b.run(400, 'dry_run')
    expect(b.edge.calls).toEqual([])
    expect(b.edge.prefixes()).toEqual(['1.0.0.0/24'])
  })

  test('from active to dry-run withdraws what this process installed, and goes on planning it', async () => {
    const b = await relieved()
    const dry = await b.cycle('dry_run')
    expect(b.edge.calls.at(-1)).toBe('withdraw 1.0.0.0/24')
    expect(reasons(dry)).toEqual(['1.0.0.0/24 is withdrawn: it is only decided now (dry-run)'])
    expect(dry.plan.overrides.map((o) => o.dry)).toEqual([true])
  })

  test('from active to dry-run in the moment of a release: what is done is told besides what is decided', async () => {
    const b = await relieved()
    await b.run(100)
    b.edge.world.flows = flowsOf(QUIET)
    const dry = await b.cycle('dry_run')
    expect(b.edge.prefixes()).toEqual([])
    expect(dry.decisions.map((d) => [d.kind, d.acted])).toEqual([['release', false], ['withdraw', true]])
  })

  test('from dry-run to active everything is planned anew', async () => {
    const b = bench()
    await b.cycle('dry_run')
    const active = await b.cycle('active')
    expect(active.decisions.map((d) => [d.kind, d.acted])).toEqual([['relieve', true]])
    expect(b.edge.prefixes()).toEqual(['1.0.0.0/24'])
  })

  test('an interface that becomes dry gives its overrides back, and says so', async () => {
    const b = await relieved()
    const { world } = b.edge
    const router = makeRouter([makeInterface(0, { dryRun: true }), makeInterface(1)])
    Object.assign(world, { router })
    b.steering = new RouterSteering(router, b.parts, START)
    await b.cycle()
    const second = await b.cycle()
    expect(b.edge.prefixes()).toEqual([])
    expect(second.plan.overrides.map((o) => o.dry)).toEqual([true])
    expect(reasons(second)).toEqual(['1.0.0.0/24 is withdrawn: it is only decided now (dry-run)'])
  })

  test('off withdraws all that is marked, whoever installed it, and plans nothing', async () => {
    const { edge } = await relieved()
    const b = new Bench(edge)
    const off = await b.cycle('off')
    expect(edge.prefixes()).toEqual([])
    expect(off.plan.overrides).toEqual([])
    expect(reasons(off)).toEqual(['1.0.0.0/24 is withdrawn: the mode is off'])
    await b.run(100, 'off')
    expect(edge.prefixes()).toEqual([])
  })

  test('frozen adds and releases nothing, but what lost its route goes', async () => {
    const idle = bench()
    await idle.run(100, 'frozen')
    expect(idle.edge.calls).toEqual([])
    const b = await relieved()
    b.edge.world.flows = flowsOf(QUIET)
    await b.run(200, 'frozen')
    expect(b.edge.prefixes()).toEqual(['1.0.0.0/24'])
    b.edge.receive(makePath('1.0.0.0/24', 0))
    await b.cycle('frozen')
    expect(b.edge.prefixes()).toEqual([])
  })
})

test('frozen dry-run is still dry: what others installed stays theirs, whatever becomes of its route', async () => {
  const { edge } = await relieved()
  const calls = [...edge.calls]
  const shadow = new Bench(edge)
  await shadow.cycle('dry_run')
  edge.receive(makePath('1.0.0.0/24', 0))
  await shadow.run(30, 'frozen')
  expect(edge.calls).toEqual(calls)
})

describe('a restart', () => {
  test('adopts what it finds: no change, no flap, and it comes home in its time', async () => {
    const b = await relieved()
    b.restart()
    await b.run(60)
    expect(b.edge.calls).toEqual(['add 1.0.0.0/24'])
    b.edge.world.flows = flowsOf(QUIET)
    const release = await b.cycle()
    expect(release.decisions.map((d) => d.kind)).toEqual(['release'])
    expect(b.edge.prefixes()).toEqual([])
  })

  test('the hold goes on from where it was', async () => {
    const b = await relieved()
    b.nowMs += 25_000
    b.edge.world.flows = flowsOf(QUIET)
    b.restart()
    await b.run(30)
    expect(b.edge.prefixes()).toEqual(['1.0.0.0/24'])
    await b.run(5)
    expect(b.edge.prefixes()).toEqual([])
  })

  test('a time from a clock that was ahead holds no longer than one that begins now', async () => {
    const b = await relieved()
    const [key, found] = [...b.edge.installed][0]!
    b.edge.installed.set(key, { ...found, sinceMs: b.nowMs + 3_600_000 })
    b.restart()
    b.edge.world.flows = flowsOf(QUIET)
    await b.run(65)
    expect(b.edge.prefixes()).toEqual([])
  })

  test('between paths that BGP holds equal, the override itself tells where its traffic belongs', async () => {
    const world = makeWorld(RUSH)
    const paths = [1, 2, 3, 4].flatMap((n) => [0, 1, 2].map((i) => makePath(`${n}.0.0.0/24`, i, { localPref: 100 })))
    const edge = new FakeEdge(new World(world.router, paths, flowsOf(RUSH)))
    const b = new Bench(edge)
    await b.cycle()
    const [installed] = edge.installed.values()
    expect(installed?.fromIfIndex).toBe(1)
    b.restart()
    const again = await b.cycle()
    expect(again.plan.overrides.map(({ override: o }) => [o.fromInterface, o.toInterface])).toEqual([['exit0', 'exit1']])
    expect(again.plan.natural.map((n) => n?.bps)).toEqual([85 * MBPS, 0])
    expect(edge.calls).toHaveLength(1)
  })

  test('what it finds with a next hop of no interface goes', async () => {
    const b = await relieved()
    const [key, found] = [...b.edge.installed][0]!
    b.edge.installed.set(key, { ...found, attributes: { ...found.attributes, nextHop: makePath('1.0.0.0/24', 9).nextHop } })
    b.restart()
    b.edge.world.flows = flowsOf(QUIET)
    expect(reasons(await b.cycle())).toEqual([expect.stringContaining('172.16.9.1 leaves by no configured interface')])
    expect(b.edge.prefixes()).toEqual([])
  })
})

describe('GoBGP', () => {
  test('what it refuses is tried again, both ways', async () => {
    const b = bench()
    b.edge.refuses.add('1.0.0.0/24')
    for (let i = 0; i < 2; i++) {
      expect((await b.cycle()).failures).toMatchObject([{ action: 'add', error: 'refused: 1.0.0.0/24' }])
    }
    b.edge.refuses.clear()
    expect((await b.cycle()).failures).toEqual([])
    expect(b.edge.prefixes()).toEqual(['1.0.0.0/24'])
    b.edge.refuses.add('1.0.0.0/24')
    for (let i = 0; i < 3; i++) {
      const outcome = await b.cycle('off')
      expect(outcome.failures).toMatchObject([{ action: 'withdraw', error: 'refused: 1.0.0.0/24' }])
      expect([...outcome.installed]).toEqual(['1.0.0.0/24'])
    }
    b.edge.refuses.clear()
    await b.cycle('off')
    expect(b.edge.prefixes()).toEqual([])
    expect(b.steering.routeChanges).toEqual({ add: 1, withdraw: 1 })
  })

  test('what it takes in between is not given up', async () => {
    const b = bench()
    for (let i = 0; i < 3; i++) {
      b.edge.installed.clear()
      b.edge.refuses.add('1.0.0.0/24')
      await b.run(10)
      b.edge.refuses.clear()
      await b.cycle()
      expect(b.edge.prefixes()).toEqual(['1.0.0.0/24'])
    }
  })

  test('what it keeps refusing is given up for 5 minutes, and another prefix moves instead', async () => {
    const b = bench()
    b.edge.refuses.add('1.0.0.0/24')
    await b.run(20)
    expect(b.edge.calls).toEqual([...Array<string>(3).fill('add 1.0.0.0/24'), 'add 2.0.0.0/24'])
    expect(b.edge.prefixes()).toEqual(['2.0.0.0/24'])
    b.edge.refuses.add('2.0.0.0/24').add('3.0.0.0/24').add('4.0.0.0/24')
    b.edge.installed.clear()
    await b.run(60)
    expect((await b.cycle()).decisions.map((d) => d.reason)).toEqual([expect.stringContaining('refused (85.0 Mbps)')])
    b.edge.refuses.clear()
    await b.run(290)
    expect(b.edge.prefixes()).toHaveLength(1)
  })

  test('what it holds and does not send is withdrawn and not tried for a minute, nor is anything of its family', async () => {
    const b = bench()
    await b.cycle()
    expect(b.edge.prefixes()).toEqual(['1.0.0.0/24'])
    b.edge.sendsNothing = 'an export policy holds it back'
    const { decisions } = await b.cycle()
    expect(decisions.find(({ kind }) => kind === 'withdraw')!.reason).toBe(
      '1.0.0.0/24 is withdrawn: GoBGP does not send it: an export policy holds it back',
    )
    expect(b.edge.prefixes()).toEqual([])
    await b.run(50)
    expect(b.edge.calls).toEqual(['add 1.0.0.0/24', 'withdraw 1.0.0.0/24'])
    await b.run(20)
    expect(b.edge.calls.slice(2)).toEqual(['add 1.0.0.0/24', 'withdraw 1.0.0.0/24'])
    b.edge.sendsNothing = undefined
    await b.run(130)
    expect(b.edge.prefixes()).toEqual(['1.0.0.0/24'])
  })

  test('frozen, what it does not send stays: it moves nothing', async () => {
    const b = bench()
    await b.cycle()
    b.edge.sendsNothing = 'an export policy holds it back'
    await b.cycle('frozen')
    expect(b.edge.prefixes()).toEqual(['1.0.0.0/24'])
  })

  test('a detour that moves on is counted where it was until then, and where it is from then on', async () => {
    const paths = [1, 2, 3, 4].flatMap((n) => [0, 1, 2].map((i) => makePath(`${n}.0.0.0/24`, i))).concat(makePath('9.0.0.0/24', 1))
    const b = new Bench(new FakeEdge(new World(makeRouter([0, 1, 2].map((i) => makeInterface(i))), paths, flowsOf(RUSH))))
    await b.cycle()
    b.edge.world.flows = [...flowsOf(RUSH), { to: '9.0.0.1', bps: 70 * MBPS }]
    await b.run(20)
    const { plan } = await b.cycle()
    expect(plan.placements.map(({ toInterface, endMs }) => [toInterface, endMs])).toEqual([
      ['exit1', START + 5000],
      ['exit2', undefined],
    ])
    expect(plan.natural.map((n) => n?.bps)).toEqual([85 * MBPS, 70 * MBPS, 0])
  })

  test('a detour that it does not let move on stays where it is', async () => {
    const paths = [1, 2, 3, 4].flatMap((n) => [0, 1, 2].map((i) => makePath(`${n}.0.0.0/24`, i))).concat(makePath('9.0.0.0/24', 1))
    const router = makeRouter([0, 1, 2].map((i) => makeInterface(i)))
    const b = new Bench(new FakeEdge(new World(router, paths, flowsOf(RUSH))))
    await b.cycle()
    b.edge.refuses.add('1.0.0.0/24')
    b.edge.world.flows = [...flowsOf(RUSH), { to: '9.0.0.1', bps: 70 * MBPS }]
    await b.run(60)
    const { plan, decisions } = await b.cycle()
    expect(plan.overrides.map(({ override: o }) => o.toInterface)).toEqual(['exit1'])
    expect(plan.planned[1]).toBe(90 * MBPS)
    expect(decisions[0]?.reason).toContain('refused (20.0 Mbps)')
    expect(b.edge.calls.filter((c) => c === 'add 1.0.0.0/24')).toHaveLength(4)
  })

  test('while it does not answer nothing is decided, and afterwards all is as it was', async () => {
    const b = await relieved()
    b.edge.away = true
    b.edge.world.flows = flowsOf([10, 10, 10, 90])
    for (let i = 0; i < 30; i++) {
      const away = await b.cycle()
      expect(away).toMatchObject({ decisions: [], changes: { add: [], withdraw: [] } })
      expect(away.plan.overrides).toHaveLength(1)
    }
    b.edge.world.flows = flowsOf(RUSH)
    b.edge.away = false
    expect(await b.cycle()).toMatchObject({ decisions: [], changes: { add: [], withdraw: [] } })
  })

  test('off while it does not answer: withdrawn as soon as it does', async () => {
    const b = await relieved()
    b.edge.away = true
    await b.cycle('off')
    b.edge.away = false
    await b.cycle('off')
    expect(b.edge.prefixes()).toEqual([])
  })

  describe('restarted', () => {
    const restarted = async (awayMs = 5000): Promise<Bench> => {
      const b = await relieved()
      await b.cycle()
      b.edge.installed.clear()
      b.edge.calls.length = 0
      b.nowMs += awayMs
      b.edge.sessionState = { up: false, synced: false, awaitsOpen: true }
      return b
    }

    test('what it held is in again at once, before the session is opened', async () => {
      const b = await restarted()
      await b.cycle()
      await b.run(30)
      expect(b.edge.calls).toEqual(['add 1.0.0.0/24', 'open'])
      b.edge.sessionState = { up: true, synced: true }
      await b.run(30)
      expect(b.edge.calls).toEqual(['add 1.0.0.0/24', 'open'])
    })

    test('and so it is when the configuration is changed at that moment', async () => {
      for (const hasSeenIt of [false, true]) {
        const b = await restarted()
        if (hasSeenIt) {
          b.edge.permitted = { kind: 'no_additions', why: 'no watchdog' }
          await b.cycle()
          b.edge.permitted = { kind: 'granted' }
        }
        b.takeOver()
        await b.run(30)
        expect(b.edge.calls).toEqual(['add 1.0.0.0/24', 'open'])
      }
    })

    test('what no route covers any more goes when the routes are known', async () => {
      const b = await restarted()
      b.edge.receive(makePath('1.0.0.0/24', 0))
      await b.run(10)
      b.edge.sessionState = { up: true, synced: true }
      await b.cycle()
      expect(b.edge.calls).toEqual(['add 1.0.0.0/24', 'open', 'withdraw 1.0.0.0/24'])
    })

    test('what it held long ago waits for the routes', async () => {
      const b = await restarted(400_000)
      await b.run(30)
      expect(b.edge.calls).toEqual(['open'])
      b.edge.sessionState = { up: true, synced: true }
      await b.cycle()
      expect(b.edge.calls).toEqual(['open', 'add 1.0.0.0/24'])
    })

    test('nothing but what it held goes in before the routes are known', async () => {
      const b = bench()
      b.edge.sessionState = { up: false, synced: false, awaitsOpen: true }
      await b.run(30)
      expect(b.edge.calls).toEqual(['open'])
    })

    test('off, or not granted: nothing goes in again, and the session is opened', async () => {
      const b = await restarted()
      await b.run(10, 'off')
      expect(b.edge.calls).toEqual(['open'])
      const c = await restarted()
      c.edge.permitted = { kind: 'no_additions', why: 'no watchdog' }
      await c.run(5)
      expect(c.edge.calls).toEqual([])
      await c.run(15)
      expect(c.edge.calls).toEqual(['open'])
    })

    test('in dry-run the session is left for a while to one that may inject', async () => {
      const b = bench()
      b.edge.sessionState = { up: false, synced: false, awaitsOpen: true }
      await b.run(5, 'dry_run')
      expect(b.edge.calls).toEqual([])
      await b.run(5, 'dry_run')
      expect(b.edge.calls).toEqual(['open'])
    })
  })

  test('what it lost while it was away is home since then: its traffic is not counted twice', async () => {
    const b = await relieved()
    await b.run(30)
    b.edge.away = true
    b.edge.installed.clear()
    await b.run(30)
    b.edge.away = false
    const { plan } = await b.cycle()
    expect(plan.natural.map((n) => n?.bps)).toEqual([85 * MBPS, 0])
    await b.run(30)
    expect(b.edge.calls).toEqual(['add 1.0.0.0/24', 'add 1.0.0.0/24'])
  })

  test('what it holds in another form is replaced', async () => {
    const b = await relieved()
    const [key, found] = [...b.edge.installed][0]!
    for (const communities of [[NO_EXPORT], [64512 * 65536 + 100]]) {
      b.edge.installed.set(key, { ...found, attributes: { ...found.attributes, communities } })
      await b.cycle()
      expect(b.edge.installed.get(key)?.attributes.communities).toEqual(found.attributes.communities)
    }
  })

  test('leaves before it adds', async () => {
    const b = await relieved()
    b.edge.receive(...[2, 3, 4].flatMap((n) => [makePath(`${n}.0.0.0/24`, 0), makePath(`${n}.0.0.0/24`, 1)]), makePath('1.0.0.0/24', 0))
    let release = (): void => {}
    b.edge.hanging = new Promise((resolve) => (release = resolve))
    const cycle = b.cycle()
    release()
    await cycle
    expect(b.edge.calls.slice(1)).toEqual(['withdraw 1.0.0.0/24', 'add 2.0.0.0/24'])
  })
})

describe('sessions and telemetry', () => {
  test('after a session came up nothing is added or released for 5 s', async () => {
    const b = bench()
    b.edge.sessionState = { up: false, synced: true }
    await b.cycle()
    b.edge.sessionState = { up: true, synced: true }
    await b.cycle('active', 4900)
    await b.cycle('active', 100)
    expect(b.edge.calls).toEqual([])
    await b.cycle()
    expect(b.edge.calls).toEqual(['add 1.0.0.0/24'])
  })

  test('while the route table is not complete nothing is added, and nothing goes for a route that it lacks', async () => {
    const b = bench()
    b.edge.sessionState = { up: true, synced: false }
    await b.run(30)
    expect(b.edge.calls).toEqual([])
    const c = await relieved()
    c.edge.sessionState = { up: true, synced: false }
    c.edge.receive()
    await c.run(30)
    expect(c.edge.prefixes()).toEqual(['1.0.0.0/24'])
    c.edge.sessionState = { up: false, synced: true }
    await c.cycle()
    expect(c.edge.prefixes()).toEqual([])
  })

  test('silence: nothing is added or released', async () => {
    const idle = bench()
    idle.edge.lastHeardMs = START - 10_000
    await idle.run(60)
    expect(idle.edge.calls).toEqual([])
    const b = await relieved()
    await b.run(100)
    b.edge.world.flows = flowsOf(QUIET)
    b.edge.lastHeardMs = b.nowMs - 10_000
    await b.run(100)
    expect(b.edge.prefixes()).toEqual(['1.0.0.0/24'])
  })

  test('heard again, it releases only what was measured for a whole window', async () => {
    const b = await relieved()
    await b.run(100)
    b.edge.lastHeardMs = b.nowMs - 10_000
    await b.run(30)
    b.edge.lastHeardMs = undefined
    b.edge.world.flows = flowsOf(QUIET)
    await b.run(30)
    expect(b.edge.prefixes()).toEqual(['1.0.0.0/24'])
    await b.run(5)
    expect(b.edge.prefixes()).toEqual([])
  })

  test('lost telemetry: everything is withdrawn, and planned anew when it is back', async () => {
    const b = await relieved()
    b.edge.lastHeardMs = b.nowMs
    await b.run(300)
    expect(b.edge.prefixes()).toEqual(['1.0.0.0/24'])
    const lost = await b.cycle('active', 5000)
    const after = await b.cycle()
    expect(b.edge.prefixes()).toEqual([])
    expect([...reasons(lost), ...reasons(after)]).toEqual([
      "1.0.0.0/24 is withdrawn: the router's telemetry is lost (no samples for 305 s; no counters for 305 s)",
    ])
    b.edge.lastHeardMs = undefined
    await b.cycle()
    expect(b.edge.prefixes()).toEqual(['1.0.0.0/24'])
  })

  test('what is withdrawn is known to be home: lagging counters are not taken for new load', async () => {
    const b = await relieved()
    await b.run(30)
    const before = b.edge.traffic('rtr1', b.nowMs).interfaces.map((i) => ({ ...i, spanStartMs: b.nowMs - 5000, spanEndMs: b.nowMs }))
    b.edge.world.flows = flowsOf(RUSH)
    b.edge.receive(...[2, 3, 4].map((n) => makePath(`${n}.0.0.0/24`, 0)), makePath('1.0.0.0/24', 0))
    await b.cycle()
    // The counters still show the time before the withdrawal: 65 at home and 20 away.
    const traffic = b.edge.traffic.bind(b.edge)
    b.edge.traffic = (router, nowMs) => ({ ...traffic(router, nowMs), interfaces: before })
    const { plan } = await b.cycle()
    expect(plan.natural.map((n) => n?.bps)).toEqual([85 * MBPS, 0])
  })
})

test('placements that ended long ago are forgotten', async () => {
  const b = bench()
  for (let i = 0; i < 20; i++) {
    b.edge.world.flows = flowsOf(i % 2 === 0 ? RUSH : QUIET)
    await b.run(100)
  }
  // Fewer than rounds: what keeps moving is held longer each time.
  expect(b.steering.routeChanges).toEqual({ add: 5, withdraw: 4 })
  expect((await b.cycle()).plan.placements.length).toBeLessThanOrEqual(2)
})
