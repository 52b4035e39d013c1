/** Sums of sampled traffic over a span of time, and what they tell. Pure. */

/** What an interface's samples add up to over a span. */
export interface FlowSum {
  /** Time that it covers. */
  readonly ms: number
  /** Σ frame length × sampling rate. */
  readonly bytes: number
  /** Σ (frame length × sampling rate)²: the variance of `bytes`. */
  readonly squares: number
  readonly samples: number
}

/** Exporters flush their samples up to once a second: less time tells more of that than of traffic. */
const SHORTEST_EVIDENCE_MS = 2000

/** 95 % of a normal distribution lies within so many standard deviations. */
const SIGMAS_95 = 1.96

/** Less than this is no span to divide by: exporters hold samples back for up to 1 s (sFlow version 5). */
const SHORTEST_SPAN_MS = 1000

/** bit/s. */
export function rateOf({ bytes, ms }: FlowSum): number {
  return bitsPerSecond(bytes, ms)
}

/**
 * Error of `rateOf` at 95 % confidence, bit/s. Samples are Poisson events that each stand for x = length ×
 * rate bytes, so Var(Σx) = Σx² (compound Poisson process), whatever the mix of lengths and rates. No samples
 * are as good as up to one of the usual size, which `typical` tells.
 */
export function errorOf({ squares, ms }: FlowSum, typical: FlowSum): number {
  const oneSample = typical.samples === 0 ? 0 : typical.squares / typical.samples
  return bitsPerSecond(SIGMAS_95 * Math.sqrt(Math.max(squares, oneSample)), ms)
}

/**
 * How many standard deviations the rates of two separate spans lie apart. The variance per ms is that of both
 * spans taken as one, as it would be if they carried the same rate. 0 when there is nothing to tell it by.
 */
export function sigmasApart(a: FlowSum, b: FlowSum): number {
  const squares = a.squares + b.squares
  if (a.ms <= 0 || b.ms <= 0 || squares === 0) return 0
  const variance = (squares / (a.ms + b.ms)) * (1 / a.ms + 1 / b.ms)
  return Math.abs(a.bytes / a.ms - b.bytes / b.ms) / Math.sqrt(variance)
}

/**
 * Index of the window, out of nested ones that end together, that goes back to where the rate last changed
 * within `whole`: the one that differs most from what of `whole` came before it, if that is by more than
 * `sigmas`. Undefined when nothing changed. What came before a change tells nothing of the rate now.
 */
export function findChange(windows: readonly FlowSum[], whole: FlowSum, sigmas: number): number | undefined {
  let change: number | undefined
  let most = sigmas
  for (const [i, window] of windows.entries()) {
    const rest = without(whole, window)
    if (window.ms < SHORTEST_EVIDENCE_MS || rest.ms < SHORTEST_EVIDENCE_MS) continue
    const apart = sigmasApart(window, rest)
    if (apart > most) [change, most] = [i, apart]
  }
  return change
}

/** What is left of `whole` without its last part. */
function without(whole: FlowSum, part: FlowSum): FlowSum {
  return {
    ms: whole.ms - part.ms,
    bytes: whole.bytes - part.bytes,
    squares: whole.squares - part.squares,
    samples: whole.samples - part.samples,
  }
}

/** Bytes over a span as bit/s; spans below a second count as one. */
export function bitsPerSecond(bytes: number, ms: number): number {
  return (bytes * 8000) / Math.max(ms, SHORTEST_SPAN_MS)
}
