import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compareAddresses, contains, lastAddressOf, prefixOf, type Address } from '../../src/model/prefix.ts'
import { Rates, type DestinationRate } from '../../src/model/rates.ts'

/** Few values of each word, so that addresses share words, prefixes and all. */
const word = fc.constantFrom(0, 1, 0x7fffffff, 0x80000000, 0xc6336401, 0xffffffff)
const address: fc.Arbitrary<Address> = fc.oneof(
  fc.record({ family: fc.constant(4 as const), w0: fc.oneof(word, fc.nat()), w1: fc.constant(0), w2: fc.constant(0), w3: fc.constant(0) }),
  fc.record({ family: fc.constant(6 as const), w0: word, w1: word, w2: word, w3: fc.oneof(word, fc.nat()) }),
)
const row: fc.Arbitrary<DestinationRate> = fc.record({
  address, interfaceIndex: fc.nat(5), bps: fc.integer({ min: 0, max: 1e9 }), samples: fc.nat(1000),
})
const prefix = fc.tuple(address, fc.nat(128)).map(([a, length]) => prefixOf(a, a.family === 4 ? length % 33 : length))

function compare(a: DestinationRate, b: DestinationRate): number {
  return compareAddresses(a.address, b.address) || a.interfaceIndex - b.interfaceIndex
}

/** The rows of a prefix, found one by one. */
function sum(rows: readonly DestinationRate[]): { bps: number; samples: number } {
  return rows.reduce((all, { bps, samples }) => ({ bps: all.bps + bps, samples: all.samples + samples }), { bps: 0, samples: 0 })
}

describe('rates by destination', () => {
  test('lie in the order of their addresses, however many there are, and lose none', () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 40 }), fc.constantFrom(1, 7, 30), (some, times) => {
        const rows = Array.from({ length: times }, (_, n) => some.map((one) => ({ ...one, samples: one.samples + n }))).flat()
        const rates = new Rates(rows)
        expect(rates.rows).toEqual(rows.toSorted(compare))
        const inOrder = rates.rows
        const told = inOrder.map((_, i) => [rates.addressAt(i), rates.interfaceAt(i), rates.isRepeated(i)])
        expect(told).toEqual(
          inOrder.map(({ address: to, interfaceIndex }, i) => [
            to, interfaceIndex, i > 0 && compareAddresses(inOrder[i - 1]!.address, to) === 0,
          ]),
        )
      }),
      { numRuns: 40 },
    )
  })

  test('of any prefix, of any part of them, are those of its destinations', () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 60 }), prefix, fc.nat(5), fc.nat(60), fc.nat(60), (rows, wanted, i, x, y) => {
        const whole = new Rates(rows)
        const [start, end] = [Math.min(x, y, rows.length), Math.min(Math.max(x, y), rows.length)]
        for (const rates of [whole, whole.slice(start, end)]) {
          const inside = rates.rows.filter((one) => contains(wanted, one.address))
          expect(rates.within(wanted)).toEqual(inside)
          expect(rates.towards(wanted)).toEqual(sum(inside))
          expect(rates.towards(wanted, i)).toEqual(sum(inside.filter(({ interfaceIndex }) => interfaceIndex === i)))
        }
        expect(whole.slice(start, end).rows).toEqual(whole.rows.slice(start, end))
      }),
    )
  })

  test('come out of columns as out of rows', () => {
    const random = (n: number): number => Math.imul(n + 1, 0x9e3779b1) >>> 0
    const count = 3000
    const keys = Uint32Array.from({ length: count * 5 }, (_, i) => {
      const [key, at] = [Math.floor(i / 5), i % 5]
      if (at === 4) return (key % 7) * 4 + 2 + (key % 3 === 0 ? 1 : 0)
      return at === 0 ? (key % 3 === 0 ? 0x20010db8 : random(key)) : key % 3 === 0 ? random(key * at) & 3 : 0
    })
    const bps = Float64Array.from({ length: count }, (_, i) => i)
    const length = count / 2
    const rates = new Rates({ length, keys, bps, samples: bps })
    const expected = Array.from({ length }, (_, key): DestinationRate => ({
      address: { family: key % 3 === 0 ? 6 : 4, w0: keys[key * 5]!, w1: keys[key * 5 + 1]!, w2: keys[key * 5 + 2]!, w3: keys[key * 5 + 3]! },
      interfaceIndex: key % 7, bps: key, samples: key,
    }))
    expect(rates.rows).toEqual(expected.sort(compare))
  })
})

test('the last address of a prefix is in it, and the one behind it is not', () => {
  fc.assert(
    fc.property(prefix, (of) => {
      const last = lastAddressOf(of)
      expect(contains(of, last)).toBe(true)
      const { w0, w1, w2, w3 } = last
      const words = of.family === 4 ? [w0] : [w0, w1, w2, w3]
      const inverse = words.map((w) => ~w >>> 0)
      // All bits behind the length are set.
      const zeros = prefixOf({ family: of.family, w0: inverse[0]!, w1: inverse[1] ?? 0, w2: inverse[2] ?? 0, w3: inverse[3] ?? 0 }, of.length)
      expect({ ...zeros, length: 0 }).toEqual({ family: of.family, w0: inverse[0], w1: inverse[1] ?? 0, w2: inverse[2] ?? 0, w3: inverse[3] ?? 0, length: 0 })
    }),
  )
})
