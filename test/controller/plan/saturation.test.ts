import { describe, expect, test } from 'vitest'
import { hidesDemand, noteSaturations, type Saturations } from '../../../src/controller/plan/saturation.ts'
import { makeInterface, makePath, makeRouter, MBPS, World } from '../world.ts'

const paths = [makePath('1.0.0.0/24', 0), makePath('1.0.0.0/24', 1), makePath('2.0.0.0/24', 0), makePath('3.0.0.0/24', 1)]
const RUSH = [{ to: '1.0.0.1', bps: 25 * MBPS }, { to: '2.0.0.1', bps: 60 * MBPS }, { to: '3.0.0.1', bps: 30 * MBPS }]

/** exit1 carries a detour of exit0, and so much of its own that it drops: half of the detour is seen. */
function flooded(homeMbps: number): World {
  const world = new World(makeRouter([makeInterface(0), makeInterface(1)]), paths, RUSH)
  world.step(120_000)
  expect(world.overrides()).toEqual(['1.0.0.0/24 exit0>exit1'])
  world.flows = [
    { to: '1.0.0.1', bps: 12.5 * MBPS, samples: 1e6 }, { to: '2.0.0.1', bps: homeMbps * MBPS }, { to: '3.0.0.1', bps: 87.5 * MBPS },
  ]
  return world
}
const saturated = (world: World): Saturations => noteSaturations(new Map(), world.traffic(), world.nowMs)

describe('a detour behind a link that drops', () => {
  test('does not go home on what is seen of it alone', () => {
    const world = flooded(50)
    // 50 + 12.5 would fit below 65, and 50 + 25 would not.
    world.input = { saturations: saturated(world) }
    world.step()
    expect(world.overrides()).toEqual(['1.0.0.0/24 exit0>exit1'])
  })

  test('goes home when there is room for what may be hidden, too', () => {
    const world = flooded(40)
    world.input = { saturations: saturated(world) }
    world.step()
    expect(world.overrides()).toEqual([])
  })

  test('is not released for as long as rates are measured from then', () => {
    const world = flooded(40)
    const saturations = saturated(world)
    world.flows = [{ to: '1.0.0.1', bps: 12.5 * MBPS, samples: 1e6 }, { to: '2.0.0.1', bps: 40 * MBPS }]
    world.input = { saturations }
    world.step(25_000)
    expect(world.overrides()).toEqual(['1.0.0.0/24 exit0>exit1'])
    world.step(10_000)
    world.step()
    expect(world.overrides()).toEqual([])
  })
})

describe('what tells a saturated link', () => {
  const seen = (before: Saturations, bps: number, outDiscards: number, nowMs: number): Saturations => {
    const traffic = new World(makeRouter([makeInterface(0)]), [], []).traffic()
    const interfaces = traffic.interfaces.map((one) => ({ ...one, outBps: bps, outDiscards }))
    return noteSaturations(before, { ...traffic, interfaces }, nowMs)
  }
  const isHidden = (saturations: Saturations, nowMs: number): boolean =>
    hidesDemand({ saturations, windowMs: 30_000, nowMs }, 'exit0')

  test.each([
    ['full', 99, 0, true],
    ['nearly full, discards rise', 92, 5, true],
    ['nearly full, none dropped', 92, 0, false],
    ['half full, discards rise: bursts', 50, 5, false],
  ])('%s', (_, mbps, discards, expected) => {
    const first = seen(new Map(), 10 * MBPS, 0, 0)
    expect(isHidden(seen(first, mbps * MBPS, discards, 60_000), 60_000)).toBe(expected)
  })

  test('it is remembered over the window', () => {
    const full = seen(new Map(), 100 * MBPS, 0, 0)
    const after = seen(full, 60 * MBPS, 0, 20_000)
    expect([isHidden(after, 20_000), isHidden(seen(after, 60 * MBPS, 0, 40_000), 40_000)]).toEqual([true, false])
  })
})
