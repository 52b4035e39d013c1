/** Watches how much of a router's traffic no relief could move: there may be no alarm about it until a link is full. */
import type { Matches } from '../model/matches.ts'
import { Rates } from '../model/rates.ts'
import type { Router } from '../model/topology.ts'
import type { Observation } from './observation.ts'
import { addWithoutAlternate } from './plan/without-alternate.ts'
import type { RouteSource } from './ports.ts'

/** To look at every destination takes a moment, which no cycle should be late for: each cycle looks at some. */
const FIRST_LOOK_MS = 10_000
/** What has no alternate changes slowly, and on a full table a look takes half a second of CPU. */
const LOOK_MS = 60_000

const NO_MATCHES: Matches = { numbers: new Int32Array(), prefixes: [] }

export class AlternateWatch {
  #rates = Rates.EMPTY
  #matches = NO_MATCHES
  #beganMs = -Infinity
  /** Rows that have been looked at, and their sums. */
  #looked = 0
  #sums: number[] = []
  #last: readonly number[] | undefined

  /**
   * Goes on looking. By interface index, bit/s without an alternate as of the last look that is over; a look takes
   * a minute of cycles, the first one 10 s. Undefined before the first, and while the routes are not known.
   */
  look(router: Router, { nowMs, traffic, session }: Observation, routes: RouteSource): readonly number[] | undefined {
    if (!session.synced) {
      this.#last = undefined
      this.#begin(router, Rates.EMPTY, -Infinity)
      return undefined
    }
    if (this.#looked === this.#rates.length && nowMs - this.#beganMs >= this.#lookMs) {
      this.#begin(router, traffic.rates, nowMs)
      // The plan has just asked for the same.
      this.#matches = routes.matches(router.name, traffic.rates)
    }
    const { length } = this.#rates
    // Where all traffic has ceased there is nothing to look at.
    if (length === 0) this.#last &&= this.#sums
    if (this.#looked === length) return this.#last
    const share = Math.min(1, (nowMs - this.#beganMs) / this.#lookMs)
    const end = Math.ceil(share * length)
    addWithoutAlternate(this.#sums, router, this.#rates, this.#matches, routes, this.#looked, end)
    this.#looked = end
    if (end === length) this.#last = this.#sums
    return this.#last
  }

  get #lookMs(): number {
    return this.#last === undefined ? FIRST_LOOK_MS : LOOK_MS
  }

  #begin(router: Router, rates: Rates, nowMs: number): void {
    this.#rates = rates
    this.#matches = NO_MATCHES
    this.#beganMs = rates.length === 0 ? -Infinity : nowMs
    this.#looked = 0
    this.#sums = router.interfaces.map(() => 0)
  }
}
