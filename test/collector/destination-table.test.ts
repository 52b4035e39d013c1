import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DestinationTable } from '../../src/collector/destination-table.ts'

const COLUMNS = 4

/** Everything in the table as [slot/family/address, bytes of all columns, samples of the newest two]. */
function dump(table: DestinationTable): [string, number, number][] {
  const rows = Array.from({ length: table.size }, (_, e): [string, number, number] => [
    [table.slot(e), table.family(e), ...[0, 1, 2, 3].map((w) => table.word(e, w))].join('/'),
    table.bytes(e, COLUMNS), table.samples(e, 2),
  ])
  return rows.sort(([a], [b]) => (a < b ? -1 : 1))
}

describe('the table of destinations', () => {
  it('holds what a map of lists would, whatever is added and opened', () => {
    const step = fc.oneof(
      { weight: 8, arbitrary: fc.record({ slot: fc.nat(3), family: fc.constantFrom<4 | 6>(4, 6), w0: fc.nat(3), w3: fc.nat(1), bytes: fc.integer({ min: 1, max: 1e9 }) }) },
      { weight: 1, arbitrary: fc.constant('open' as const) },
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), fc.integer(), (steps, seed) => {
        const table = new DestinationTable(COLUMNS, 1000, seed)
        const model = new Map<string, { column: number; bytes: number }[]>()
        let column = 0
        for (const one of steps) {
          if (one === 'open') {
            column++
            table.open(column % COLUMNS)
          } else {
            const { slot, family, w0, w3, bytes } = one
            table.add(slot, family, w0, 0, 0, w3, bytes)
            const key = [slot, family, w0, 0, 0, w3].join('/')
            model.set(key, [...(model.get(key) ?? []), { column, bytes }])
          }
        }
        const expected = [...model].flatMap(([key, added]): [string, number, number][] => {
          const kept = added.filter((a) => a.column > column - COLUMNS)
          const bytes = kept.reduce((sum, a) => sum + a.bytes, 0)
          return kept.length === 0 ? [] : [[key, bytes, kept.filter((a) => a.column > column - 2).length]]
        })
        expect(dump(table)).toEqual(expected.sort(([a], [b]) => (a < b ? -1 : 1)))
      }),
    )
  })

  it('grows far beyond its first size and finds every entry again', () => {
    const table = new DestinationTable(COLUMNS, 100_000, 5)
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 50_000; i++) table.add(1, 4, i * 256, 0, 0, 0, i + 1)
    }
    expect([table.size, table.evicted]).toEqual([50_000, 0])
    for (let e = 0; e < table.size; e++) expect(table.bytes(e, 1)).toBe(2 * (table.word(e, 0) / 256 + 1))
  })

  it('drops the smallest when it is full, counts them, and never outgrows its bound', () => {
    const table = new DestinationTable(COLUMNS, 2048, 5)
    for (let i = 0; i < 200; i++) table.add(0, 6, 1, 2, 3, i, 1e9)
    for (let i = 0; i < 100_000; i++) {
      table.add(0, 4, i, 0, 0, 0, 100)
      if (table.size > 2048) expect.fail(`${table.size} entries`)
    }
    expect(table.evicted + table.size).toBe(100_200)
    expect(dump(table).filter(([, bytes]) => bytes === 1e9)).toHaveLength(200)
  })

  it('has room again for what comes after what has passed', () => {
    const table = new DestinationTable(COLUMNS, 2048, 5)
    for (let column = 1; column < 100; column++) {
      table.open(column % COLUMNS)
      for (let i = 0; i < 500; i++) table.add(0, 4, column * 1000 + i, 0, 0, 0, 1)
    }
    expect([table.size, table.evicted]).toEqual([2000, 0])
  })
})
