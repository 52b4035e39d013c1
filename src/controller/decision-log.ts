/** The last decisions, newest first. What only repeats itself cycle after cycle is kept once. */
import type { Decision, DecisionKind } from '../model/decision.ts'

const KEPT = 2000

/** A decision with its place among all others, those of earlier processes too: newer ones have larger ids. */
export interface LoggedDecision extends Decision {
  /** Milliseconds since the epoch × 1000, and a count within the millisecond. */
  readonly id: number
}

/** These describe a lasting condition; the others are events. */
const LASTING: ReadonlySet<DecisionKind> = new Set(['cannot_relieve', 'hold_back'])

export class DecisionLog {
  #decisions: LoggedDecision[] = []
  #lastId = 0
  /** Lasting conditions as of each router's last cycle. */
  readonly #standing = new Map<string, ReadonlySet<string>>()

  /** Takes a router's decisions of one cycle; returns those that are news. */
  record(router: string, decisions: readonly Decision[]): readonly LoggedDecision[] {
    const before = this.#standing.get(router)
    this.#standing.set(router, new Set(decisions.filter(({ kind }) => LASTING.has(kind)).map(conditionOf)))
    const news = decisions
      .filter((d) => !LASTING.has(d.kind) || before?.has(conditionOf(d)) !== true)
      .map((d) => ({ ...d, id: this.#nextId(d.atMs) }))
    this.#decisions = [...news.toReversed(), ...this.#decisions].slice(0, KEPT)
    return news
  }

  newestFirst({
    router,
    limit = KEPT,
  }: {
    router?: string | undefined
    limit?: number | undefined
  }): readonly LoggedDecision[] {
    return this.#decisions.filter((d) => router === undefined || d.router === router).slice(0, limit)
  }

  #nextId(atMs: number): number {
    this.#lastId = Math.max(this.#lastId + 1, Math.floor(atMs) * 1000)
    return this.#lastId
  }
}

/** The condition without its figures, which change from cycle to cycle. */
function conditionOf({ kind, fromInterface, prefix, reason }: Decision): string {
  return [
    kind,
    fromInterface,
    prefix?.w0,
    prefix?.length,
    reason.replace(/[\d.]+ ?[kMGT]?(bps|%)?/g, ''),
  ].join('|')
}
