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

/** 95 % of a normal distribution lies within so many standard deviations. */
const SIGMAS_95 = 1.96

/** Less than this is no span to divide by: exporters hold samples back for up to 1 s (sFlow version 5, section 3). */
const SHORTEST_SPAN_MS = 1000

/** bit/s. */
export function rateOf({ bytes, ms }: FlowSum): number {
  return bitsPerSecond(bytes, ms)
}

/**
 * Error of `rateOf` at 95 % confidence, bit/s. Samples are Poisson events that each stand for
 * x = length × rate bytes, so Var(Σx) = Σx² (compound Poisson process), whatever the mix of lengths and rates.
 * No samples are as good as up to one of the usual size, which `typical` tells.
 */
export function errorOf({ squares, ms }: FlowSum, typical: FlowSum): number {
  const oneSample = typical.samples === 0 ? 0 : typical.squares / typical.samples
  return bitsPerSecond(SIGMAS_95 * Math.sqrt(Math.max(squares, oneSample)), ms)
}

/**
 * True when two separate spans cannot have carried the same rate: their rates lie more than `sigmas` standard
 * deviations of the difference apart. The variance per ms is that of both spans taken as one, as it would be if
 * they did carry the same.
 */
export function differ(a: FlowSum, b: FlowSum, sigmas: number): boolean {
  if (a.ms <= 0 || b.ms <= 0) return false
  const variancePerMs = (a.squares + b.squares) / (a.ms + b.ms)
  const difference = a.bytes / a.ms - b.bytes / b.ms
  return difference ** 2 > sigmas ** 2 * variancePerMs * (1 / a.ms + 1 / b.ms)
}

/** What is left of `whole` without its last part. */
export function without(whole: FlowSum, part: FlowSum): FlowSum {
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
