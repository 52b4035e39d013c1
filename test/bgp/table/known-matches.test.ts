/** What is kept of the last cycle's matches against longest matches in the plainest way. */
import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { packAttributes } from '../../../src/bgp/wire/packed-attributes.ts'
import { PrefixTrie } from '../../../src/bgp/table/prefix-trie.ts'
import { RouteTable } from '../../../src/bgp/table/route-table.ts'
import { contains, formatPrefix, parseAddress, prefixOf, type Address, type Prefix } from '../../../src/model/prefix.ts'
import { Rates } from '../../../src/model/rates.ts'
import { attributes } from '../edge.ts'

/** Few places, so that prefixes nest, addresses repeat, and what comes lies around what is known. */
const address: fc.Arbitrary<Address> = fc
  .record({ four: fc.boolean(), high: fc.constantFrom(0, 10, 255), low: fc.nat(15) })
  .map(({ four, high, low }) => parseAddress(four ? `${high}.0.${low >> 2}.${(low & 3) * 85}` : `2001:db8:${high}:${low >> 2}::${(low & 3) * 85}`))
const prefix: fc.Arbitrary<Prefix> = address.chain((a) =>
  fc.constantFrom(...(a.family === 4 ? [0, 6, 8, 22, 23, 24, 26, 32] : [0, 30, 46, 48, 62, 64, 128])).map((length) => prefixOf(a, length)),
)
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('announce' as const), prefix, pathId: fc.nat(1), med: fc.nat(2) }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('withdraw' as const), prefix, pathId: fc.nat(1) }) },
  // The neighbor goes.
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('clear' as const) }) },
)
const cycle = fc.record({
  steps: fc.array(step, { maxLength: 12 }),
  /** Looked up ahead, before the last of the steps. */
  ahead: fc.nat(6),
  /** On one interface or two; undefined: the same rates as in the cycle before. */
  rows: fc.option(fc.array(fc.record({ address, interfaceIndex: fc.nat(1) }), { maxLength: 20 }), { nil: undefined }),
})

function ratesOf(rows: readonly { readonly address: Address; readonly interfaceIndex: number }[]): Rates {
  return new Rates(rows.map((row) => ({ ...row, bps: 1, samples: 1 })))
}

test('whatever comes and goes between cycles, every destination has its longest match in the very next one', () => {
  fc.assert(
    fc.property(fc.array(cycle, { minLength: 2, maxLength: 6 }), (cycles) => {
      const table = new RouteTable()
      const received = new Map<string, { prefix: Prefix; pathIds: Set<number> }>()
      let rates = Rates.EMPTY
      for (const { steps, rows, ahead } of cycles) {
        if (rows !== undefined) rates = ratesOf(rows)
        for (const [n, one] of steps.entries()) {
          if (n === steps.length - 1) table.prepareMatches(rates, ahead)
          if (one.kind === 'clear') {
            table.clear()
            received.clear()
            continue
          }
          const key = formatPrefix(one.prefix)
          const known = received.get(key) ?? { prefix: one.prefix, pathIds: new Set() }
          if (one.kind === 'announce') {
            table.announce(one.prefix, one.pathId, packAttributes(attributes('172.16.0.0', { med: one.med })))
            received.set(key, { ...known, pathIds: known.pathIds.add(one.pathId) })
          } else {
            table.withdraw(one.prefix, one.pathId)
            known.pathIds.delete(one.pathId)
            if (known.pathIds.size === 0) received.delete(key)
          }
        }
        const { numbers, prefixes } = table.matches(rates)
        const found = rates.rows.map((_, row) => prefixes[numbers[row]!])
        const expected = rates.rows.map(({ address: to }) =>
          [...received.values()].filter((r) => contains(r.prefix, to)).sort((a, b) => b.prefix.length - a.prefix.length)[0])
        expect(found.map((p) => p && formatPrefix(p))).toEqual(expected.map((r) => r && formatPrefix(r.prefix)))
        // Destinations of one prefix have one number.
        const numbersOf = Map.groupBy(numbers.filter((n) => n >= 0), (n) => formatPrefix(prefixes[n]!))
        for (const own of numbersOf.values()) expect(new Set(own).size).toBe(1)
      }
    }),
    { numRuns: 1000 },
  )
})

const slash24 = (n: number): Prefix => prefixOf({ family: 4, w0: 0x0b000000 + n * 256, w1: 0, w2: 0, w3: 0 }, 24)
const PACKED = packAttributes(attributes('172.16.0.0'))

test('holds no more prefixes than twice the destinations, however they change, and gives out none that changes', () => {
  const table = new RouteTable()
  for (let n = 0; n < 2000; n++) table.announce(slash24(n), 1, PACKED)
  const given = Array.from({ length: 20 }, (_, round) => {
    const rates = ratesOf(Array.from({ length: 100 }, (_row, n) => ({ address: slash24(round * 90 + n), interfaceIndex: 0 })))
    return { round, ...table.matches(rates) }
  })
  for (const { round, numbers, prefixes } of given) {
    expect(prefixes.length).toBeLessThan(400)
    expect(Array.from(numbers, (n) => formatPrefix(prefixes[n]!))).toEqual(
      Array.from({ length: 100 }, (_, n) => formatPrefix(slash24(round * 90 + n))))
  }
})

test('asks the table only for destinations that are new, and for those in prefixes that have come or gone', () => {
  const table = new RouteTable()
  table.announce({ ...slash24(0), length: 8 }, 1, PACKED)
  for (let n = 0; n < 1000; n++) table.announce(slash24(n), 1, PACKED)
  const rates = (count: number): Rates =>
    ratesOf(Array.from({ length: count }, (_, n) => ({ address: slash24(n), interfaceIndex: 0 })))
  const lookUp = vi.spyOn(PrefixTrie.prototype, 'longestMatch')
  const lookUpsFor = (work: () => unknown): number => {
    lookUp.mockClear()
    work()
    return lookUp.mock.calls.length
  }
  expect(lookUpsFor(() => table.prepareMatches(rates(900), 300))).toBe(300)
  expect(lookUpsFor(() => table.matches(rates(900)))).toBe(600)
  expect(lookUpsFor(() => table.matches(rates(910)))).toBe(10)
  // Another path, and other attributes, of known prefixes: where they lie stays as it was.
  for (let n = 0; n < 500; n++) table.announce(slash24(n), n % 2, packAttributes(attributes('172.16.0.0', { med: n })))
  expect(lookUpsFor(() => table.matches(rates(910)))).toBe(0)
  table.withdraw(slash24(800), 1)
  table.announce({ ...slash24(8), length: 22 }, 1, PACKED)
  expect(lookUpsFor(() => table.matches(rates(910)))).toBe(1 + 4)
  lookUp.mockRestore()
})

test('more comes between two cycles than is kept in mind', () => {
  const table = new RouteTable()
  const rates = ratesOf([{ address: slash24(7), interfaceIndex: 0 }, { address: slash24(50_000), interfaceIndex: 0 }])
  table.announce({ ...slash24(0), length: 8 }, 1, PACKED)
  expect([...table.matches(rates).numbers]).toEqual([0, 0])
  for (let n = 0; n < 60_000; n++) table.announce(slash24(n), 1, PACKED)
  const { numbers, prefixes } = table.matches(rates)
  expect(Array.from(numbers, (n) => formatPrefix(prefixes[n]!))).toEqual([slash24(7), slash24(50_000)].map(formatPrefix))
})
