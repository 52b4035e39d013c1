/** What is counted for the metrics, and nowhere else. */
import type { Stats } from '../api/view.ts'
import type { Bgp } from '../bgp/bgp.ts'
import type { Decision, DecisionKind } from '../model/decision.ts'

/** By router. */
export type DecisionCounts = Map<string, Partial<Record<DecisionKind, number>>>

export function countDecisions(counts: DecisionCounts, decisions: readonly Decision[]): void {
  for (const { router, kind } of decisions) {
    const ofRouter = counts.get(router) ?? {}
    ofRouter[kind] = (ofRouter[kind] ?? 0) + 1
    counts.set(router, ofRouter)
  }
}

export function countGobgp(bgp: Bgp): Stats['gobgp'] {
  const connected = new Map(bgp.status().map((status) => [status.target, status.connected]))
  return bgp.stats().map(({ target, calls, waitingAdditions, resyncs }) => ({
    target,
    connected: connected.get(target) ?? false,
    calls,
    waitingAdditions,
    resyncs,
  }))
}
