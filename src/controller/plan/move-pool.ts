/** The moves that a relief may still choose from. Pure but for its own state. */
import type { Move } from './moves.ts'

/**
 * Hands out each move once. A choice costs O(log n): an overloaded link may have 100,000 prefixes to choose
 * from.
 */
export class MovePool {
  /** The largest first. */
  readonly #bps: Float64Array
  /** By index: the first move with the same rate. */
  readonly #firstAlike: Int32Array
  /** By index: it, or the way to the first move behind it that is left; the last entry means none. */
  readonly #next: Int32Array
  /** By index + 1: it, or the way to the last move before it that is left; the first entry means none. */
  readonly #previous: Int32Array
  /** What was asked for last, and the first move that is smaller. */
  #excessBps = NaN
  #firstBelow = 0

  /** Of moves that are sorted, the largest first. */
  constructor(sorted: readonly Pick<Move, 'bps'>[]) {
    const { length } = sorted
    this.#bps = new Float64Array(length)
    this.#firstAlike = new Int32Array(length)
    this.#next = new Int32Array(length + 1)
    for (let i = 0; i < length; i++) {
      const { bps } = sorted[i]!
      this.#bps[i] = bps
      this.#firstAlike[i] = i > 0 && this.#bps[i - 1] === bps ? this.#firstAlike[i - 1]! : i
      this.#next[i] = i
    }
    this.#next[length] = length
    this.#previous = this.#next.slice()
  }

  /**
   * Index of the smallest move that suffices alone, or else of the largest; of equal ones the first.
   * Undefined when none is left.
   */
  take(excessBps: number): number | undefined {
    const largest = follow(this.#next, 0)
    if (largest === this.#bps.length) return undefined
    // A move that could not be made leaves the excess as it was.
    if (excessBps !== this.#excessBps) {
      this.#excessBps = excessBps
      this.#firstBelow = this.#firstWhere((bps) => bps < excessBps)
    }
    const sufficient = follow(this.#previous, this.#firstBelow)
    const taken = follow(this.#next, this.#firstAlike[sufficient === 0 ? largest : sufficient - 1]!)
    this.#next[taken] = taken + 1
    this.#previous[taken + 1] = taken
    return taken
  }

  /** Index of the first move for which `reached` holds; it must hold for all moves after it, too. */
  #firstWhere(reached: (bps: number) => boolean): number {
    let low = 0
    let high = this.#bps.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (reached(this.#bps[middle]!)) high = middle
      else low = middle + 1
    }
    return low
  }
}

/** Where the way from `at` ends; it is shortened for those who come after. */
function follow(links: Int32Array, at: number): number {
  while (links[at] !== at) {
    links[at] = links[links[at]!]!
    at = links[at]!
  }
  return at
}
