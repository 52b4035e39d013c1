/** Counters of a LAG made of those of its members, for exporters that send none of the LAG. Pure but for its own state. */
import type { CounterSample } from '../sflow/samples.ts'

/** ifStatus: bit 1 is ifOperStatus. */
const OPER_UP = 2

/** A sample and the uptime of its datagram. */
export interface TimedSample {
  readonly sample: Readonly<CounterSample>
  readonly uptimeMs: number
}

export class MemberCounters {
  readonly #ifIndex: number
  readonly #members: readonly number[]
  /** By ifIndex; and those that have come since the last sum. */
  readonly #last = new Map<number, TimedSample>()
  readonly #fresh = new Set<number>()

  /** `members`: their ifIndexes; at least one. */
  constructor(ifIndex: number, members: readonly number[]) {
    this.#ifIndex = ifIndex
    this.#members = members
  }

  /**
   * Takes a sample of a member. Returns the sum when each has told something new since the last one; undefined
   * otherwise: a member that is silent makes the LAG silent, never emptier. Members tell at different times, but
   * each over intervals of the same length, which those of the first are taken for.
   */
  add(sample: Readonly<CounterSample>, uptimeMs: number): TimedSample | undefined {
    this.#last.set(sample.ifIndex, { sample: { ...sample }, uptimeMs })
    this.#fresh.add(sample.ifIndex)
    if (this.#fresh.size < this.#members.length) return undefined
    this.#fresh.clear()
    return this.#sum()
  }

  #sum(): TimedSample {
    const samples = this.#members.map((member) => this.#last.get(member)!.sample)
    const up = samples.filter(({ status }) => (status & OPER_UP) !== 0)
    const sum = (figure: keyof CounterSample, of = samples): number =>
      of.reduce((total, one) => total + one[figure], 0)
    const { sample, uptimeMs } = this.#last.get(this.#members[0]!)!
    return {
      uptimeMs,
      sample: {
        ...sample,
        ifIndex: this.#ifIndex,
        speedBps: sum('speedBps', up),
        status: up.length > 0 ? sample.status | OPER_UP : sample.status & ~OPER_UP,
        // A member that does not count octets leaves those of the LAG unknown.
        outOctets: samples.some(({ outOctets }) => outOctets < 0) ? -1 : sum('outOctets'),
        // Totals of 32 bits that wrap.
        inErrors: sum('inErrors') >>> 0,
        outErrors: sum('outErrors') >>> 0,
        inDiscards: sum('inDiscards') >>> 0,
        outDiscards: sum('outDiscards') >>> 0,
      },
    }
  }
}
