/** Keeps the history within its age and its size. */
import type { DatabaseSync } from 'node:sqlite'
import { numberOf } from './open-database.ts'
import { LOAD_TIERS } from './schema.ts'

export interface Bounds {
  readonly keepMs: number
  readonly maxBytes: number
}

/** Trimmed to so much of the bound, so that there is room until the next time. */
const FULL_SHARE = 0.9
/** Events may fill half of the file, at about so many bytes each with its index, before loads make way for them. */
const EVENT_BYTES = 600
const EVENT_SHARES = { decision: 0.35, override: 0.1, alarm: 0.05 } as const
/** Of the time that loads are kept of, what goes when they are too many; and so often at once. */
const SLICE = 0.02
const MOST_SLICES = 50
/** Pages given back to the file system at once. */
const VACUUM_PAGES = 2_000

/** Takes away what is too old, and then the oldest of what is too much. */
export function trim(database: DatabaseSync, { keepMs, maxBytes }: Bounds, nowMs: number): void {
  const run = (sql: string, value: number): void => void database.prepare(sql).run(Math.floor(value))
  const oldestMs = nowMs - keepMs
  database.exec('BEGIN IMMEDIATE')
  for (const tier of LOAD_TIERS) {
    run(`DELETE FROM ${tier.table} WHERE at < ?`, (nowMs - Math.min(keepMs, tier.keepMs)) / 1000)
  }
  run('DELETE FROM decision WHERE id < ?', oldestMs * 1000)
  run('DELETE FROM override WHERE withdrawn < ?', oldestMs)
  run('DELETE FROM alarm WHERE ended < ?', oldestMs)
  // The last one tells the mode since then.
  run('DELETE FROM mode WHERE at < ? AND at < (SELECT max(at) FROM mode)', oldestMs)
  for (const [table, share] of Object.entries(EVENT_SHARES)) {
    const most = Math.max(100, (maxBytes * share) / EVENT_BYTES)
    run(`DELETE FROM ${table} WHERE rowid <= (SELECT rowid FROM ${table} ORDER BY rowid DESC LIMIT 1 OFFSET ?)`, most)
  }
  for (let n = 0; n < MOST_SLICES && usedBytes(database) > maxBytes * FULL_SHARE; n++) {
    const oldest = LOAD_TIERS.map(({ table }) => numberOf(database, `SELECT min(at) FROM ${table}`))
    const begun = Math.min(nowMs / 1000, ...oldest.filter((at) => at > 0))
    const until = begun + Math.max(60, (nowMs / 1000 - begun) * SLICE)
    for (const { table } of LOAD_TIERS) run(`DELETE FROM ${table} WHERE at < ?`, until)
  }
  database.exec('COMMIT')
  database.exec(`PRAGMA incremental_vacuum(${VACUUM_PAGES})`)
}

/** Bytes of the file that hold something. */
export function usedBytes(database: DatabaseSync): number {
  const pages = numberOf(database, 'PRAGMA page_count') - numberOf(database, 'PRAGMA freelist_count')
  return pages * numberOf(database, 'PRAGMA page_size')
}
