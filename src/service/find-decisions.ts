/** Decisions of this process and of those before: the last ones are at hand, the others in the history. */
import type { LoggedDecision } from '../controller/decision-log.ts'
import type { DecisionQuery, DecisionRecord } from '../history/records.ts'
import { overlaps, parsePrefix } from '../model/prefix.ts'

/**
 * Newest first. `recent` are all since the oldest of them; what is older is asked of the history, and left out
 * when that rejects.
 */
export async function findDecisions(
  recent: readonly LoggedDecision[],
  query: DecisionQuery,
  askHistory: (query: DecisionQuery) => Promise<readonly DecisionRecord[]>,
): Promise<readonly LoggedDecision[]> {
  const found = recent.filter((decision) => isWanted(decision, query)).slice(0, query.limit)
  if (found.length === query.limit) return found
  const before = Math.min(query.before ?? Infinity, recent.at(-1)?.id ?? Infinity)
  const older = { ...query, before: before === Infinity ? undefined : before, limit: query.limit - found.length }
  const records = await askHistory(older).catch((): readonly DecisionRecord[] => [])
  return [...found, ...records.map(toDecision)]
}

function isWanted(decision: LoggedDecision, query: DecisionQuery): boolean {
  const { fromMs = -Infinity, toMs = Infinity, before = Infinity, router, kind, prefix } = query
  return (
    decision.id < before &&
    decision.atMs >= fromMs &&
    decision.atMs <= toMs &&
    (router === undefined || decision.router === router) &&
    (kind === undefined || decision.kind === kind) &&
    (prefix === undefined ||
      (decision.prefix !== undefined && overlaps(decision.prefix, parsePrefix(prefix))))
  )
}

function toDecision({ prefix, from, to, bps, ...rest }: DecisionRecord): LoggedDecision {
  return {
    ...rest,
    prefix: prefix === null ? undefined : parsePrefix(prefix),
    fromInterface: from ?? undefined,
    toInterface: to ?? undefined,
    bps: bps ?? undefined,
  }
}
