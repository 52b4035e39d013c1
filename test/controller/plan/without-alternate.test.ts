import { expect, test, vi } from 'vitest'
import { AlternateWatch } from '../../../src/controller/alternate-watch.ts'
import { addWithoutAlternate } from '../../../src/controller/plan/without-alternate.ts'
import type { Path } from '../../../src/model/route.ts'
import type { EgressInterface } from '../../../src/model/topology.ts'
import { FakeEdge } from '../fake-edge.ts'
import { makeInterface, makePath, makeRouter, MBPS, World, type Flow } from '../world.ts'

function sums(paths: readonly Path[], flows: readonly Flow[], second: Partial<EgressInterface> = {}): readonly number[] {
  const world = new World(makeRouter([makeInterface(0), makeInterface(1, second)]), paths, flows)
  const { rates } = world.traffic()
  const sums = [0, 0]
  addWithoutAlternate(sums, world.router, rates, world.routes.matches(rates), new FakeEdge(world), 0, rates.length)
  return sums
}
const ALONE = [makePath('1.0.0.0/24', 0)]
const FLOWS = [{ to: '1.0.0.1', bps: 20 * MBPS }, { to: '1.0.0.200', bps: 5 * MBPS }]

test('what has one exit only cannot be moved', () => {
  expect(sums(ALONE, FLOWS)).toEqual([25 * MBPS, 0])
  expect(sums([...ALONE, makePath('1.0.0.0/24', 1)], FLOWS)).toEqual([0, 0])
})

test('a shorter route around it is an alternate, and one inside it counts for its own destinations', () => {
  expect(sums([...ALONE, makePath('1.0.0.0/16', 1)], FLOWS)).toEqual([0, 0])
  expect(sums([...ALONE, makePath('1.0.0.128/25', 0), makePath('1.0.0.128/25', 1)], FLOWS)).toEqual([20 * MBPS, 0])
})

test('no alternate: an interface that takes no detours, a path that the RPKI calls invalid', () => {
  const both = (settings: Partial<Path>) => [...ALONE, makePath('1.0.0.0/24', 1, settings)]
  expect(sums(both({}), FLOWS, { detourTarget: false })).toEqual([25 * MBPS, 0])
  expect(sums(both({ rpki: 'invalid' }), FLOWS)).toEqual([25 * MBPS, 0])
})

test('what leaves elsewhere than its only exit could move there', () => {
  expect(sums(ALONE, [{ to: '1.0.0.1', bps: 20 * MBPS, tiedTo: 1 }])).toEqual([0, 0])
})

test('what has no route at all cannot be moved', () => {
  expect(sums(ALONE, [{ to: '9.0.0.1', bps: 7 * MBPS, tiedTo: 1 }])).toEqual([0, 7 * MBPS])
})

test('each cycle looks at a part; known when all have been looked at, and as long as the routes are', () => {
  const flows = Array.from({ length: 40 }, (_, n) => ({ to: `1.0.${n}.1`, bps: MBPS }))
  const world = new World(makeRouter([makeInterface(0), makeInterface(1)]), flows.map((_, n) => makePath(`1.0.${n}.0/24`, 0)), flows)
  const watch = new AlternateWatch()
  let asked = 0
  const edge = new FakeEdge(world)
  vi.spyOn(edge, 'pathsTowards').mockImplementation((...of) => {
    asked++
    FakeEdge.prototype.pathsTowards.apply(edge, of)
  })
  const look = (seconds: number, synced = true) => {
    asked = 0
    const nowMs = world.nowMs + 1000 * seconds
    const seen = {
      nowMs, traffic: world.traffic(), session: { up: true, synced }, telemetryState: 'fresh' as const, telemetryFaults: [],
      installed: [], gobgpAnswers: true, permission: { kind: 'granted' as const },
    }
    return { sums: watch.look(world.router, seen, edge), asked }
  }
  const all = [40 * MBPS, 0]
  expect([0, 1, 5].map((s) => look(s))).toEqual([0, 4, 16].map((n) => ({ sums: undefined, asked: n })))
  expect(look(12)).toEqual({ sums: all, asked: 20 })
  world.flows = flows.slice(0, 10)
  expect([61, 91].map((s) => look(s))).toEqual([0, 5].map((n) => ({ sums: all, asked: n })))
  expect(look(121)).toEqual({ sums: [10 * MBPS, 0], asked: 5 })
  expect(look(122, false).sums).toBeUndefined()
  expect([123, 133].map((s) => look(s).sums)).toEqual([undefined, [10 * MBPS, 0]])
  world.flows = []
  expect(look(184).sums).toEqual([0, 0])
})
