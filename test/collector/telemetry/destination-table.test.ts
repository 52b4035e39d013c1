import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { WIDEST } from '../../../src/collector/telemetry/destination-columns.ts'
import { DestinationTable } from '../../../src/collector/telemetry/destination-table.ts'

const COLUMNS = 4

/** Of the columns that start with the span of time `since` or later. */
function bytesOf({ counts }: DestinationTable, entry: number, since = 0): number {
  return counts.starts.reduce((sum, start, age) => (start < since ? sum : sum + counts.bytesIn(age)[entry]!), 0)
}

function samplesOf({ counts }: DestinationTable, entry: number, since = 0): number {
  return counts.starts.reduce((sum, start, age) => (start < since ? sum : sum + counts.samplesIn(age)[entry]!), 0)
}

/** Everything in the table as [slot/family/address, bytes of all columns, samples of those from `since` on]. */
function dump(table: DestinationTable, since = 0): [string, number, number][] {
  const rows = Array.from({ length: table.size }, (_, e): [string, number, number] => [
    [table.slot(e), table.family(e), ...[0, 1, 2, 3].map((w) => table.word(e, w))].join('/'),
    bytesOf(table, e), samplesOf(table, e, since),
  ])
  return rows.sort(([a], [b]) => (a < b ? -1 : 1))
}

describe('the table of destinations', () => {
  it('holds what a map of lists would, whatever is added and opened', () => {
    const step = fc.oneof(
      { weight: 8, arbitrary: fc.record({ slot: fc.nat(3), family: fc.constantFrom<4 | 6>(4, 6), w0: fc.nat(3), w3: fc.nat(1), bytes: fc.integer({ min: 1, max: 1e9 }), likely: fc.nat(40) }) },
      { weight: 2, arbitrary: fc.constant('open' as const) },
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), fc.integer({ min: 1, max: 24 }), fc.integer(), (steps, span, seed) => {
        const table = new DestinationTable(span, 1000, seed)
        const model = new Map<string, { column: number; bytes: number }[]>()
        let column = 0
        for (const one of steps) {
          if (one === 'open') {
            column++
            table.open(column)
          } else {
            const { slot, family, w0, w3, bytes, likely } = one
            const entry = table.add(slot, family, w0, 0, 0, w3, bytes, 1, likely)
            const key = [slot, family, w0, 0, 0, w3].join('/')
            expect([table.slot(entry), table.family(entry), table.word(entry, 0), 0, 0, table.word(entry, 3)].join('/')).toBe(key)
            model.set(key, [...(model.get(key) ?? []), { column, bytes }])
          }
        }
        const { starts } = table.counts
        const oldest = starts.at(-1)!
        expect(oldest).toBeLessThanOrEqual(Math.max(0, column - span + 1))
        expect(oldest).toBeGreaterThan(column - span + 1 - WIDEST)
        for (const [age, start] of starts.entries()) {
          if (age > 0) expect(starts[age - 1]! - start).toBeLessThanOrEqual(Math.max(1, (column - start) / 4))
          const expected = [...model].flatMap(([key, added]): [string, number, number][] => {
            const kept = added.filter((a) => a.column >= oldest)
            const bytes = kept.reduce((sum, a) => sum + a.bytes, 0)
            return kept.length === 0 ? [] : [[key, bytes, kept.filter((a) => a.column >= start).length]]
          })
          expect(dump(table, start)).toEqual(expected.sort(([a], [b]) => (a < b ? -1 : 1)))
        }
      }),
    )
  })

  it('grows far beyond its first size and finds every entry again', () => {
    const table = new DestinationTable(COLUMNS, 100_000, 5)
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 50_000; i++) table.add(1, 4, i * 256, 0, 0, 0, i + 1)
    }
    expect([table.size, table.evicted]).toEqual([50_000, 0])
    for (let e = 0; e < table.size; e++) expect(bytesOf(table, e)).toBe(2 * (table.word(e, 0) / 256 + 1))
  })

  it('folds the smaller ones into /24 and /48 when it is full, and loses no byte of any of these', () => {
    const table = new DestinationTable(COLUMNS, 2048, 5)
    const [large4, large6] = [0xc6336407, 0x20010db8]
    const expected = new Map<string, number>()
    const add = (family: 4 | 6, w0: number, w1: number, w3: number, bytes: number): void => {
      table.add(1, family, w0, w1, 0, w3, bytes)
      const key = family === 4 ? `4/${w0 >>> 8}` : `6/${w0}/${w1 >>> 16}`
      expected.set(key, (expected.get(key) ?? 0) + bytes)
    }
    for (let i = 0; i < 20_000; i++) {
      if (i > 0 && i % 5000 === 0) table.open(i / 5000)
      add(4, 0x01000000 + ((i * 7919) % 65_536), 0, 0, 100 + (i % 10))
      add(6, large6, (i % 300) * 65_536 + (i % 7), i, 100)
      if (i % 100 === 0) {
        add(4, large4, 0, 0, 1e7)
        add(6, large6, 5 * 65_536, 0xabcdef01, 1e7)
      }
    }
    const found = new Map<string, number>()
    for (let e = 0; e < table.size; e++) {
      const key = table.family(e) === 4 ? `4/${table.word(e, 0) >>> 8}` : `6/${table.word(e, 0)}/${table.word(e, 1) >>> 16}`
      found.set(key, (found.get(key) ?? 0) + bytesOf(table, e))
    }
    expect(found).toEqual(expected)
    expect(table.size).toBeLessThanOrEqual(2048)
    expect([table.folded > 0, table.evicted]).toEqual([true, 0])
    const whole = Array.from({ length: table.size }, (_, e) => [table.word(e, 0), table.word(e, 3)])
    expect(whole).toContainEqual([large4, 0])
    expect(whole).toContainEqual([large6, 0xabcdef01])
  })

  it('drops the smallest when that does not suffice, counts them, and never outgrows its bound', () => {
    const table = new DestinationTable(COLUMNS, 2048, 5)
    for (let i = 0; i < 200; i++) table.add(0, 6, 1, 2, 3, i, 1e9)
    for (let i = 0; i < 100_000; i++) {
      table.add(0, 4, i * 256, 0, 0, 0, 100)
      if (table.size > 2048) expect.fail(`${table.size} entries`)
    }
    expect(table.evicted + table.size).toBe(100_200)
    expect(dump(table).filter(([, bytes]) => bytes === 1e9)).toHaveLength(200)
  })

  it('has room again for what comes after what has passed', () => {
    const table = new DestinationTable(COLUMNS, 2048, 5)
    for (let column = 1; column < 100; column++) {
      table.open(column)
      for (let i = 0; i < 500; i++) table.add(0, 4, column * 1000 + i, 0, 0, 0, 1)
    }
    expect([table.size, table.evicted]).toEqual([2000, 0])
  })
})
