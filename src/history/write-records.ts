/** Puts records into the history. */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { contains, parsePrefix } from '../model/prefix.ts'
import { firstAddress } from './prefix-key.ts'
import type { AlarmRecord, DecisionRecord, HistoryRecord, LoadRecord } from './records.ts'
import { LOAD_TIERS, type LoadTier } from './schema.ts'

type Overrides = Extract<HistoryRecord, { kind: 'overrides' }>

/** Writes batches through statements that are prepared once. */
export class RecordWriter {
  readonly #database: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()

  constructor(database: DatabaseSync) {
    this.#database = database
  }

  /** All of it or, when it throws, nothing. Written again, a batch changes nothing. */
  write(records: readonly HistoryRecord[]): void {
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      for (const record of records) this.#writeOne(record)
      this.#database.exec('COMMIT')
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      throw error
    }
  }

  #writeOne(record: HistoryRecord): void {
    switch (record.kind) {
      case 'decision':
        return this.#writeDecision(record.decision)
      case 'overrides':
        return this.#writeOverrides(record)
      case 'routers':
        return this.#run(
          `UPDATE override SET withdrawn = ?, withdrawn_reason = 'its router is not configured any more'
           WHERE withdrawn IS NULL AND router NOT IN (SELECT value FROM json_each(?))`,
          Math.floor(record.atMs), JSON.stringify(record.names),
        )
      case 'alarms':
        return this.#writeAlarms(record.atMs, record.active)
      case 'mode':
        return this.#run('INSERT OR REPLACE INTO mode VALUES (?, ?)', Math.floor(record.atMs), record.mode)
      case 'loads':
        return this.#writeLoads(record.atMs / 1000, record.loads)
    }
  }

  #writeDecision(d: DecisionRecord): void {
    this.#run(
      'INSERT OR REPLACE INTO decision VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
      d.id, Math.floor(d.atMs), d.router, d.kind, d.prefix, d.prefix && firstAddress(parsePrefix(d.prefix)),
      d.from, d.to, round(d.bps), d.reason, JSON.stringify(d.inputs), Number(d.acted),
    )
  }

  #writeOverrides({ router, atMs, held, added, lastBps, reasons }: Overrides): void {
    const now = Math.floor(atMs)
    const open = new Map(
      this.#statement('SELECT key, prefix FROM override WHERE router = ? AND withdrawn IS NULL')
        .all(router)
        .map((row) => [String(row['key']), String(row['prefix'])]),
    )
    const still = new Set(held)
    for (const [key, prefix] of open) {
      if (still.has(key)) continue
      // A decision may be about the whole prefix, and the override about a part of it.
      const why = reasons.findLast((r) => contains(parsePrefix(r.prefix), parsePrefix(prefix)))
      this.#run(
        `UPDATE override SET withdrawn = ?, withdrawn_reason = ?, withdrawn_bps = ?
         WHERE router = ? AND key = ? AND withdrawn IS NULL`,
        now, why?.reason ?? 'GoBGP does not hold it any more', round(lastBps.get(key) ?? null), router, key,
      )
    }
    for (const [key, o] of added) {
      if (open.has(key)) continue
      this.#run(
        `INSERT INTO override (key, id, router, prefix, first, parent_prefix, from_interface, to_interface,
           next_hop, added, added_reason, added_bps) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        key, o.id, router, o.prefix, firstAddress(parsePrefix(o.prefix)), o.parentPrefix, o.from, o.to, o.nextHop,
        Math.floor(o.addedMs), o.reason, round(o.bps),
      )
    }
  }

  #writeAlarms(atMs: number, active: readonly AlarmRecord[]): void {
    const keyOf = (alarm: { kind: unknown; router: unknown; interface: unknown }): string =>
      JSON.stringify([alarm.kind, alarm.router, alarm.interface])
    const open = new Map(
      this.#statement('SELECT row, kind, router, interface FROM alarm WHERE ended IS NULL')
        .all()
        .map((row) => [keyOf(row as Parameters<typeof keyOf>[0]), Number(row['row'])]),
    )
    const now = new Map(active.map((alarm) => [keyOf(alarm), alarm]))
    for (const [key, row] of open) {
      if (!now.has(key)) this.#run('UPDATE alarm SET ended = ? WHERE row = ?', Math.floor(atMs), row)
    }
    for (const [key, alarm] of now) {
      if (open.has(key)) continue
      this.#run(
        'INSERT INTO alarm (kind, router, interface, message, begun) VALUES (?, ?, ?, ?, ?)',
        alarm.kind, alarm.router, alarm.interface, alarm.message, Math.floor(alarm.sinceMs),
      )
    }
  }

  #writeLoads(at: number, loads: readonly LoadRecord[]): void {
    for (const load of loads) {
      this.#run(
        `INSERT OR REPLACE INTO ${LOAD_TIERS[0].table} VALUES (?, ?, ?, ?, ?, ?, ?)`,
        at, this.#interfaceId(load), round(load.out), round(load.outMax), round(load.natural),
        round(load.naturalMax), round(load.planned),
      )
    }
    LOAD_TIERS.forEach((tier, i) => i > 0 && this.#summarize(LOAD_TIERS[i - 1]!, tier, at))
  }

  /** The wider step that holds `at`, made again of what there is of it; so the running one is always there. */
  #summarize(from: LoadTier, into: LoadTier, at: number): void {
    const step = into.stepMs / 1000
    const start = at - (at % step)
    this.#run(
      `INSERT OR REPLACE INTO ${into.table}
       SELECT ?1, interface, CAST(round(avg(out)) AS INTEGER), max(out_max), CAST(round(avg(natural)) AS INTEGER),
         max(natural_max), CAST(round(avg(planned)) AS INTEGER)
       FROM ${from.table} WHERE at >= ?1 AND at < ?2 GROUP BY interface`,
      start, start + step,
    )
  }

  #interfaceId({ router, interface: name }: LoadRecord): number {
    const find = this.#statement('SELECT id FROM interface WHERE router = ? AND name = ?')
    const found = find.get(router, name)
    if (found !== undefined) return Number(found['id'])
    this.#run('INSERT INTO interface (router, name) VALUES (?, ?)', router, name)
    return Number(find.get(router, name)!['id'])
  }

  #run(sql: string, ...values: readonly (string | number | Uint8Array | null)[]): void {
    this.#statement(sql).run(...values)
  }

  #statement(sql: string): StatementSync {
    const prepared = this.#statements.get(sql) ?? this.#database.prepare(sql)
    this.#statements.set(sql, prepared)
    return prepared
  }
}

function round(bps: number | null): number | null {
  return bps === null ? null : Math.round(bps)
}
