import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MovePool } from '../../../src/controller/plan/move-pool.ts'

/** The plainest way: look through all that is left. */
function takeSlowly(left: { bps: number; index: number }[], excessBps: number): number | undefined {
  const bps = left.findLast((move) => move.bps >= excessBps)?.bps ?? left[0]?.bps
  const at = left.findIndex((move) => move.bps === bps)
  return left.splice(at, 1)[0]?.index
}

test('gives the smallest move that suffices, or else the largest, each once', () => {
  const rates = fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 30 })
  fc.assert(
    fc.property(rates, fc.infiniteStream(fc.integer({ min: 1, max: 25 })), (bps, excesses) => {
      const sorted = bps.sort((a, b) => b - a).map((rate) => ({ bps: rate }))
      const pool = new MovePool(sorted)
      const left = sorted.map((move, index) => ({ ...move, index }))
      for (let n = 0; n <= sorted.length; n++) {
        const excessBps = excesses.next().value!
        expect(pool.take(excessBps)).toBe(takeSlowly(left, excessBps))
      }
      expect(pool.take(1)).toBeUndefined()
    }),
  )
})

test('a million moves are no burden', () => {
  const sorted = Array.from({ length: 1e6 }, (_, n) => ({ bps: 1e6 - n }))
  const pool = new MovePool(sorted)
  const startMs = performance.now()
  for (let n = 0; n < 1e6; n++) pool.take(5e5)
  expect(performance.now() - startMs).toBeLessThan(10_000)
})
