/**
 * What an intake and its reader share, in one thread or in two: two batches, of which one is being filled.
 */
import { FlowBatch, type BatchShape } from './flow-batch.ts'
import { IntakeStats } from './intake-stats.ts'

/** Crosses to other threads as it is. */
export interface IntakeMemory {
  readonly shape: BatchShape
  readonly batches: readonly [SharedArrayBuffer, SharedArrayBuffer]
  readonly control: SharedArrayBuffer
  readonly stats: SharedArrayBuffer
}

/** Words of `control`: per batch whether it waits for its reader, and whether the writer shall stop. */
const STOP = 2
const CONTROL_WORDS = 3
const WAITS = 1

export function createIntakeMemory(shape: BatchShape): IntakeMemory {
  const size = FlowBatch.size(shape)
  return {
    shape,
    batches: [new SharedArrayBuffer(size), new SharedArrayBuffer(size)],
    control: new SharedArrayBuffer(4 * CONTROL_WORDS),
    stats: new SharedArrayBuffer(IntakeStats.size(shape.agents)),
  }
}

export class SharedIntake {
  readonly stats: IntakeStats
  readonly #batches: readonly FlowBatch[]
  readonly #control: Int32Array
  #filled = 0

  constructor({ shape, batches, control, stats }: IntakeMemory) {
    this.stats = new IntakeStats(stats)
    this.#batches = batches.map((memory) => new FlowBatch(memory, shape))
    this.#control = new Int32Array(control)
  }

  /** Writer: the batch that is being filled. */
  get batch(): FlowBatch {
    return this.#batches[this.#filled]!
  }

  /**
   * Writer: leaves the batch to the reader and goes on with the other; false as long as that one is not read.
   */
  handOver(): boolean {
    const other = 1 - this.#filled
    if (Atomics.load(this.#control, other) === WAITS) return false
    this.batch.destinations.settle()
    Atomics.store(this.#control, this.#filled, WAITS)
    this.#filled = other
    return true
  }

  /** Writer: waits for so long; false when it shall stop. */
  wait(ms: number): boolean {
    Atomics.wait(this.#control, STOP, 0, ms)
    return Atomics.load(this.#control, STOP) === 0
  }

  /** Reader: takes the batch that was handed over, if there is one. */
  take(reader: (batch: FlowBatch) => void): void {
    for (const [i, batch] of this.#batches.entries()) {
      if (Atomics.load(this.#control, i) !== WAITS) continue
      reader(batch)
      batch.clear()
      Atomics.store(this.#control, i, 0)
    }
  }

  /** Reader: the writer shall stop. */
  stop(): void {
    Atomics.store(this.#control, STOP, 1)
    Atomics.notify(this.#control, STOP)
  }
}
