/** Tells when a router has sent its table: GoBGP 3 does not pass its End-of-RIB on. Pure. */

const SPAN_MS = 2_000
/** So much may change in a span all the same: a full table is never still. */
const FREE_CHANGE = 10
const FREE_SHARE = 0.01

/**
 * A table has settled once its number of paths has (nearly) stood still for 2 s since its session came up.
 */
export class Settling {
  #settled = false
  #sinceMs: number
  #paths: number

  constructor(nowMs: number, paths: number) {
    this.#sinceMs = nowMs
    this.#paths = paths
  }

  /** To be asked now and then; once true it stays so. */
  settled(nowMs: number, paths: number): boolean {
    if (!this.#settled && nowMs - this.#sinceMs >= SPAN_MS) {
      this.#settled = Math.abs(paths - this.#paths) <= Math.max(FREE_CHANGE, FREE_SHARE * paths)
      this.#sinceMs = nowMs
      this.#paths = paths
    }
    return this.#settled
  }
}
