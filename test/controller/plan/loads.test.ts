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
  expect(natural([60 * MBPS, 25 * MBPS], {})).toMatchObject([
    { bps: 80 * MBPS, errorBps: 1 * MBPS },
    { bps: 5 * MBPS, errorBps: 1 * MBPS },
  ])
})

test('an override that came after the measurement changes nothing', () => {
  expect(natural([80 * MBPS, 5 * MBPS], { startMs: 1_000_000 })[0]).toMatchObject({ bps: 80 * MBPS, errorBps: 1 * MBPS })
})

test('one that came within it counts by its share, with the doubt that convergence leaves', () => {
  // In force from 4 s (at the earliest) or 6 s (at the latest) of 10: half of 20 Mbps, give or take a tenth.
  const [home] = natural([70 * MBPS, 15 * MBPS], { startMs: 994_000 })
  expect(home?.bps).toBe(80 * MBPS)
  expect(home?.errorBps).toBeCloseTo(3 * MBPS)
})

test('one that ended within it counts by its share, too; one that ended before does not', () => {
  expect(natural([70 * MBPS, 15 * MBPS], { endMs: 994_000 })[0]?.bps).toBe(80 * MBPS)
  expect(natural([80 * MBPS, 5 * MBPS], { endMs: 900_000 })[0]).toMatchObject({ bps: 80 * MBPS, errorBps: 1 * MBPS })
})

test('what has room for more is told by a measurement from after the last relief, and not by one from before', () => {
  const hasRoom = (placement: Partial<Placement>): boolean[] => {
    const loads = new PlannedLoads(world.router, world.traffic(), natural([40 * MBPS, 25 * MBPS], placement))
    return [0, 1].map((i) => loads.hasRoom(i, 1 * MBPS))
  }
  expect(hasRoom({ startMs: 988_000 })).toEqual([true, true])
  expect(hasRoom({ startMs: 989_000 })).toEqual([false, true])
  expect(hasRoom({ startMs: 989_000, endMs: 995_000 })).toEqual([true, true])
})

test('what is led away goes where it may grow, in the order of the exits; without such a one where it fits', () => {
  const loads = new PlannedLoads(world.router, world.traffic(), natural([0, 0], { endMs: 1 }))
  const exits = [0, 1].map((interfaceIndex) => ({ interfaceIndex }))
  // Room for 64 on each.
  const led = [20, 30, 30, 20, 12, 12, 12].map((mbps) => {
    const to = loads.firstWithRoom(exits, mbps * MBPS)?.interfaceIndex
    if (to !== undefined) loads.move(undefined, to, mbps * MBPS)
    return to
  })
  expect(led).toEqual([0, 0, 1, 1, 0, 1, undefined])
})

test('an interface that was never measured has no load, and no room', () => {
  const loads = natural([80 * MBPS, undefined], {})
  expect(loads[1]).toBeUndefined()
  const planned = new PlannedLoads(world.router, world.traffic(), loads)
  expect(planned.hasRoom(1, 0)).toBe(false)
})
