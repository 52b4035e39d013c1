/** Warnings that come no faster than an operator can read, whatever arrives. */
import type { Logger } from 'pino'
import type { Clock } from '../model/clock.ts'

const INTERVAL_MS = 10_000

/** Kinds are few and known: their number bounds the memory. */
export class LimitedLog {
  readonly #logger: Logger
  readonly #clock: Clock
  readonly #kinds = new Map<string, { loggedMs: number; untold: number }>()

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger
    this.#clock = clock
  }

  /** Logs one line per kind every 10 s at most; its `count` tells of all since the last one. */
  warn(kind: string, message: string, count: number, fields: () => object): void {
    const nowMs = this.#clock()
    const state = this.#kinds.get(kind)
    if (state !== undefined && nowMs - state.loggedMs < INTERVAL_MS) {
      state.untold += count
      return
    }
    this.#kinds.set(kind, { loggedMs: nowMs, untold: 0 })
    this.#logger.warn({ ...fields(), count: (state?.untold ?? 0) + count }, message)
  }
}
