/** The moves that a relief may still choose from. Pure but for its own state. */
import type { Move } from './moves.ts'

/** Hands out each move once. A choice costs O(log n): an overloaded link may have 100,000 prefixes to choose from. */
export class MovePool {
  /** The largest first. */
  readonly #moves: readonly Pick<Move, 'bps'>[]
  /** By index: it, or the way to the first move behind it that is left; the last entry means none. */
  readonly #next: Int32Array
  /** By index + 1: it, or the way to the last move before it that is left; the first entry means none. */
  readonly #previous: Int32Array

  /** Of moves that are sorted, the largest first. */
  constructor(sorted: readonly Pick<Move, 'bps'>[]) {
    this.#moves = sorted
    this.#next = Int32Array.from({ length: sorted.length + 1 }, (_, i) => i)
    this.#previous = this.#next.slice()
  }

  /**
   * Index of the smallest move that suffices alone, or else of the largest; of equal ones the first. Undefined when
   * none is left.
   */
  take(excessBps: number): number | undefined {
    const largest = follow(this.#next, 0)
    if (largest === this.#moves.length) return undefined
    const sufficient = follow(this.#previous, this.#firstWhere((bps) => bps < excessBps))
    const { bps } = this.#moves[sufficient === 0 ? largest : sufficient - 1]!
    const taken = follow(this.#next, this.#firstWhere((other) => other <= bps))
    this.#next[taken] = taken + 1
    this.#previous[taken + 1] = taken
    return taken
  }

  /** Index of the first move for which `reached` holds; it must hold for all moves after it, too. */
  #firstWhere(reached: (bps: number) => boolean): number {
    let low = 0
    let high = this.#moves.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (reached(this.#moves[middle]!.bps)) high = middle
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
