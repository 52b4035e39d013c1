/** What an interface carries now, from counters that are exact but late and flows that are early but noisy. Pure. */
import { differ, errorOf, rateOf, without, type FlowSum } from './flow-sum.ts'

/** What the counters said last. */
export interface CounterReading {
  /** Rate over the last counter interval, or over as many of them as span about 3 s. */
  readonly bps: number
  readonly startMs: number
  readonly endMs: number
  /** How often the counters use to come; undefined while unknown. */
  readonly intervalMs: number | undefined
  /** Flows over the same span; undefined when they cannot be compared. */
  readonly flows: FlowSum | undefined
  /** Flows since then, at most those of the short window; undefined when they cannot be compared. */
  readonly flowsSince: FlowSum | undefined
}

/** Unscaled flows of an interface, the windows ending with the last sample that came from its router. */
export interface FlowReading {
  readonly short: FlowSum
  readonly long: FlowSum
  readonly endMs: number
}

export interface Estimate {
  readonly outBps: number | undefined
  /** At 95 % confidence, bit/s; 0 from counters. */
  readonly errorBps: number
  readonly source: 'counters' | 'flows' | 'none'
  readonly spanStartMs: number
  readonly spanEndMs: number
}

/** A change must stand out so far from the noise of sampling: of many interfaces read each second none errs in a day. */
const CONTRADICTION_SIGMAS = 5
/** The same where the price of an error is only some noise. */
const CHANGE_SIGMAS = 4
/** Exporters flush their samples up to once a second: less time after the counters tells more of that than of traffic. */
const SHORTEST_CONTRADICTION_MS = 2000
/** Counters that missed so many intervals while flows went on are no longer what the interface carries. */
const LATE_INTERVALS = 3
const EXPECTED_INTERVAL_MS = 30_000

/**
 * The estimate, in this order:
 *
 * 1. The counter rate: exact, so its error is 0.
 * 2. The flows since the counters, when they contradict it: their rate differs by more than 5 σ from that of the
 *    flows over the counters' own span, both with their noise of sampling. Flows are compared with flows, so that
 *    a wrong scale contradicts nothing. A step shows as soon as the samples can tell it, from 2 s after the
 *    counters on, and not in the first place with the next counters.
 * 3. Without counters, or when they missed three intervals while flows went on: the flows of the long window, or
 *    of the short one when it differs by more than 4 σ from the rest of the long one.
 *
 * Flow rates are multiplied by `flowScale`. "Since" and "late" are measured against the last flow and not against
 * the time of reading, so that in silence the last estimate stays.
 */
export function estimateOut(
  counters: CounterReading | undefined,
  flows: FlowReading | undefined,
  flowScale: number,
): Estimate {
  if (counters !== undefined && !isLate(counters, flows)) {
    const { flows: before, flowsSince: since } = counters
    if (flows !== undefined && before !== undefined && since !== undefined && contradicts(since, before)) {
      return fromFlows(since, flows, flowScale)
    }
    const { bps, startMs, endMs } = counters
    return { outBps: bps, errorBps: 0, source: 'counters', spanStartMs: startMs, spanEndMs: endMs }
  }
  if (flows !== undefined) return fromFlows(currentWindow(flows), flows, flowScale)
  return { outBps: undefined, errorBps: 0, source: 'none', spanStartMs: 0, spanEndMs: 0 }
}

/** The long window, unless the short one differs from the rest of it. */
function currentWindow({ short, long }: FlowReading): FlowSum {
  return differ(short, without(long, short), CHANGE_SIGMAS) ? short : long
}

function contradicts(since: FlowSum, before: FlowSum): boolean {
  return since.ms >= SHORTEST_CONTRADICTION_MS && differ(since, before, CONTRADICTION_SIGMAS)
}

function isLate(counters: CounterReading, flows: FlowReading | undefined): boolean {
  const intervalMs = counters.intervalMs ?? EXPECTED_INTERVAL_MS
  return flows !== undefined && flows.endMs - counters.endMs > LATE_INTERVALS * intervalMs
}

function fromFlows(sum: FlowSum, { long, endMs }: FlowReading, flowScale: number): Estimate {
  return {
    outBps: rateOf(sum) * flowScale,
    errorBps: errorOf(sum, long) * flowScale,
    source: 'flows',
    spanStartMs: endMs - sum.ms,
    spanEndMs: endMs,
  }
}
