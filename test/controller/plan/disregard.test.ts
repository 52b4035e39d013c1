import { expect, test } from 'vitest'
import { disregardPermission, HEEDED, noteDisregard, type Disregard } from '../../../src/controller/plan/disregard.ts'
import type { Effect } from '../../../src/controller/plan/effect.ts'
import { parsePrefix } from '../../../src/model/prefix.ts'

const MINUTE_MS = 60_000
const effects = (kind: Effect['kind'], count = 1): Effect[] => Array.from({ length: count }, () => ({
  kind, prefix: parsePrefix('1.0.0.0/24'), fromInterface: 'a', toInterface: 'b', bps: 1, samples: 100, movedShare: 0, inForceMs: 60_000,
}))

test('five in a row pause additions for half an hour; then one is enough, for twice as long, up to eight hours', () => {
  let disregard: Disregard = noteDisregard(HEEDED, effects('nothing', 4), 0)
  expect(disregardPermission(disregard, 0).kind).toBe('granted')
  let nowMs = 0
  for (const minutes of [30, 60, 120, 240, 480, 480]) {
    disregard = noteDisregard(disregard, effects('nothing'), nowMs)
    // What else is withdrawn meanwhile does not prolong it.
    disregard = noteDisregard(disregard, effects('nothing', 9), nowMs + MINUTE_MS)
    disregard = noteDisregard(disregard, effects('unknown'), nowMs + MINUTE_MS)
    const endMs = nowMs + minutes * MINUTE_MS
    expect(disregardPermission(disregard, endMs - MINUTE_MS)).toMatchObject({ kind: 'no_additions', why: expect.stringContaining('in 1 min') as string })
    expect(disregardPermission(disregard, endMs).kind).toBe('granted')
    nowMs = endMs
  }
  expect(noteDisregard(disregard, [...effects('nothing', 5), ...effects('in part')], nowMs)).toEqual(HEEDED)
})
