/** How often something uses to come. Pure but for its own state. */

/** Memory of what is usual. */
const MEMORY_MS = 60_000
/**
 * A longer gap than this many usual ones is an outage; it counts as no more, so that it is not taken for
 * usual.
 */
const OUTAGE_GAPS = 3
const SHORTEST_OUTAGE_MS = 10_000

/**
 * Learns the usual gap between arrivals. Each gap weighs by its own length, so that a burst of twenty
 * datagrams every 10 s has a gap of 10 s and not of half a second: the gap in which a random moment falls.
 */
export class Cadence {
  #lastMs: number | undefined
  #gapMs: number | undefined
  #learnedMs = 0

  /** When the last one came; undefined before the first. */
  get lastMs(): number | undefined {
    return this.#lastMs
  }

  /** The usual gap, ms; undefined before the second arrival. */
  get gapMs(): number | undefined {
    return this.#gapMs
  }

  /** Something came at `nowMs`; what came before the last one tells nothing. */
  observe(nowMs: number): void {
    const gapMs = nowMs - (this.#lastMs ?? nowMs)
    this.#lastMs ??= nowMs
    if (gapMs <= 0) return
    this.#lastMs = nowMs
    const usualMs = this.#gapMs ?? gapMs
    const isLearning = this.#learnedMs < MEMORY_MS
    const outageMs = Math.max(OUTAGE_GAPS * usualMs, SHORTEST_OUTAGE_MS)
    const countedMs = isLearning ? gapMs : Math.min(gapMs, outageMs)
    this.#learnedMs = Math.min(this.#learnedMs + countedMs, MEMORY_MS)
    this.#gapMs = usualMs + ((countedMs - usualMs) * countedMs) / Math.max(this.#learnedMs, countedMs)
  }

  /** Waiting until `nowMs` was no gap: something else told that there was nothing to come. */
  excuse(nowMs: number): void {
    this.#lastMs = nowMs
  }
}
