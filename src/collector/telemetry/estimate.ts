/**
 * What an interface carries now, from counters that are exact but late and flows that are early but noisy.
 * Pure.
 */
import { errorOf, findChange, rateOf, type FlowSum } from './flow-sum.ts'

/** What the counters said last. */
export interface CounterReading {
  /** Rate over the last counter interval, or over as many of them as span about 3 s. */
  readonly bps: number
  readonly startMs: number
  readonly endMs: number
  /** How often the counters use to come; undefined while unknown. */
  readonly intervalMs: number | undefined
  /** Flows since `startMs`; undefined when they cannot be compared. */
  readonly flows: FlowSum | undefined
}

/** Unscaled flows of an interface. */
export interface FlowReading {
  /**
   * Windows from the short to the long one, all of them ending with the last sample that came from its
   * router.
   */
  readonly windows: readonly [FlowSum, ...FlowSum[]]
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

/** To contradict counters a change must stand out so far from the noise of sampling. */
const CONTRADICTION_SIGMAS = 5
/** Between flows and flows an error costs no more than some noise. */
const CHANGE_SIGMAS = 4
/** Counters that missed so many intervals while flows went on are no longer what the interface carries. */
const LATE_INTERVALS = 3
const EXPECTED_INTERVAL_MS = 30_000

/**
 * The estimate, in this order:
 *
 * 1. The counter rate: exact, so its error is 0.
 * 2. The flows since the rate changed, when it did after the start of the counters' span: then the counters
 *    tell an average over the change at best. A change is where flows differ from those before it, back to
 *    that start, by more than 5 σ. Flows are compared with flows, so that a wrong scale contradicts nothing;
 *    the noise of both parts counts. A step shows as soon as the short window is full of it, and stays in
 *    view until counters have come that span nothing from before it.
 * 3. Without counters, or when they missed three intervals while flows went on: the flows of the long window
 *    or, after a change by more than 4 σ, of what came since.
 *
 * Flow rates are multiplied by `flowScale`. All ages are measured against the last flow and not against the
 * time of reading, so that in silence the last estimate stays.
 */
export function estimateOut(
  counters: CounterReading | undefined,
  flows: FlowReading | undefined,
  flowScale: number,
): Estimate {
  if (counters !== undefined && !isLate(counters, flows)) {
    if (flows !== undefined && counters.flows !== undefined) {
      const change = findChange(flows.windows, counters.flows, CONTRADICTION_SIGMAS)
      if (change !== undefined) return fromFlows(flows, change, flowScale)
    }
    const { bps, startMs, endMs } = counters
    return { outBps: bps, errorBps: 0, source: 'counters', spanStartMs: startMs, spanEndMs: endMs }
  }
  if (flows !== undefined) return fromFlows(flows, currentWindow(flows.windows), flowScale)
  return { outBps: undefined, errorBps: 0, source: 'none', spanStartMs: 0, spanEndMs: 0 }
}

/**
 * Index of the window that tells the rate now without counters: the long one or, after a change, what came
 * since.
 */
export function currentWindow(windows: FlowReading['windows']): number {
  return findChange(windows, windows.at(-1)!, CHANGE_SIGMAS) ?? windows.length - 1
}

function isLate(counters: CounterReading, flows: FlowReading | undefined): boolean {
  const intervalMs = counters.intervalMs ?? EXPECTED_INTERVAL_MS
  return flows !== undefined && flows.endMs - counters.endMs > LATE_INTERVALS * intervalMs
}

function fromFlows({ windows, endMs }: FlowReading, index: number, flowScale: number): Estimate {
  const window = windows[index]!
  return {
    outBps: rateOf(window) * flowScale,
    errorBps: errorOf(window, windows.at(-1)!) * flowScale,
    source: 'flows',
    spanStartMs: endMs - window.ms,
    spanEndMs: endMs,
  }
}
