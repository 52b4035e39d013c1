import { expect, test } from 'vitest'
import { parsePrefix } from '../../../src/model/prefix.ts'
import { Demand } from '../../../src/controller/plan/demand.ts'
import { naturalLoads, PlannedLoads, type Placement } from '../../../src/controller/plan/loads.ts'
import { makeInterface, makePath, makeRouter, MBPS, World } from '../world.ts'

const world = new World(
  makeRouter([makeInterface(0), makeInterface(1)]),
  [makePath('1.0.0.0/24', 0), makePath('1.0.0.0/24', 1)],
  [{ to: '1.0.0.1', bps: 20 * MBPS }],
)
const demand = new Demand(world.router, world.traffic().rates, world.routes)

/** Loads measured over the ten seconds before 1,000,000 ms, with one placement. */
function natural(loads: readonly (number | undefined)[], placement: Partial<Placement>) {
  const traffic = world.traffic()
  const interfaces = traffic.interfaces.map((i, n) => ({
    ...i, outBps: loads[n], errorBps: 1 * MBPS, spanStartMs: 990_000, spanEndMs: 1_000_000,
  }))
  const place = {
    prefix: parsePrefix('1.0.0.0/24'), fromInterface: 'exit0', toInterface: 'exit1', startMs: 0, endMs: undefined, ...placement,
  }
  return naturalLoads(world.router, { ...traffic, interfaces }, demand, [place])
}

test('what was away all the time belongs home', () => {
  expect(natural([60 * MBPS, 25 * MBPS], {})).toEqual([
    { bps: 80 * MBPS, errorBps: 1 * MBPS },
    { bps: 5 * MBPS, errorBps: 1 * MBPS },
  ])
})

test('an override that came after the measurement changes nothing', () => {
  expect(natural([80 * MBPS, 5 * MBPS], { startMs: 1_000_000 })[0]).toEqual({ bps: 80 * MBPS, errorBps: 1 * MBPS })
})

test('one that came within it counts by its share, with the doubt that convergence leaves', () => {
  // In force from 4 s (at the earliest) or 6 s (at the latest) of 10: half of 20 Mbps, give or take a tenth.
  const [home] = natural([70 * MBPS, 15 * MBPS], { startMs: 994_000 })
  expect(home?.bps).toBe(80 * MBPS)
  expect(home?.errorBps).toBeCloseTo(3 * MBPS)
})

test('one that ended within it counts by its share, too; one that ended before does not', () => {
  expect(natural([70 * MBPS, 15 * MBPS], { endMs: 994_000 })[0]?.bps).toBe(80 * MBPS)
  expect(natural([80 * MBPS, 5 * MBPS], { endMs: 900_000 })[0]).toEqual({ bps: 80 * MBPS, errorBps: 1 * MBPS })
})

test('an interface that was never measured has no load, and no room', () => {
  const loads = natural([80 * MBPS, undefined], {})
  expect(loads[1]).toBeUndefined()
  const planned = new PlannedLoads(world.router, world.traffic(), loads)
  expect(planned.hasRoom(1, 0)).toBe(false)
})
