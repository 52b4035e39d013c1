/** Warnings that come no faster than an operator can read, whatever arrives. */
import type { Logger } from 'pino'
import type { Clock } from '../model/clock.ts'

const INTERVAL_MS = 10_000

/** Kinds are few and known: their number bounds the memory. */
export class LimitedLog {
  readonly #logger: Logger
  readonly #clock: Clock
  readonly #kinds = new Map<string, { loggedMs: number; suppressed: number }>()

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger
    this.#clock = clock
  }

  /** Logs one line per kind every 10 s at most; the next one tells how many were left out. */
  warn(kind: string, message: string, fields: () => object): void {
    const nowMs = this.#clock()
    const state = this.#kinds.get(kind)
    if (state !== undefined && nowMs - state.loggedMs < INTERVAL_MS) {
      state.suppressed++
      return
    }
    this.#kinds.set(kind, { loggedMs: nowMs, suppressed: 0 })
    this.#logger.warn({ ...fields(), suppressed: state?.suppressed ?? 0 }, message)
  }
}
