/** How an interface's flows compare with its counters. Pure but for its own state. */
import type { Contradiction } from '../../model/traffic.ts'
import type { FlowSum } from './flow-sum.ts'

/** The scale forgets older intervals so, takes so many samples, and stays within these bounds. */
const SCALE_MEMORY_MS = 120_000
const SCALE_SAMPLES = 100
const LOWEST_SCALE = 0.5
const HIGHEST_SCALE = 2

/** What is not trusted is judged by the last interval, or by some of them where they are short. */
const TRUST_MEMORY_MS = 15_000
/** Flows are not trusted beyond what the scale could make up for. */
const TRUST_FACTOR = 2
/** Nobody wants to lose trust, or to gain it, by chance. */
const TRUST_SIGMAS = 3
/**
 * Samples come up to a second later than the octets they stand for: so much of the link's capacity decides
 * nothing.
 */
const SKEW_MS = 2000
/**
 * A link as full as this drops packets, which an agent that samples where they come in has seen: flows may be
 * higher.
 */
const FULL_SHARE = 0.9

/** A difference is told from so much on, once it has lasted, if it matters to the link. */
const TOLD_SHARE = 0.1
const TOLD_AFTER_MS = 60_000
const TOLD_SIGMAS = 2
const SMALLEST_SHARE_TOLD = 0.01

/** Sums over intervals, older ones forgotten exponentially. */
interface Sums {
  readonly ms: number
  readonly counterBytes: number
  readonly flowBytes: number
  readonly flowSquares: number
  readonly samples: number
}

const NOTHING: Sums = { ms: 0, counterBytes: 0, flowBytes: 0, flowSquares: 0, samples: 0 }

/**
 * Compares octets of counters with the bytes that samples stand for in the same counter intervals. There are
 * two thresholds. From 10 % on, once it has lasted for a minute, a difference is told, and the scale makes up
 * for it: the usual causes (no Ethernet header in the samples' length, packets that no agent samples) are
 * harmless and constant. Beyond a factor of 2 the scale cannot, one of the two is plainly wrong, and nobody
 * knows which.
 *
 * An interface that was never sampled says nothing about flows, few samples say little: their error is
 * allowed for.
 */
export class FlowAgreement {
  #long = NOTHING
  #short = NOTHING
  #contradicts = false
  #capacityBps = Infinity

  /**
   * Counters over flows; within 0.5 … 2, and 1 as long as there are too few samples to tell.
   */
  get scale(): number {
    const { samples, flowBytes, counterBytes } = this.#long
    if (samples < SCALE_SAMPLES || flowBytes === 0) return 1
    return Math.min(HIGHEST_SCALE, Math.max(LOWEST_SCALE, counterBytes / flowBytes))
  }

  /** Undefined while they agree. */
  get contradiction(): Contradiction | undefined {
    if (this.#contradicts) return present(this.#short, false)
    return differs(this.#long, this.#capacityBps) ? present(this.#long, true) : undefined
  }

  /** Takes a counter interval; `capacityBps` is what the link can carry, Infinity when nobody knows. */
  observe(ms: number, counterBytes: number, flows: FlowSum, capacityBps: number): void {
    const interval = {
      ms,
      counterBytes,
      flowBytes: flows.bytes,
      flowSquares: flows.squares,
      samples: flows.samples,
    }
    const sampleBytes = typicalSample(this.#long)
    this.#capacityBps = capacityBps
    this.#short = addTo(this.#short, interval, TRUST_MEMORY_MS)
    this.#long = addTo(this.#long, interval, SCALE_MEMORY_MS)
    const contradicted = this.#contradicts
    this.#contradicts = contradicts(this.#short, capacityBps, sampleBytes ?? typicalSample(this.#long))
    // What was wrong must not be in the scale when it is trusted again.
    if (contradicted && !this.#contradicts) this.#long = interval
  }
}

function addTo(sums: Sums, interval: Sums, memoryMs: number): Sums {
  const kept = Math.exp(-interval.ms / memoryMs)
  return {
    ms: sums.ms * kept + interval.ms,
    counterBytes: sums.counterBytes * kept + interval.counterBytes,
    flowBytes: sums.flowBytes * kept + interval.flowBytes,
    flowSquares: sums.flowSquares * kept + interval.flowSquares,
    samples: sums.samples * kept + interval.samples,
  }
}

/** Bytes² of a sample of the usual size; undefined when there was none. */
function typicalSample({ samples, flowSquares }: Sums): number | undefined {
  return samples === 0 ? undefined : flowSquares / samples
}

function contradicts(sums: Sums, capacityBps: number, sampleSquared: number | undefined): boolean {
  // Never sampled: perhaps its agent does not.
  if (sampleSquared === undefined) return false
  const { ms, counterBytes, flowBytes, flowSquares } = sums
  const skewBytes = (SKEW_MS * capacityBps) / 8000
  const noiseBytes = TRUST_SIGMAS * Math.sqrt(Math.max(flowSquares, sampleSquared))
  const isFull = counterBytes >= (FULL_SHARE * capacityBps * ms) / 8000
  const flowsClaimMore = !isFull && flowBytes - noiseBytes > TRUST_FACTOR * counterBytes + skewBytes
  return flowsClaimMore || counterBytes > TRUST_FACTOR * (flowBytes + noiseBytes) + skewBytes
}

function differs({ ms, counterBytes, flowBytes, flowSquares, samples }: Sums, capacityBps: number): boolean {
  if (samples < SCALE_SAMPLES || ms < TOLD_AFTER_MS) return false
  const capacityBytes = (capacityBps * ms) / 8000
  if (flowBytes > counterBytes && counterBytes >= FULL_SHARE * capacityBytes) return false
  const toldBytes = TOLD_SHARE * Math.max(counterBytes, flowBytes) + TOLD_SIGMAS * Math.sqrt(flowSquares)
  return Math.abs(counterBytes - flowBytes) > Math.max(toldBytes, SMALLEST_SHARE_TOLD * capacityBytes)
}

function present({ ms, counterBytes, flowBytes }: Sums, isTrusted: boolean): Contradiction {
  return {
    kind: 'flows_disagree',
    countersBps: (counterBytes * 8000) / ms,
    flowsBps: (flowBytes * 8000) / ms,
    isTrusted,
  }
}
