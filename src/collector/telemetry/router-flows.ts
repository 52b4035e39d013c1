/** The sampled traffic of one router over sliding windows. Pure but for its own state. */
import { Rates } from '../../model/rates.ts'
import { KEY_WORDS } from '../../model/sort-destinations.ts'
import { Cadence } from './cadence.ts'
import { WIDEST } from './destination-columns.ts'
import { DestinationTable } from './destination-table.ts'
import { createWindows, sumWindows } from './destination-windows.ts'
import { currentWindow, type FlowReading } from './estimate.ts'
import { bitsPerSecond, type FlowSum } from './flow-sum.ts'

/** A long window is so many columns, the last one being filled. */
const COLUMNS = 60
/** So many are remembered: destinations' windows may be a little longer. */
const RING = COLUMNS + WIDEST
/** A short window is the column being filled and as many whole ones as take this long. */
const SHORT_WINDOW_MS = 2000
/** An agent holds samples back for no longer (sFlow version 5): what the first ones stand for. */
const FLUSH_MS = 1000
/** Without samples for so many usual gaps a router is silent: no zeros, but no knowledge. */
const SILENT_GAPS = 5
/** [bytes, squares, samples] per slot. */
const SUMS = 3

/** The running sums of an interface at one moment. */
export interface FlowMark {
  readonly slot: number
  readonly clockMs: number
  readonly bytes: number
  readonly squares: number
  readonly samples: number
}

/**
 * Windows end with the last sample that came from the router, and they start with a sample's arrival, too:
 * what comes in (start, end] is what was sampled in a time just as long, however the agent batches. So the
 * rate of constant traffic is right at any moment. Time without telemetry is cut out: rates stay while the
 * router is silent, and afterwards the new samples push out the old ones.
 *
 * A packet may be sampled where it came in and where it goes out, so each interface has a slot for either,
 * and only one of them counts: egress as long as the long window holds an egress sample.
 */
export class RouterFlows {
  readonly #columnMs: number
  readonly #shortColumns: number
  readonly #destinations: DestinationTable
  /** What a snapshot needs, per entry of the table; kept, so that a snapshot leaves little garbage behind. */
  #windows = createWindows(0)
  #usual = new Uint8Array()
  readonly #cadence = new Cadence()
  /** Time covered by telemetry; silence is left out. */
  #clockMs = 0
  /** Number of the column being filled. */
  #column = 0
  readonly #sums: Float64Array
  /** Per column, in a ring: the clock and the sums when it was opened. */
  readonly #openedMs = new Float64Array(RING)
  readonly #openedSums: readonly Float64Array[]
  /** Column of the last egress sample, per interface; far back before the first. */
  readonly #egressColumn: Float64Array

  constructor(interfaces: number, windowMs: number, maxDestinations: number, seed: number) {
    this.#columnMs = windowMs / COLUMNS
    this.#shortColumns = Math.min(COLUMNS, Math.ceil(SHORT_WINDOW_MS / this.#columnMs) + 1)
    this.#destinations = new DestinationTable(COLUMNS, maxDestinations, seed)
    this.#sums = new Float64Array(interfaces * 2 * SUMS)
    this.#openedSums = Array.from({ length: RING }, () => new Float64Array(this.#sums.length))
    this.#egressColumn = new Float64Array(interfaces).fill(-COLUMNS)
  }

  /** When the router's samples last came, or counters told that there were none to come; ms. */
  get lastMs(): number | undefined {
    return this.#cadence.lastMs
  }

  /** The usual time between datagrams with samples, ms; at least 1 s. */
  get intervalMs(): number | undefined {
    return this.#cadence.gapMs === undefined ? undefined : Math.max(this.#cadence.gapMs, FLUSH_MS)
  }

  /** Destinations that were folded into their /24 or /48, and that had to go, for want of room. */
  get crowding(): { folded: number; evicted: number } {
    const { folded, evicted } = this.#destinations
    return { folded, evicted }
  }

