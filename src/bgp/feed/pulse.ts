/** Tells a gobgpd that is busy from one that hangs. */
import type { Clock } from '../../model/clock.ts'
import { isLate } from '../wire/retry.ts'

/** Who has told or answered something so short a time ago is not hanging. */
const ALIVE_MS = 3_000
/**
 * And for each path longer: while GoBGP drops those of a session that went, it answers and tells nothing. That
 * takes it 12 to 27 µs of CPU a path (measured with 3.10 and 4.8), and longer where others want its processors, too.
 */
const BUSY_MS_PER_PATH = 0.05

/**
 * A full table that comes in keeps gobgpd from answering calls for seconds, and so does listing one: to give
 * the connection up for that, and to read everything anew, would only make it worse.
 */
export class Pulse {
  readonly #clock: Clock
  readonly #paths: () => number
  #toldMs = -Infinity
  #lists = 0

  /** `paths`: how many GoBGP holds. */
  constructor(clock: Clock, paths: () => number) {
    this.#clock = clock
    this.#paths = paths
  }

  /** GoBGP has told something, of its own accord or asked. */
  beat(): void {
    this.#toldMs = this.#clock()
  }

  /** Does what makes GoBGP gather a whole table; that has a deadline of its own. */
  async whileListing<T>(list: () => Promise<T>): Promise<T> {
    this.#lists++
    try {
      return await list()
    } finally {
      this.#lists--
    }
  }

  /** True when the error says that an answer was late, and GoBGP is known to live. */
  excuses(error: unknown): boolean {
    const aliveMs = ALIVE_MS + BUSY_MS_PER_PATH * this.#paths()
    return isLate(error) && (this.#lists > 0 || this.#clock() - this.#toldMs < aliveMs)
  }
}
