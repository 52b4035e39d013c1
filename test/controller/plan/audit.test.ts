/** Overrides that the router takes and does not forward by. */
import { describe, expect, test } from 'vitest'
import { Demand } from '../../../src/controller/plan/demand.ts'
import { findEffects } from '../../../src/controller/plan/find-effects.ts'
import { parseAddress, parsePrefix } from '../../../src/model/prefix.ts'
import { Rates } from '../../../src/model/rates.ts'
import { Bench, bench, START } from '../bench.ts'
import { FakeEdge, flowsOf, makeWorld } from '../fake-edge.ts'
import { makeInterface, makePath, makeRouter, MBPS, World } from '../world.ts'

/** Seconds from the installation of an override until its withdrawal at the latest. */
const FOUND_WITHIN = 40
const HALF_AN_HOUR = 1800

describe('one override does nothing', () => {
  async function withIdle(): Promise<Bench> {
    const b = bench()
    b.edge.disregards.add('1.0.0.0/24')
    await b.run(FOUND_WITHIN)
    return b
  }

  test('it is found within a minute, told and withdrawn, and another prefix moves instead', async () => {
    const b = await withIdle()
    expect(b.edge.prefixes()).toContain('1.0.0.0/24')
    const { decisions, plan } = await b.cycle()
    expect(decisions).toMatchObject([
      {
        kind: 'withdraw',
        fromInterface: 'exit0',
        toInterface: 'exit1',
        reason: '1.0.0.0/24 is withdrawn: it does nothing, 0 % of 20.0 Mbps (1000 samples) leave by exit1 after 40 s in force',
        acted: true,
      },
    ])
    expect(b.edge.prefixes()).toEqual(['2.0.0.0/24'])
    // The wrong belief is gone with it: nothing else is moved or brought home because of it.
    expect(plan.natural.map((n) => n?.bps)).toEqual([85e6, 0])
    expect(plan.planned).toEqual([65e6, 20e6])
    await b.run(300)
    expect(b.edge.calls).toEqual(['add 1.0.0.0/24', 'add 2.0.0.0/24', 'withdraw 1.0.0.0/24'])
  })

  test('it is not tried again for half an hour, then once, then not for an hour', async () => {
    const b = bench()
    const home = [1, 2, 3, 4].map((n) => makePath(`${n}.0.0.0/24`, 0))
    b.edge.receive(...home, makePath('1.0.0.0/24', 1))
    b.edge.disregards.add('all')
    const triedAtSeconds: number[] = []
    for (let s = 0; s < 3 * HALF_AN_HOUR + 600; s += 5) {
      b.edge.calls.length = 0
      await b.cycle()
      if (b.edge.calls.includes('add 1.0.0.0/24')) triedAtSeconds.push(s)
    }
    const again = FOUND_WITHIN + HALF_AN_HOUR
    expect(triedAtSeconds).toEqual([0, again, again + FOUND_WITHIN + 2 * HALF_AN_HOUR])
  })

  test('what took over from it remembers', async () => {
    const b = await withIdle()
    await b.cycle()
    b.takeOver()
    b.edge.world.flows = flowsOf([45, 0, 0, 40])
    await b.run(300)
    expect(b.edge.calls.filter((c) => c === 'add 1.0.0.0/24')).toHaveLength(1)
  })

  test('once mended, off and active again try it at once', async () => {
    const b = await withIdle()
    b.edge.world.flows = flowsOf([28, 19, 19, 19])
    b.edge.receive(...[1, 2, 3, 4].map((n) => makePath(`${n}.0.0.0/24`, 0)), makePath('1.0.0.0/24', 1))
    await b.cycle()
    expect(b.edge.prefixes()).toEqual([])
    b.edge.disregards.clear()
    await b.run(60)
    expect(b.edge.prefixes()).toEqual([])
    await b.cycle('off')
    await b.run(10)
    expect(b.edge.prefixes()).toEqual(['1.0.0.0/24'])
  })

  test('another exit is tried', async () => {
    const router = makeRouter([0, 1, 2].map((i) => makeInterface(i)))
    const paths = [...[0, 1, 2].map((i) => makePath('1.0.0.0/24', i)), makePath('2.0.0.0/24', 0)]
    const b = new Bench(new FakeEdge(new World(router, paths, flowsOf([25, 60]))))
    b.edge.disregards.add('all')
    await b.run(FOUND_WITHIN)
    const { plan } = await b.cycle()
    expect(plan.overrides.map(({ override: o }) => o.toInterface)).toEqual(['exit2'])
  })

  test('while telemetry is silent, while it is frozen and just after a session came up nothing is judged', async () => {
    for (const disturb of [
      (b: Bench) => void (b.edge.lastHeardMs = b.nowMs - 5000),
      (b: Bench) => void (b.edge.sessionState = { up: false, synced: false }),
    ]) {
      const b = bench()
      b.edge.disregards.add('1.0.0.0/24')
      await b.run(FOUND_WITHIN - 5)
      disturb(b)
      await b.cycle()
      b.edge.lastHeardMs = undefined
      b.edge.sessionState = { up: true, synced: true }
      await b.run(30)
      expect(b.edge.prefixes()).toContain('1.0.0.0/24')
      await b.run(15)
      expect(b.edge.prefixes()).not.toContain('1.0.0.0/24')
    }
    const frozen = bench()
    frozen.edge.disregards.add('1.0.0.0/24')
    await frozen.cycle()
    await frozen.run(120, 'frozen')
    expect(frozen.edge.prefixes()).toContain('1.0.0.0/24')
  })
})

