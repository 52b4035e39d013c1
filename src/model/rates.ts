/** Traffic by destination: a sorted table that answers for any prefix by adding up a range. */
import { compareAddresses, contains, type Address, type Prefix } from './prefix.ts'

export interface Rate {
  readonly bps: number
  /** Samples behind `bps`; their number tells its error. */
  readonly samples: number
}

export const NO_RATE: Rate = { bps: 0, samples: 0 }

/** One destination on one egress interface. */
export interface DestinationRate extends Rate {
  readonly address: Address
  /** Index into the router's interfaces. */
  readonly interfaceIndex: number
}

/**
 * Rates of one router by destination and egress interface. Immutable. Built in O(n log n); the rate of a
 * prefix of any length costs O(log n), or O(rows of the prefix) when asked for one interface.
 */
export class Rates {
  static readonly EMPTY = new Rates([])
  readonly #rows: readonly DestinationRate[]
  /** Running totals: entry i is the sum of the rows before i. */
  readonly #bpsBefore: Float64Array
  readonly #samplesBefore: Float64Array

  constructor(rows: Iterable<DestinationRate>) {
    this.#rows = [...rows].sort(
      (a, b) => compareAddresses(a.address, b.address) || a.interfaceIndex - b.interfaceIndex,
    )
    this.#bpsBefore = new Float64Array(this.#rows.length + 1)
    this.#samplesBefore = new Float64Array(this.#rows.length + 1)
    this.#rows.forEach((row, i) => {
      this.#bpsBefore[i + 1] = this.#bpsBefore[i]! + row.bps
      this.#samplesBefore[i + 1] = this.#samplesBefore[i]! + row.samples
    })
  }

  /** All rows, by address, then by interface. */
  get rows(): readonly DestinationRate[] {
    return this.#rows
  }

  /** The rows whose destination lies in the prefix. */
  within(prefix: Prefix): readonly DestinationRate[] {
    return this.#rows.slice(this.#firstAtOrAfter(prefix), this.#firstBehind(prefix))
  }

  /** Rate towards a prefix, over all interfaces or over one. */
  towards(prefix: Prefix, interfaceIndex?: number): Rate {
    const [start, end] = [this.#firstAtOrAfter(prefix), this.#firstBehind(prefix)]
    if (interfaceIndex === undefined) {
      return {
        bps: Math.max(0, this.#bpsBefore[end]! - this.#bpsBefore[start]!),
        samples: this.#samplesBefore[end]! - this.#samplesBefore[start]!,
      }
    }
    let bps = 0
    let samples = 0
    for (let i = start; i < end; i++) {
      const row = this.#rows[i]!
      if (row.interfaceIndex !== interfaceIndex) continue
      bps += row.bps
      samples += row.samples
    }
    return { bps, samples }
  }

  #firstAtOrAfter(address: Address): number {
    return this.#search((row) => compareAddresses(row.address, address) >= 0)
  }

  #firstBehind(prefix: Prefix): number {
    return this.#search((row) => compareAddresses(row.address, prefix) > 0 && !contains(prefix, row.address))
  }

  /** Index of the first row for which `reached` holds; it must hold for all rows after it, too. */
  #search(reached: (row: DestinationRate) => boolean): number {
    let low = 0
    let high = this.#rows.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (reached(this.#rows[middle]!)) high = middle
      else low = middle + 1
    }
    return low
  }
}

/**
 * Relative error of a sampled rate at 95 % confidence: 1.96·√(1/n) for packets (sFlow.org, Packet Sampling
 * Basics), widened for the spread of packet lengths. 1 (and not more) for a handful of samples.
 */
export function relativeError(samples: number): number {
  const LENGTH_SPREAD = 1.2
  return samples === 0 ? 1 : Math.min(1, 1.96 * LENGTH_SPREAD * Math.sqrt(1 / samples))
}
