import { expect, test } from 'vitest'
import { holdMs, noteHomecomings } from '../../../src/controller/plan/restless.ts'
import { parsePrefix } from '../../../src/model/prefix.ts'
import { makeInterface, makePath, makeRouter, MBPS, World, type Flow } from '../world.ts'
import { FakeEdge, flowsOf, makeWorld } from '../fake-edge.ts'
import { RouterSteering } from '../../../src/controller/router-steering.ts'

const MINUTE = 60_000
const [whole, half, other] = ['1.0.0.0/24', '1.0.0.128/25', '2.0.0.0/24'].map((prefix) => movedAt(prefix, 0)) as [never, never, never]

function movedAt(prefix: string, minute: number, fromInterface = 'peer'): Parameters<typeof holdMs>[1] {
  return { prefix: parsePrefix(prefix), fromInterface, sinceMs: minute * MINUTE }
}

test('the hold doubles with every homecoming, also of a part, up to 32 times', () => {
  let all = noteHomecomings([], [whole], MINUTE)
  expect([whole, half, other].map((moved) => holdMs(all, moved, MINUTE) / MINUTE)).toEqual([2, 2, 1])
  all = noteHomecomings(all, [half], 10 * MINUTE)
  expect(holdMs(all, whole, MINUTE)).toBe(4 * MINUTE)
  for (let n = 0; n < 20; n++) all = noteHomecomings(all, [whole], 20 * MINUTE)
  expect(holdMs(all, whole, MINUTE)).toBe(32 * MINUTE)
})

test('what leaves in the place of what came home to the same link a short while ago is held like it', () => {
  const all = noteHomecomings([], [whole], MINUTE)
  const minutes = (prefix: string, minute: number, from?: string): number => holdMs(all, movedAt(prefix, minute, from), MINUTE) / MINUTE
  expect([minutes('2.0.0.0/24', 5), minutes('2.0.0.0/24', 11), minutes('2.0.0.0/24', 5, 'other peer')]).toEqual([2, 1, 1])
  expect(holdMs(noteHomecomings(all, [movedAt('2.0.0.0/24', 5)], 8 * MINUTE), movedAt('3.0.0.0/24', 10), MINUTE)).toBe(4 * MINUTE)
})

test('what has moved of late moves on only where its exit stays above the mark without, whatever the error of the look', () => {
  const flows = (mbps: number, ownMbps: number): Flow[] => [
    ...['1', '2', '3', '4'].map((n) => ({ to: `${n}.0.0.1`, bps: mbps * MBPS })),
    { to: '5.0.0.1', bps: 64 * MBPS },
    { to: '6.0.0.1', bps: ownMbps * MBPS },
  ]
  const paths = [1, 2, 3, 4].flatMap((n) => [0, 1, 2].map((i) => makePath(`${n}.0.0.0/24`, i)))
  const router = makeRouter([0, 1, 2].map((i) => makeInterface(i)))
  const own = [1, 2].map((i) => makePath('6.0.0.0/24', i))
  const after = (errorMbps: number): string[] => {
    const world = new World(router, [...paths, makePath('5.0.0.0/24', 0), ...own], flows(12, 1))
    world.step()
    world.nowMs += 300_000
    world.flows = flows(21, 10)
    const { interfaces, ...traffic } = world.traffic()
    const doubtful = interfaces.map((one, i) => ({ ...one, errorBps: i === 1 ? errorMbps * MBPS : 0 }))
    world.input = { traffic: { ...traffic, interfaces: doubtful } }
    world.step()
    return world.planned.map(({ override }) => override.toInterface)
  }
  // 94 of 100, and 84 without what is its own: at the least 80.6, and 75.6.
  expect(after(4)).toEqual(['exit2', 'exit1', 'exit1', 'exit1', 'exit2'])
  expect(after(10)).toEqual(['exit1', 'exit1', 'exit1', 'exit1', 'exit2'])
})

test('an hour at rest, and it is forgotten', () => {
  const all = noteHomecomings([], [whole], 0)
  expect(noteHomecomings(all, [], 59 * MINUTE)).toHaveLength(1)
  expect(noteHomecomings(all, [], 60 * MINUTE)).toEqual([])
})

test('a load that comes and goes every three minutes changes routes less and less often', async () => {
  const edge = new FakeEdge(makeWorld([20, 20, 20, 25]))
  const steering = new RouterSteering(edge.world.router, edge.parts(), 0)
  const perQuarter = [0, 0, 0, 0]
  for (let s = 0; s < 3600; s += 5) {
    edge.world.flows = flowsOf(s % 360 < 180 ? [20, 20, 20, 25] : [20, 20, 20])
    const before = edge.calls.length
    const seen = await steering.observe(s * 1000, 'active')
    const verdict = steering.decide(seen, 'active', { overrides: 100, changes: 50, detouredShare: 1 })
    await steering.act(verdict, seen, () => s * 1000)
    perQuarter[Math.floor(s / 900)]! += edge.calls.length - before
  }
  expect(perQuarter[0]).toBeGreaterThanOrEqual(4)
  expect(perQuarter[3]).toBeLessThanOrEqual(2)
})
