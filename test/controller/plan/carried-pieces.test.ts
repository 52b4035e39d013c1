/** Parts of a detour that has outgrown its split. */
import { expect, test } from 'vitest'
import { parsePrefix } from '../../../src/model/prefix.ts'
import { makeInterface, makePath, makeRouter, MBPS, World } from '../world.ts'

test('what is left of a detour takes nothing along that has a received prefix of its own', () => {
  const interfaces = [0, 1, 2].map((i) => makeInterface(i, { perPrefixThresholdBps: 20 * MBPS }))
  const paths = [
    makePath('1.0.0.0/22', 0, { localPref: 200 }), makePath('1.0.0.0/22', 1), makePath('1.0.0.0/22', 2),
    makePath('1.0.1.0/24', 0),
    ...[0, 1, 2].map((i) => makePath(`${i + 2}.0.0.0/24`, i)),
  ]
  // The exit overflows; there is no room at home, and on the third exit for the larger part only.
  const flows = [['1.0.0.1', 25], ['1.0.2.1', 3], ['1.0.1.1', 12], ['2.0.0.1', 60], ['3.0.0.1', 70], ['4.0.0.1', 38]] as const
  const world = new World(makeRouter(interfaces), paths, flows.map(([to, mbps]) => ({ to, bps: mbps * MBPS })))
  const override = {
    router: 'rtr1', prefix: parsePrefix('1.0.0.0/22'), parentPrefix: parsePrefix('1.0.0.0/22'), fromInterface: 'exit0',
    toInterface: 'exit1', follows: paths[1]!, sinceMs: world.nowMs - 600_000, reason: 'a test',
  }
  world.planned = [{ override, dry: false }]
  world.placements = [{ prefix: override.prefix, fromInterface: 'exit0', toInterface: 'exit1', startMs: override.sinceMs, endMs: undefined }]
  world.step()
  expect(world.overrides()).toEqual(['1.0.0.1/32 exit0>exit2', '1.0.2.0/23 exit0>exit1'])
  expect(world.loads()).toEqual([72 * MBPS, 73 * MBPS, 63 * MBPS])
})
