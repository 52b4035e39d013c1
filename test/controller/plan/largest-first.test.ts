import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LargestFirst } from '../../../src/controller/plan/largest-first.ts'

test('hands out what sorting would, and tells what is left', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(9)), fc.nat(12), (values, count) => {
      const compare = (a: number, b: number): number => values[b]! - values[a]! || a - b
      const sorted = [...values.keys()].sort(compare)
      const largest = new LargestFirst(values.length, compare)
      expect(Array.from({ length: count }, () => largest.take())).toEqual(Array.from({ length: count }, (_, i) => sorted[i]))
      expect([...largest.left].sort(compare)).toEqual(sorted.slice(count))
    }),
  )
})