describe('a router ignores all overrides', () => {
  test('nothing is added any more after five without effect, and then one is enough to tell', async () => {
    const b = new Bench(new FakeEdge(makeWorld([15, 15, 15, 15, 15, 15])))
    b.edge.disregards.add('all')
    await b.run(90)
    expect(b.edge.prefixes()).toEqual([])
    const tried = b.edge.calls.filter((c) => c.startsWith('add')).length
    expect(tried).toBeGreaterThanOrEqual(5)
    const { decisions, plan } = await b.cycle()
    expect(plan.planned).toEqual([90e6, 0])
    expect(decisions.map((d) => d.reason)).toContain(
      'nothing is injected: the router ignores overrides (none of the last moved anything), tried again in 30 min',
    )
    await b.run(HALF_AN_HOUR - 180)
    expect(b.edge.calls.filter((c) => c.startsWith('add'))).toHaveLength(tried)
    // The router heeds them again: after the pause all is as it should be.
    b.edge.disregards.clear()
    await b.run(300)
    expect(b.edge.world.loads()[0]).toBeLessThanOrEqual(65e6)
  })

  test('the table is not gone through: additions pause as soon as none has moved anything', async () => {
    const names = Array.from({ length: 200 }, (_, i) => `1.0.${i}.0`)
    const paths = names.flatMap((n) => [makePath(`${n}/24`, 0), makePath(`${n}/24`, 1)])
    const flows = names.map((to) => ({ to, bps: 0.45 * MBPS }))
    const b = new Bench(new FakeEdge(new World(makeRouter([makeInterface(0), makeInterface(1)]), paths, flows)))
    b.edge.disregards.add('all')
    await b.run(30)
    const { decisions } = await b.cycle()
    expect(decisions.map((d) => d.reason)).toEqual(['nothing is added while none of the last overrides moves anything'])
    await b.run(600)
    expect(b.edge.prefixes()).toEqual([])
    // Two rounds of relief, at most 50 each, before the first could show anything.
    expect(b.edge.calls.filter((c) => c.startsWith('add')).length).toBeLessThanOrEqual(100)
  })

  test('not while one of them works', async () => {
    const b = new Bench(new FakeEdge(makeWorld([15, 15, 15, 15, 15, 15])))
    for (const n of [1, 2, 3, 4, 5]) b.edge.disregards.add(`${n}.0.0.0/24`)
    await b.run(120)
    expect((await b.cycle()).decisions.filter((d) => d.kind === 'hold_back')).toEqual([])
    expect(b.edge.prefixes()).toEqual(['6.0.0.0/24'])
  })
})

describe('effect', () => {
  const moved = (shareMoved: number, samples = 1000) => {
    const world = makeWorld([])
    const [prefix, follows] = [parsePrefix('1.0.0.0/24'), makePath('1.0.0.0/24', 1)]
    const detour = { prefix, fromInterface: 'exit0', toInterface: 'exit1' }
    const override = { ...detour, router: 'rtr1', parentPrefix: prefix, follows, sinceMs: START, reason: '' }
    const row = (interfaceIndex: number, share: number) => ({
      address: parseAddress('1.0.0.7'),
      interfaceIndex,
      bps: 100e6 * share,
      samples: samples * share,
    })
    const input = {
      ...world.planInput(),
      current: [{ override, dry: false }],
      placements: [{ ...detour, startMs: START, endMs: undefined }],
      auditBeforeMs: START,
    }
    const rates = new Rates([row(0, 1 - shareMoved), row(1, shareMoved)])
    return findEffects(input, new Demand(world.router, rates, world.routes))[0]
  }

  test.each([
    [0, 'nothing'],
    [0.05, 'nothing'],
    [0.4, 'in part'],
    [0.6, 'works'],
    [1, 'works'],
  ] as const)('%d of the traffic moved: %s', (share, kind) =>
    expect(moved(share)).toMatchObject({ kind, movedShare: expect.closeTo(share) }))

  test('too few samples tell nothing', () => expect(moved(0, 29)?.kind).toBe('unknown'))
})
