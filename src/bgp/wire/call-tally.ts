/** Counts the calls to one gobgpd, over all connections to it. */
import { status } from '@grpc/grpc-js'

export interface CallCounts {
  /** Made since start. */
  readonly calls: number
  /** Not answered yet. */
  readonly underWay: number
  /** Failed since start, by gRPC's name of the status: `UNAVAILABLE`, `DEADLINE_EXCEEDED` and so on. */
  readonly failed: ReadonlyMap<string, number>
  /** That all which were answered or failed took together, s. */
  readonly seconds: number
}

export class CallTally implements CallCounts {
  calls = 0
  underWay = 0
  seconds = 0
  readonly #failed = new Map<string, number>()

  /** Returns what is to be called once, at the end of the call; with its status when it failed. */
  begin(): (failure?: status) => void {
    const beganMs = performance.now()
    this.calls++
    this.underWay++
    return (failure) => {
      this.underWay--
      this.seconds += (performance.now() - beganMs) / 1000
      if (failure !== undefined) this.fail(failure)
    }
  }

  /** Counts what failed without having been a call that ends, as a stream. */
  fail(code: status): void {
    const name = status[code] ?? 'UNKNOWN'
    this.#failed.set(name, (this.#failed.get(name) ?? 0) + 1)
  }

  get failed(): ReadonlyMap<string, number> {
    return this.#failed
  }
}
