import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createTurns } from '../../src/bgp/create-turns.ts'

test('never more than so many at once, in their order, all of them, whatever fails', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 5 }), fc.array(fc.boolean(), { maxLength: 30 }), async (most, works) => {
      const { take: takeTurn } = createTurns(most)
      const begun: number[] = []
      let running = 0
      let highest = 0
      const settled = await Promise.allSettled(
        works.map((fails, i) =>
          takeTurn(async () => {
            begun.push(i)
            highest = Math.max(highest, ++running)
            await new Promise((resolve) => setImmediate(resolve))
            running--
            if (fails) throw new Error('failed')
          })),
      )
      expect(settled.map(({ status }) => status === 'rejected')).toEqual(works)
      expect(begun).toEqual(works.map((_, i) => i))
      expect(highest).toBe(Math.min(most, works.length))
    }),
    { numRuns: 50 },
  )
})
