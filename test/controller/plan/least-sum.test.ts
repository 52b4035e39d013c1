import fc from 'fast-check'
import { expect, test } from 'vitest'
import { leastSum } from '../../../src/controller/plan/least-sum.ts'

const sized = (rates: readonly number[]): { bps: number }[] => rates.toSorted((a, b) => b - a).map((bps) => ({ bps }))
const totalOf = (items: readonly { bps: number }[] | undefined): number | undefined => items?.reduce((sum, { bps }) => sum + bps, 0)

/** The plainest way: every choice. */
function leastSlowly(items: readonly { bps: number }[], needBps: number, count: number): number | undefined {
  const sums = (from: number, left: number): number[] =>
    left === 0 ? [0] : items.slice(from).flatMap(({ bps }, i) => sums(from + i + 1, left - 1).map((sum) => sum + bps))
  const enough = sums(0, count).filter((sum) => sum >= needBps)
  return enough.length === 0 ? undefined : Math.min(...enough)
}

test('finds so many that come to the least that suffices', () => {
  const rates = fc.array(fc.integer({ min: 1, max: 50 }), { maxLength: 10 })
  fc.assert(
    fc.property(rates, fc.integer({ min: 1, max: 150 }), fc.integer({ min: 1, max: 5 }), (all, needBps, count) => {
      const sorted = sized(all)
      const { items } = leastSum(sorted, needBps, count, Infinity)
      expect(totalOf(items)).toBe(leastSlowly(sorted, needBps, count))
      expect(new Set(items ?? sorted).size).toBe(items === undefined ? sorted.length : count)
    }),
  )
})

test('comes to an end in so many steps, with the best that it has seen', () => {
  const sorted = sized(Array.from({ length: 5000 }, (_, n) => 1 + ((n * 7919) % 5003)))
  const { items, steps } = leastSum(sorted, 20_000, 6, 1000)
  expect(steps).toBeLessThanOrEqual(1000)
  expect(totalOf(items)).toBeGreaterThanOrEqual(20_000)
})
