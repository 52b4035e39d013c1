/** Traffic by destination: a sorted table that answers for any prefix by adding up a range. */
import { lastAddressOf, type Address, type Prefix } from './prefix.ts'
import { interfaceOf, isSix, KEY_WORDS, sortDestinations } from './sort-destinations.ts'

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

/** Rates as numbers, in no order; who hands them over changes them no more. */
export interface RateColumns {
  readonly length: number
  /** See `KEY_WORDS`; may be longer, as the others. */
  readonly keys: Uint32Array
  readonly bps: Float64Array
  readonly samples: Float64Array
}

interface Source {
  readonly columns: RateColumns
  table?: Table
}

/** Rows by address, then by interface, and running totals: entry i is the sum of the rows before i. */
interface Table {
  /** Rows before this one are IPv4. */
  readonly firstSix: number
  /** Four a row. */
  readonly words: Uint32Array
  readonly interfaces: Uint32Array
  readonly bps: Float64Array
  readonly bpsBefore: Float64Array
  readonly samplesBefore: Float64Array
  /** Rows as objects, made when they are first asked for. */
  readonly rows: (DestinationRate | undefined)[]
}

/**
 * Rates of one router by destination and egress interface. Immutable. They are sorted, in O(n), when somebody
 * first asks for one of them: most who read a router's traffic want to know its interfaces only. The rate of a
 * prefix of any length then costs O(log n), or O(rows of the prefix) when asked for one interface.
 */
export class Rates {
  static readonly EMPTY = new Rates([])
  readonly #source: Source
  /** Its part of the table, which others may share. */
  readonly #start: number
  readonly #end: number

  constructor(rows: Iterable<DestinationRate>)
  constructor(columns: RateColumns)
  constructor(part: { readonly of: Rates; readonly start: number; readonly end: number })
  constructor(
    from: Iterable<DestinationRate> | RateColumns | { of: Rates; start: number; end: number },
  ) {
    if ('of' in from) {
      this.#source = from.of.#source
      this.#start = from.of.#start + from.start
      this.#end = from.of.#start + from.end
      return
    }
    this.#source = 'bps' in from ? { columns: from } : { columns: columnsOf([...from]) }
    this.#start = 0
    this.#end = this.#source.columns.length
  }

