/** Guard 7: silence is not zero. Pure. */
import type { InterfaceTraffic, Telemetry } from '../model/traffic.ts'
import type { TelemetryState } from './report.ts'

export interface SilencePolicy {
  readonly staleAfterMs: number
  readonly withdrawAfterMs: number
}

/** Exporters batch and networks delay: what is late by less is not missed. */
const GRACE_MS = 1000

/** Intervals are learned; until then, and for very chatty exporters, at least this one is expected. */
const SHORTEST_INTERVAL_MS = 1000

/** Below this share of the links' speed a router may well send no samples: it is quiet, not silent. */
const QUIET_SHARE = 0.001

/**
 * How far a router's telemetry can be trusted: `fresh`; `silent` when its samples or its counters missed two
 * expected intervals; `stale` and `lost` after the configured times. A router that never sent counters is not
 * expected to. `listeningSinceMs` is when we began to wait for the first sample.
 */
export function telemetryState(
  telemetry: Telemetry,
  interfaces: readonly InterfaceTraffic[],
  nowMs: number,
  listeningSinceMs: number,
  policy: SilencePolicy,
): TelemetryState {
  const { lastFlowMs, flowIntervalMs, lastCounterMs, counterIntervalMs } = telemetry
  const counterGap = lastCounterMs === undefined ? 0 : nowMs - lastCounterMs
  const countersMissed = missed(counterGap, counterIntervalMs, policy)
  const isQuiet = lastCounterMs !== undefined && !countersMissed && interfaces.every(carriesNothing)
  const flowGap = isQuiet ? 0 : nowMs - (lastFlowMs ?? listeningSinceMs)
  const gap = Math.max(flowGap, counterGap)
  if (gap > policy.withdrawAfterMs) return 'lost'
  if (gap > policy.staleAfterMs) return 'stale'
  const neverHeard = lastFlowMs === undefined && !isQuiet
  return neverHeard || countersMissed || missed(flowGap, flowIntervalMs, policy) ? 'silent' : 'fresh'
}

function missed(gapMs: number, intervalMs: number | undefined, policy: SilencePolicy): boolean {
  const expected = intervalMs === undefined ? policy.staleAfterMs / 2 : Math.max(intervalMs, SHORTEST_INTERVAL_MS)
  return gapMs > 2 * expected + GRACE_MS
}

function carriesNothing({ source, outBps, speedBps }: InterfaceTraffic): boolean {
  return source === 'none' || (source === 'counters' && (outBps ?? 0) < (speedBps ?? 0) * QUIET_SHARE)
}
