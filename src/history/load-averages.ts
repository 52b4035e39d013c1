/** Averages the loads of all interfaces over one step, cycle by cycle. */
import type { CycleReport } from '../controller/report.ts'
import type { LoadRecord } from './records.ts'

/** What one interface carried in the step so far. */
interface Sums {
  readonly router: string
  readonly interface: string
  readonly out: Average
  readonly natural: Average
  readonly planned: Average
}

export class LoadAverages {
  readonly #stepMs: number
  #startMs: number | undefined
  #sums = new Map<string, Sums>()

  constructor(stepMs: number) {
    this.#stepMs = stepMs
  }

  /** Returns the step before when the report begins another. */
  add({ startedMs, routers }: CycleReport): { readonly atMs: number; readonly loads: LoadRecord[] } | undefined {
    const startMs = startedMs - (startedMs % this.#stepMs)
    const finished = startMs === this.#startMs ? undefined : this.take()
    this.#startMs = startMs
    for (const { interfaces } of routers) {
      for (const { router, name, traffic, naturalBps, plannedBps, state } of interfaces) {
        // What silence keeps at its last value is not known.
        if (state === 'stale') continue
        const key = JSON.stringify([router, name])
        let sums = this.#sums.get(key)
        if (sums === undefined) {
          sums = { router, interface: name, out: new Average(), natural: new Average(), planned: new Average() }
          this.#sums.set(key, sums)
        }
        sums.out.add(traffic.outBps)
        sums.natural.add(naturalBps)
        sums.planned.add(plannedBps)
      }
    }
    return finished
  }

  /** What there is of the running step; undefined when there is nothing. */
  take(): { readonly atMs: number; readonly loads: LoadRecord[] } | undefined {
    if (this.#startMs === undefined || this.#sums.size === 0) return undefined
    const loads = [...this.#sums.values()].map(({ router, interface: name, out, natural, planned }) => ({
      router,
      interface: name,
      out: out.mean,
      outMax: out.max,
      natural: natural.mean,
      naturalMax: natural.max,
      planned: planned.mean,
    }))
    this.#sums = new Map()
    return { atMs: this.#startMs, loads }
  }
}

class Average {
  #sum = 0
  #count = 0
  #max = -Infinity

  add(value: number | undefined): void {
    if (value === undefined) return
    this.#sum += value
    this.#count++
    if (value > this.#max) this.#max = value
  }

  get mean(): number | null {
    return this.#count === 0 ? null : this.#sum / this.#count
  }

  get max(): number | null {
    return this.#count === 0 ? null : this.#max
  }
}
