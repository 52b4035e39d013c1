/** Reads what happened: decisions, overrides, alarms and modes, newest first. */
import type { DatabaseSync } from 'node:sqlite'
import { parsePrefix } from '../model/prefix.ts'
import { firstAddress, holdersOf, lastAddress } from './prefix-key.ts'
import type {
  AlarmQuery, AlarmSpan, DecisionQuery, DecisionRecord, ModeChangeRecord, OverrideQuery, OverrideSpan,
  RecordFilter,
} from './records.ts'

type Value = string | number | Uint8Array | null

/** Conditions that all must hold, each with its values. */
class Conditions {
  readonly #texts: string[] = []
  readonly values: Value[] = []

  /** Nothing when a value is undefined: it was not asked for. */
  add(text: string, ...values: readonly (Value | undefined)[]): void {
    if (values.includes(undefined)) return
    this.#texts.push(`(${text})`)
    this.values.push(...(values as readonly Value[]))
  }

  /** A prefix that shares an address with this one lies in it, or is one of its holders. */
  addPrefix(text: string | undefined): void {
    if (text === undefined) return
    const prefix = parsePrefix(text)
    this.add(
      'first BETWEEN ? AND ? OR prefix IN (SELECT value FROM json_each(?)) AND first IS NOT NULL',
      firstAddress(prefix),
      lastAddress(prefix),
      JSON.stringify(holdersOf(prefix)),
    )
  }

  get sql(): string {
    return this.#texts.length === 0 ? '' : `WHERE ${this.#texts.join(' AND ')}`
  }
}

export function readDecisions(database: DatabaseSync, query: DecisionQuery): readonly DecisionRecord[] {
  const conditions = new Conditions()
  conditions.add('id < ?', query.before)
  conditions.add('id >= ?', query.fromMs && Math.floor(query.fromMs) * 1000)
  conditions.add('id < ?', query.toMs && (Math.floor(query.toMs) + 1) * 1000)
  conditions.add('router = ?', query.router)
  conditions.add('kind = ?', query.kind)
  conditions.addPrefix(query.prefix)
  return rows<Omit<DecisionRecord, 'inputs' | 'acted'> & { inputs: string; acted: number }>(
    database,
    `SELECT id, at AS atMs, router, kind, prefix, from_interface AS "from", to_interface AS "to", bps, reason,
       inputs, acted FROM decision ${conditions.sql} ORDER BY id DESC LIMIT ?`,
    [...conditions.values, query.limit],
  ).map((row) => ({
    ...row,
    inputs: JSON.parse(row.inputs) as DecisionRecord['inputs'],
    acted: row.acted !== 0,
  }))
}

export function readOverrides(database: DatabaseSync, query: OverrideQuery): readonly OverrideSpan[] {
  const conditions = new Conditions()
  conditions.add('row < ?', query.before)
  conditions.add('withdrawn IS NULL OR withdrawn >= ?', query.fromMs)
  conditions.add('added <= ?', query.toMs)
  conditions.add('router = ?', query.router)
  conditions.add('from_interface = ? OR to_interface = ?', query.interface, query.interface)
  conditions.addPrefix(query.prefix)
  return rows<OverrideSpan>(
    database,
    `SELECT id, router, prefix, parent_prefix AS parentPrefix, from_interface AS "from", to_interface AS "to",
       next_hop AS nextHop, added AS addedMs, added_reason AS addedReason, added_bps AS addedBps,
       withdrawn AS withdrawnMs, withdrawn_reason AS withdrawnReason, withdrawn_bps AS withdrawnBps, row
     FROM override ${conditions.sql} ORDER BY row DESC LIMIT ?`,
    [...conditions.values, query.limit],
  )
}

export function readAlarms(database: DatabaseSync, query: AlarmQuery): readonly AlarmSpan[] {
  const conditions = new Conditions()
  conditions.add('row < ?', query.before)
  conditions.add('ended IS NULL OR ended >= ?', query.fromMs)
  conditions.add('begun <= ?', query.toMs)
  conditions.add('router = ?', query.router)
  conditions.add('kind = ?', query.kind)
  return rows<AlarmSpan>(
    database,
    `SELECT kind, router, interface, message, begun AS begunMs, ended AS endedMs, row
     FROM alarm ${conditions.sql} ORDER BY row DESC LIMIT ?`,
    [...conditions.values, query.limit],
  )
}

export function readModes(database: DatabaseSync, query: RecordFilter): readonly ModeChangeRecord[] {
  const conditions = new Conditions()
  conditions.add('at >= ?', query.fromMs)
  conditions.add('at <= ?', query.toMs)
  return rows<ModeChangeRecord>(
    database,
    `SELECT at AS atMs, mode FROM mode ${conditions.sql} ORDER BY at DESC LIMIT ?`,
    [...conditions.values, query.limit],
  )
}

function rows<Row>(database: DatabaseSync, sql: string, values: readonly Value[]): Row[] {
  return database.prepare(sql).all(...values) as Row[]
}
