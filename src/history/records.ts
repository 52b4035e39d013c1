/** What goes into the history and what comes out of it, as it travels between the service and its thread. */
import type { AlarmKind } from '../model/alarm.ts'
import type { DecisionKind } from '../model/decision.ts'
import type { Mode } from '../model/mode.ts'

/** Rates in bit/s, times in ms since the epoch, prefixes and next hops as text. */
export interface DecisionRecord {
  /** Newer ones have larger ones; see LoggedDecision. */
  readonly id: number
  readonly atMs: number
  readonly router: string
  readonly kind: DecisionKind
  readonly prefix: string | null
  readonly from: string | null
  readonly to: string | null
  readonly bps: number | null
  readonly reason: string
  readonly inputs: Readonly<Record<string, number | string | boolean>>
  readonly acted: boolean
}

/** An override as GoBGP came to hold it. */
export interface HeldOverride {
  readonly id: string
  readonly prefix: string
  readonly parentPrefix: string
  readonly from: string
  readonly to: string
  readonly nextHop: string
  /** Demand that it moves when it is first seen. */
  readonly bps: number
  readonly addedMs: number
  readonly reason: string
}

export interface AlarmRecord {
  readonly kind: AlarmKind
  readonly router: string | null
  readonly interface: string | null
  readonly message: string
  readonly sinceMs: number
}

/** Loads of one interface over one step; null where nothing was known. */
export interface LoadRecord {
  readonly router: string
  readonly interface: string
  readonly out: number | null
  readonly outMax: number | null
  readonly natural: number | null
  readonly naturalMax: number | null
  readonly planned: number | null
}

/**
 * Overrides and alarms are told as they stand, so that whatever was missed is made up for by the next:
 * what the history holds open and is not among them has ended.
 */
export type HistoryRecord =
  | { readonly kind: 'decision'; readonly decision: DecisionRecord }
  | {
      readonly kind: 'overrides'
      readonly router: string
      readonly atMs: number
      /** Keys of all that GoBGP holds. */
      readonly held: readonly string[]
      /** By key, those whose details may not be known yet. */
      readonly added: ReadonlyMap<string, HeldOverride>
      /** By key, the demand that those which are gone moved last. */
      readonly lastBps: ReadonlyMap<string, number>
      /** What was decided just now about these prefixes: what is gone, and lies in one, is gone for that reason. */
      readonly reasons: readonly { readonly prefix: string; readonly reason: string }[]
    }
  /** Overrides of routers that are not named have ended. */
  | { readonly kind: 'routers'; readonly atMs: number; readonly names: readonly string[] }
  | { readonly kind: 'alarms'; readonly atMs: number; readonly active: readonly AlarmRecord[] }
  | { readonly kind: 'mode'; readonly atMs: number; readonly mode: Mode }
  | { readonly kind: 'loads'; readonly atMs: number; readonly loads: readonly LoadRecord[] }

export interface OverrideSpan {
  readonly id: string
  readonly router: string
  readonly prefix: string
  readonly parentPrefix: string
  readonly from: string
  readonly to: string
  readonly nextHop: string
  readonly addedMs: number
  readonly addedReason: string
  readonly addedBps: number
  /** Null while GoBGP holds it. */
  readonly withdrawnMs: number | null
  readonly withdrawnReason: string | null
  readonly withdrawnBps: number | null
  /** For the next page. */
  readonly row: number
}

export interface AlarmSpan extends Omit<AlarmRecord, 'sinceMs'> {
  readonly begunMs: number
  /** Null while it is on. */
  readonly endedMs: number | null
  readonly row: number
}

export interface ModeChangeRecord {
  readonly atMs: number
  readonly mode: Mode
}

/** Columns of equal length; NaN where nothing is known. */
export interface LoadSeries {
  readonly router: string
  readonly interface: string
  readonly out: Float64Array
  readonly outMax: Float64Array
  readonly natural: Float64Array
  readonly naturalMax: Float64Array
  readonly planned: Float64Array
}

export interface Loads {
  readonly stepMs: number
  /** Beginning of the first step; each later one begins `stepMs` after the one before. */
  readonly startMs: number
  readonly steps: number
  readonly interfaces: readonly LoadSeries[]
}

/** What is within the range overlaps it; `limit` takes the newest. */
export interface RecordFilter {
  readonly fromMs: number | undefined
  readonly toMs: number | undefined
  readonly router: string | undefined
  readonly limit: number
}

export interface DecisionQuery extends RecordFilter {
  /** Only those with a smaller id. */
  readonly before: number | undefined
  /** Those about this prefix, about one that holds it, or about a part of it. */
  readonly prefix: string | undefined
  readonly kind: string | undefined
}

export interface OverrideQuery extends RecordFilter {
  /** Only those with a smaller row. */
  readonly before: number | undefined
  readonly prefix: string | undefined
  /** Either its natural exit or where it was moved to. */
  readonly interface: string | undefined
}

export interface AlarmQuery extends RecordFilter {
  readonly before: number | undefined
  readonly kind: string | undefined
}

export interface LoadQuery {
  readonly fromMs: number
  readonly toMs: number
  readonly router: string | undefined
  readonly interface: string | undefined
  /** Steps at most; there may be fewer. */
  readonly points: number
}

/** Questions to the history, each with its answer. */
export interface HistoryQuestions {
  readonly decisions: { readonly query: DecisionQuery; readonly answer: readonly DecisionRecord[] }
  readonly overrides: { readonly query: OverrideQuery; readonly answer: readonly OverrideSpan[] }
  readonly alarms: { readonly query: AlarmQuery; readonly answer: readonly AlarmSpan[] }
  readonly modes: { readonly query: RecordFilter; readonly answer: readonly ModeChangeRecord[] }
  readonly loads: { readonly query: LoadQuery; readonly answer: Loads }
}
export type HistoryQuestion = keyof HistoryQuestions
