/** The largest of many without sorting all: a binary heap (J. W. J. Williams, 1964). Pure but for its own state. */

/** Hands out the numbers from 0 up to `length`, the first in order first. */
export class LargestFirst {
  readonly #heap: Uint32Array
  readonly #compare: (a: number, b: number) => number
  #length: number

  constructor(length: number, compare: (a: number, b: number) => number) {
    this.#heap = new Uint32Array(length)
    for (let i = 0; i < length; i++) this.#heap[i] = i
    this.#compare = compare
    this.#length = length
    for (let at = (length >> 1) - 1; at >= 0; at--) this.#sink(at)
  }

  /** Undefined when none is left. */
  take(): number | undefined {
    if (this.#length === 0) return undefined
    const first = this.#heap[0]!
    this.#heap[0] = this.#heap[--this.#length]!
    this.#sink(0)
    return first
  }

  /** Those that have not been taken, in no order. */
  get left(): Uint32Array {
    return this.#heap.subarray(0, this.#length)
  }

  #sink(from: number): void {
    const heap = this.#heap
    const sinking = heap[from]!
    let at = from
    for (;;) {
      let child = 2 * at + 1
      if (child >= this.#length) break
      if (child + 1 < this.#length && this.#compare(heap[child + 1]!, heap[child]!) < 0) child++
      if (this.#compare(sinking, heap[child]!) <= 0) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = sinking
  }
}
