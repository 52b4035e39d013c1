import { expect, test } from 'vitest'
import { makeInterface, makePath, makeRouter, makeRoutes, MBPS, World } from '../world.ts'

const paths = [makePath('1.0.0.0/24', 0), makePath('1.0.0.0/24', 1), makePath('9.0.0.0/24', 0)]
const withAlternate = makeRoutes(paths)
const without = makeRoutes([paths[0]!, paths[2]!])
const flows = [{ to: '1.0.0.1', bps: 25 * MBPS }, { to: '9.0.0.1', bps: 60 * MBPS }]

const worldOf = (): World => {
  const world = new World(makeRouter([makeInterface(0), makeInterface(1)]), paths, flows)
  world.routes = withAlternate
  return world
}

test('an alternate that was lost once serves again as soon as it is back', () => {
  const world = worldOf()
  world.step()
  world.routes = without
  world.step()
  expect(world.overrides()).toEqual([])
  world.routes = withAlternate
  world.step()
  expect(world.overrides()).toEqual(['1.0.0.0/24 exit0>exit1'])
})

test('an alternate that comes and goes every cycle is left alone for longer each time, and withdrawn at once', () => {
  const world = worldOf()
  let changes = 0
  let before: string[] = []
  const steps = (3600 / 5) * 2
  for (let n = 0; n < steps; n++) {
    world.routes = n % 2 === 0 ? withAlternate : without
    world.step(5000)
    // Whatever else waits: never an override without its route.
    if (n % 2 === 1) expect(world.overrides()).toEqual([])
    if (world.overrides().length !== before.length) changes++
    before = world.overrides()
  }
  // Without it, 1,440 in two hours.
  expect(changes).toBeLessThan(24)
  // It has come to stay.
  world.routes = withAlternate
  for (let n = 0; n < 400; n++) world.step(5000)
  expect(world.overrides()).toEqual(['1.0.0.0/24 exit0>exit1'])
})

test('while an alternate is unsteady, another is used', () => {
  const router = makeRouter([makeInterface(0), makeInterface(1), makeInterface(2)])
  const third = makePath('1.0.0.0/24', 2, { localPref: 1 })
  const w = new World(router, [...paths, third], flows)
  for (let n = 0; n < 6; n++) {
    w.routes = makeRoutes(n % 2 === 0 ? [...paths, third] : [paths[0]!, paths[2]!, third])
    w.step(5000)
  }
  w.routes = makeRoutes([...paths, third])
  w.step(5000)
  expect(w.overrides()).toEqual(['1.0.0.0/24 exit0>exit2'])
})
