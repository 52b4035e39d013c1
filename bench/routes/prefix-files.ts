/** The tables that full-table writes. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Address } from '../../src/model/prefix.ts'
import type { PrefixTable } from './full-feed.ts'
import { createRandom } from './random.ts'

export function readTables(folder: string): readonly PrefixTable[] {
  return ([4, 6] as const).map((family) => {
    const bytes = readFileSync(join(folder, `t${family}.bin`))
    return { family, rows: new Uint32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)) }
  })
}

/** So many addresses that lie in prefixes of the tables, in no order. */
export function pickDestinations(tables: readonly PrefixTable[], count: number): Address[] {
  const random = createRandom(7)
  return Array.from({ length: count }, () => {
    const { family, rows } = tables[random(6) === 0 ? 1 : 0]!
    const at = family === 4 ? 2 * random(rows.length / 2) : 5 * random(rows.length / 5)
    const [w0, w1, w2, w3] = family === 4 ? [rows[at]!, 0, 0, 0] : rows.subarray(at, at + 4)
    return { family, w0: w0!, w1: w1!, w2: w2!, w3: w3! }
  })
}