  get #table(): Table {
    this.#source.table ??= tabulate(this.#source.columns)
    return this.#source.table
  }

  /** Number of rows. */
  get length(): number {
    return this.#end - this.#start
  }

  /** All rows, by address, then by interface. */
  get rows(): readonly DestinationRate[] {
    return this.#rowsFrom(this.#start, this.#end)
  }

  /** Destination of a row. */
  addressAt(row: number): Address {
    const at = this.#start + row
    const { rows, words, firstSix } = this.#table
    return (
      rows[at]?.address ?? {
        family: at < firstSix ? 4 : 6,
        w0: words[at * 4]!, w1: words[at * 4 + 1]!, w2: words[at * 4 + 2]!, w3: words[at * 4 + 3]!,
      }
    )
  }

  /** Index of a row's interface among the router's. */
  interfaceAt(row: number): number {
    return this.#table.interfaces[this.#start + row]!
  }

  /** Rate of a row, bit/s. */
  bpsAt(row: number): number {
    return this.#table.bps[this.#start + row]!
  }

  /** The interface with the highest rate, of equal ones the first, as index; undefined without rows. */
  busiestInterface(): number | undefined {
    const { interfaces, bps } = this.#table
    const first = interfaces[this.#start]!
    let at = this.#start
    while (at < this.#end && interfaces[at] === first) at++
    if (at === this.#end) return this.length === 0 ? undefined : first
    const sums = new Map<number, number>()
    for (let i = this.#start; i < this.#end; i++) {
      sums.set(interfaces[i]!, (sums.get(interfaces[i]!) ?? 0) + bps[i]!)
    }
    return [...sums].sort(([i, a], [j, b]) => b - a || i - j)[0]![0]
  }

  /** Rate of all rows on an interface, bit/s. */
  leavingBy(interfaceIndex: number): number {
    const { interfaces, bps } = this.#table
    let sum = 0
    for (let i = this.#start; i < this.#end; i++) if (interfaces[i] === interfaceIndex) sum += bps[i]!
    return sum
  }

  /** True when the row's destination is that of the row before it, on another interface. */
  isRepeated(row: number): boolean {
    const { words, firstSix } = this.#table
    const at = this.#start + row
    if (row === 0 || at === firstSix) return false
    for (let word = at * 4; word < at * 4 + 4; word++) if (words[word] !== words[word - 4]) return false
    return true
  }

  /** Order of the destinations of two rows, one of them of other rates; see `compareAddresses`. */
  compareDestinations(row: number, other: Rates, otherRow: number): number {
    const [own, others] = [this.#table, other.#table]
    const [at, otherAt] = [this.#start + row, other.#start + otherRow]
    const six = Number(at >= own.firstSix) - Number(otherAt >= others.firstSix)
    if (six !== 0) return six
    for (let i = 0; i < 4; i++) {
      const difference = own.words[at * 4 + i]! - others.words[otherAt * 4 + i]!
      if (difference !== 0) return difference
    }
    return 0
  }

  /** The rows from one index up to another, without copying them. */
  slice(start: number, end: number): Rates {
    return new Rates({ of: this, start, end })
  }

  /** The rows whose destination lies in the prefix. */
  within(prefix: Prefix): readonly DestinationRate[] {
    return this.#rowsFrom(this.#firstAtOrAfter(prefix), this.#firstBehind(prefix))
  }

  /** Index of the first of these rows, and of the first one behind them. */
  rangeOf(prefix: Prefix): { readonly start: number; readonly end: number } {
    return { start: this.#firstAtOrAfter(prefix) - this.#start, end: this.#firstBehind(prefix) - this.#start }
  }

  /** Rate towards a prefix, over all interfaces or over one. */
  towards(prefix: Prefix, interfaceIndex?: number): Rate {
    const [start, end] = [this.#firstAtOrAfter(prefix), this.#firstBehind(prefix)]
    if (interfaceIndex === undefined) {
      const { bpsBefore, samplesBefore } = this.#table
      return {
        bps: Math.max(0, bpsBefore[end]! - bpsBefore[start]!),
        samples: samplesBefore[end]! - samplesBefore[start]!,
      }
    }
    const { interfaces, bps, samplesBefore } = this.#table
    const sum = { bps: 0, samples: 0 }
    for (let i = start; i < end; i++) {
      if (interfaces[i] !== interfaceIndex) continue
      sum.bps += bps[i]!
      sum.samples += samplesBefore[i + 1]! - samplesBefore[i]!
    }
    return sum
  }

  #rowsFrom(start: number, end: number): DestinationRate[] {
    const { rows, interfaces, bps, samplesBefore } = this.#table
    for (let i = start; i < end; i++) {
      rows[i] ??= {
        address: this.addressAt(i - this.#start),
        interfaceIndex: interfaces[i]!,
        bps: bps[i]!,
        samples: samplesBefore[i + 1]! - samplesBefore[i]!,
      }
    }
    return rows.slice(start, end) as DestinationRate[]
  }

  // Most are asked for a prefix that holds all of their rows.
  #firstAtOrAfter(address: Address): number {
    if (this.#start === this.#end || this.#compare(this.#start, address) >= 0) return this.#start
    return this.#search((row) => this.#compare(row, address) >= 0)
  }

  #firstBehind(prefix: Prefix): number {
    const last = lastAddressOf(prefix)
    if (this.#start === this.#end || this.#compare(this.#end - 1, last) <= 0) return this.#end
    return this.#search((row) => this.#compare(row, last) > 0)
  }

  /** Order of a row's destination and an address; see `compareAddresses`. */
  #compare(row: number, { family, w0, w1, w2, w3 }: Address): number {
    const { words, firstSix } = this.#table
    const at = row * 4
    return (
      (row < firstSix ? 4 : 6) - family ||
      words[at]! - w0 || words[at + 1]! - w1 || words[at + 2]! - w2 || words[at + 3]! - w3
    )
  }

  /** Index of the first row for which `reached` holds; it must hold for all rows after it, too. */
  #search(reached: (row: number) => boolean): number {
    let low = this.#start
    let high = this.#end
    while (low < high) {
      const middle = (low + high) >>> 1
      if (reached(middle)) high = middle
      else low = middle + 1
    }
    return low
  }
}

function columnsOf(objects: readonly DestinationRate[]): RateColumns {
  const keys = new Uint32Array(objects.length * KEY_WORDS)
  objects.forEach(({ address: { family, w0, w1, w2, w3 }, interfaceIndex }, i) => {
    const key = i * KEY_WORDS
    keys[key] = w0
    keys[key + 1] = w1
    keys[key + 2] = w2
    keys[key + 3] = w3
    keys[key + 4] = interfaceIndex * 4 + (family === 6 ? 1 : 0)
  })
  return {
    length: objects.length,
    keys,
    bps: Float64Array.from(objects, (row) => row.bps),
    samples: Float64Array.from(objects, (row) => row.samples),
  }
}

function tabulate(from: RateColumns): Table {
  const { keys, length } = from
  const order = sortDestinations(keys, length)
  const [words, interfaces] = [new Uint32Array(length * 4), new Uint32Array(length)]
  const bps = new Float64Array(length)
  const [bpsBefore, samplesBefore] = [new Float64Array(length + 1), new Float64Array(length + 1)]
  let [firstSix, bpsSoFar, samplesSoFar] = [0, 0, 0]
  for (let i = 0; i < length; i++) {
    const row = order[i]!
    const key = row * KEY_WORDS
    if (!isSix(keys, row)) firstSix = i + 1
    words[i * 4] = keys[key]!
    words[i * 4 + 1] = keys[key + 1]!
    words[i * 4 + 2] = keys[key + 2]!
    words[i * 4 + 3] = keys[key + 3]!
    interfaces[i] = interfaceOf(keys, row)
    bps[i] = from.bps[row]!
    bpsBefore[i + 1] = bpsSoFar += from.bps[row]!
    samplesBefore[i + 1] = samplesSoFar += from.samples[row]!
  }
  return { firstSix, words, interfaces, bps, bpsBefore, samplesBefore, rows: [] }
}

/**
 * Relative error of a sampled rate at 95 % confidence: 1.96·√(1/n) for packets (sFlow.org, Packet Sampling
 * Basics), widened for the spread of packet lengths. 1 (and not more) for a handful of samples.
 */
export function relativeError(samples: number): number {
  const LENGTH_SPREAD = 1.2
  return samples === 0 ? 1 : Math.min(1, 1.96 * LENGTH_SPREAD * Math.sqrt(1 / samples))
}
