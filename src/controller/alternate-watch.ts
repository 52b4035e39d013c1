/** Watches how much of a router's traffic no relief could move: there may be no alarm about it until a link is full. */
import { Rates } from '../model/rates.ts'
import type { Router } from '../model/topology.ts'
import type { Observation } from './observation.ts'
import type { RouterRoutes } from './plan/exits.ts'
import { sumWithoutAlternate } from './plan/without-alternate.ts'

/** To look at every destination takes a moment, which no cycle should be late for: each cycle looks at some. */
const LOOK_MS = 10_000

export class AlternateWatch {
  #rates = Rates.EMPTY
  #beganMs = -Infinity
  /** Rows that have been looked at, and their sums. */
  #looked = 0
  #sums: readonly number[] = []
  #last: readonly number[] | undefined

  /**
   * Goes on looking. By interface index, bit/s without an alternate as of the last look that is over; a look takes
   * 10 s of cycles. Undefined before the first, and while the routes are not known.
   */
  look(router: Router, { nowMs, traffic, session }: Observation, routes: RouterRoutes): readonly number[] | undefined {
    if (!session.synced) {
      this.#last = undefined
      this.#begin(router, Rates.EMPTY, -Infinity)
      return undefined
    }
    if (this.#looked === this.#rates.length && nowMs - this.#beganMs >= LOOK_MS) this.#begin(router, traffic.rates, nowMs)
    const { length } = this.#rates
    if (this.#looked === length) return this.#last
    const share = Math.min(1, (nowMs - this.#beganMs) / LOOK_MS)
    const end = Math.ceil(share * length)
    const part = sumWithoutAlternate(router, this.#rates.slice(this.#looked, end), routes)
    this.#sums = this.#sums.map((sum, i) => sum + part[i]!)
    this.#looked = end
    if (end === length) this.#last = this.#sums
    return this.#last
  }

  #begin(router: Router, rates: Rates, nowMs: number): void {
    this.#rates = rates
    this.#beganMs = rates.length === 0 ? -Infinity : nowMs
    this.#looked = 0
    this.#sums = router.interfaces.map(() => 0)
  }
}