  /** A sample of this router came, whatever interface it belongs to: time goes on. */
  advance(nowMs: number): void {
    const gapMs = nowMs - (this.#cadence.lastMs ?? nowMs)
    const usualMs = this.intervalMs ?? FLUSH_MS
    this.#cadence.observe(nowMs)
    if (gapMs > 0) this.#passTime(gapMs > SILENT_GAPS * usualMs ? usualMs : gapMs)
  }

  /**
   * Counters tell that until now there was hardly a packet to sample: the time since the last sample counts.
   */
  passQuietly(nowMs: number): void {
    const { lastMs } = this.#cadence
    if (lastMs === undefined) return
    this.#passTime(nowMs - lastMs)
    this.#cadence.excuse(nowMs)
  }

  /** Counts samples that left by an interface, all of them taken on one side; `advance` comes first. */
  add(interfaceIndex: number, isEgress: boolean, { bytes, squares, samples }: Omit<FlowSum, 'ms'>): void {
    if (isEgress) this.#egressColumn[interfaceIndex] = this.#column
    else if (this.#hasEgress(interfaceIndex)) return
    const at = (interfaceIndex * 2 + (isEgress ? 1 : 0)) * SUMS
    this.#sums[at]! += bytes
    this.#sums[at + 1]! += squares
    this.#sums[at + 2]! += samples
  }

  /**
   * Counts where samples went that `add` has counted; returns where the destination is kept, which makes it
   * quicker next time as `likely`.
   */
  addDestination(
    interfaceIndex: number, isEgress: boolean, family: 4 | 6, w0: number, w1: number, w2: number, w3: number,
    bytes: number, samples: number, likely = 0,
  ): number {
    if (!isEgress && this.#hasEgress(interfaceIndex)) return likely
    const slot = interfaceIndex * 2 + (isEgress ? 1 : 0)
    return this.#destinations.add(slot, family, w0, w1, w2, w3, bytes, samples, likely)
  }

  /** Destinations that come may stand for their /24 or /48. */
  expectFolded(): void {
    this.#destinations.expectFolded()
  }

  /** The interface's sums now, to ask `since` for later. */
  mark(interfaceIndex: number): FlowMark {
    const slot = this.#slot(interfaceIndex)
    return {
      slot,
      clockMs: this.#clockMs,
      bytes: this.#sums[slot * SUMS]!,
      squares: this.#sums[slot * SUMS + 1]!,
      samples: this.#sums[slot * SUMS + 2]!,
    }
  }

  /** What came since the mark; undefined when sampling changed its direction since. */
  since(interfaceIndex: number, mark: FlowMark): FlowSum | undefined {
    const now = this.mark(interfaceIndex)
    return now.slot === mark.slot ? flowsBetween(mark, now) : undefined
  }

  /** What came in each window, from the short to the long one. */
  windows(interfaceIndex: number): FlowReading['windows'] {
    const slot = this.#slot(interfaceIndex)
    const windows: [FlowSum, ...FlowSum[]] = [this.#window(slot, this.#shortColumns)]
    for (let columns = this.#shortColumns + 1; columns <= COLUMNS; columns++) {
      windows.push(this.#window(slot, columns))
    }
    return windows
  }

  /**
   * Rate of each destination on each interface over the long window or, after a change, over what came since:
   * a change of its own, or else one of the interface, as when a crowd of destinations grows that have few
   * samples each.
   *
   * @param scales factor for each interface
   * @param windows of each interface, where the caller has them already
   */
  rates(scales: readonly number[], windows = scales.map((_, i) => this.windows(i))): Rates {
    const table = this.#destinations
    const { starts } = table.counts
    const windowsMs = [0, ...starts.map((start) => this.#windowMs(this.#column - start + 1))]
    const shortest = table.isFolded ? undefined : this.#shortColumns
    const { size } = table
    if (size > this.#usual.length) this.#makeRoom(table.counts.capacity)
    const { columns, bytes, samples } = this.#windows
    sumWindows(this.#windows, table.counts, size, windowsMs, this.#usualColumns(windows), shortest)
    const keys = table.keys.slice(0, size * KEY_WORDS)
    const rates = { bps: new Float64Array(size), samples: new Float64Array(size) }
    let length = 0
    for (let entry = 0; entry < size; entry++) {
      if (bytes[entry] === 0) continue
      const windowMs = windowsMs[columns[entry]!]!
      rates.bps[length] = bitsPerSecond(bytes[entry]!, windowMs) * scales[table.slot(entry) >>> 1]!
      rates.samples[length] = samples[entry]!
      if (length < entry) keys.copyWithin(length * KEY_WORDS, entry * KEY_WORDS, (entry + 1) * KEY_WORDS)
      length++
    }
    return new Rates({ ...rates, length, keys })
  }

  /**
   * Per entry of the table, the columns that its interface's rate is that of; 0 for the side that does not
   * count.
   */
  #usualColumns(windows: readonly FlowReading['windows'][]): Uint8Array {
    const table = this.#destinations
    const { starts } = table.counts
    const bySlot = new Uint8Array(this.#egressColumn.length * 2)
    for (const [i, own] of windows.entries()) {
      const columns = this.#shortColumns + currentWindow(own)
      const oldest = this.#column - columns + 1
      const since = starts.filter((start) => start >= oldest)
      bySlot[this.#slot(i)] = columns === COLUMNS ? starts.length : since.length
    }
    const usual = this.#usual
    for (let entry = 0; entry < table.size; entry++) usual[entry] = bySlot[table.slot(entry)]!
    return usual
  }

  #makeRoom(capacity: number): void {
    this.#windows = createWindows(capacity)
    this.#usual = new Uint8Array(capacity)
  }

  #hasEgress(interfaceIndex: number): boolean {
    return this.#column - this.#egressColumn[interfaceIndex]! < COLUMNS
  }

  /** The slot that counts. */
  #slot(interfaceIndex: number): number {
    return interfaceIndex * 2 + (this.#hasEgress(interfaceIndex) ? 1 : 0)
  }

  /**
   * A column closes with the sample before; what passed since the window then ended belongs to the next one.
   */
  #passTime(ms: number): void {
    const closedMs = this.#clockMs
    this.#clockMs += ms
    const column = Math.floor(this.#clockMs / this.#columnMs)
    for (let next = Math.max(this.#column + 1, column - RING + 1); next <= column; next++) {
      this.#openedMs[next % RING] = closedMs
      this.#openedSums[next % RING]!.set(this.#sums)
      this.#destinations.open(next)
    }
    this.#column = Math.max(this.#column, column)
  }

  /** Number of the first of the newest `columns` columns. */
  #oldest(columns: number): number {
    return Math.max(0, this.#column - columns + 1)
  }

  #window(slot: number, columns: number): FlowSum {
    const opened = this.#openedSums[this.#oldest(columns) % RING]!
    return {
      ms: this.#windowMs(columns),
      bytes: this.#sums[slot * SUMS]! - opened[slot * SUMS]!,
      squares: this.#sums[slot * SUMS + 1]! - opened[slot * SUMS + 1]!,
      samples: this.#sums[slot * SUMS + 2]! - opened[slot * SUMS + 2]!,
    }
  }

  /** A window that reaches back to the very first samples covers the time that these stand for, too. */
  #windowMs(columns: number): number {
    const oldest = this.#oldest(columns)
    const firstMs = oldest === 0 && this.#cadence.lastMs !== undefined ? (this.#cadence.gapMs ?? FLUSH_MS) : 0
    return this.#clockMs - this.#openedMs[oldest % RING]! + firstMs
  }
}

/** What came between two marks of one slot. */
export function flowsBetween(start: FlowMark, end: FlowMark): FlowSum {
  return {
    ms: end.clockMs - start.clockMs,
    bytes: end.bytes - start.bytes,
    squares: end.squares - start.squares,
    samples: end.samples - start.samples,
  }
}
