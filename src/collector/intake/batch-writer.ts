/** Cuts what comes into batches. */
import { Intake, type IntakeOptions } from './intake.ts'
import type { SharedIntake } from './shared-intake.ts'

/**
 * A batch spans so long, and longer by so much for each destination that it remembers: the more there are,
 * the more it spares its reader to have their samples added up. Nothing is lost by it but time: rates are as
 * exact as the batch is late.
 */
const SHORTEST_BATCH_MS = 100
const MS_PER_DESTINATION = 1 / 200

export class BatchWriter {
  readonly #shared: SharedIntake
  readonly #intake: Intake
  /** When the first of the batch came; undefined while it is empty. */
  #firstMs: number | undefined

  constructor(shared: SharedIntake, options: Omit<IntakeOptions, 'stats'>) {
    this.#shared = shared
    this.#intake = new Intake({ ...options, stats: shared.stats }, shared.batch)
  }

  /** Counts the datagram in the first `end` bytes; `nowMs` never goes back. */
  receive(bytes: Uint8Array, end: number, nowMs: number): void {
    this.handOverDue(nowMs)
    this.#firstMs ??= nowMs
    this.#intake.receive(bytes, end, nowMs)
  }

  /** Hands over what has come for long enough; see `handOver`. */
  handOverDue(nowMs: number): boolean {
    if (this.#firstMs === undefined) return false
    const { destinations } = this.#shared.batch
    const spanMs = SHORTEST_BATCH_MS + destinations.size * MS_PER_DESTINATION
    return nowMs - this.#firstMs >= spanMs && this.handOver()
  }

  /** Hands over what has come, if its reader is done with what it had before; true when it did. */
  handOver(): boolean {
    this.#intake.publish()
    if (this.#firstMs === undefined || !this.#shared.handOver()) return false
    this.#firstMs = undefined
    this.#intake.countInto(this.#shared.batch)
    return true
  }

  /** Brings the stats up to date. */
  publish(): void {
    this.#intake.publish()
  }
}
