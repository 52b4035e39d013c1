/** The sampled traffic of one router over sliding windows. Pure but for its own state. */
import type { DestinationRate } from '../model/rates.ts'
import { Cadence } from './cadence.ts'
import { DestinationTable } from './destination-table.ts'
import { currentWindow } from './estimate.ts'
import { bitsPerSecond, type FlowSum } from './flow-sum.ts'
import type { FlowSample } from './sflow/samples.ts'

/** A long window is a ring of so many columns, the last one being filled. */
const COLUMNS = 60
/** A short window is the column being filled and as many whole ones as take this long. */
const SHORT_WINDOW_MS = 2000
/** An agent holds samples back for no longer (sFlow version 5): what the first ones stand for. */
const FLUSH_MS = 1000
/** Without samples for so many usual gaps a router is silent: no zeros, but no knowledge. */
const SILENT_GAPS = 5
/** A destination's rate has changed when its newer samples are so many standard deviations off. */
const CHANGE_SIGMAS = 4
/** Fewer samples of a destination cannot tell that its rate changed. */
const FEWEST_FOR_CHANGE = 4

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
  readonly #cadence = new Cadence()
  /** Time covered by telemetry; silence is left out. */
  #clockMs = 0
  /** Number of the column being filled; the ring holds it and those before. */
  #column = 0
  readonly #sums: Float64Array
  /** Per column of the ring: the clock and the sums when it was opened. */
  readonly #openedMs = new Float64Array(COLUMNS)
  readonly #openedSums: readonly Float64Array[]
  /** Column of the last egress sample, per interface; far back before the first. */
  readonly #egressColumn: Float64Array

  constructor(interfaces: number, windowMs: number, maxDestinations: number, seed: number) {
    this.#columnMs = windowMs / COLUMNS
    this.#shortColumns = Math.min(COLUMNS, Math.ceil(SHORT_WINDOW_MS / this.#columnMs) + 1)
    this.#destinations = new DestinationTable(COLUMNS, maxDestinations, seed)
    this.#sums = new Float64Array(interfaces * 2 * SUMS)
    this.#openedSums = Array.from({ length: COLUMNS }, () => new Float64Array(this.#sums.length))
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

  /** Counts a sample that left by an interface; `advance` comes first. */
  add(interfaceIndex: number, sample: Readonly<FlowSample>): void {
    const isEgress = sample.sourceType === 0 && sample.sourceIndex === sample.egressIfIndex
    if (isEgress) this.#egressColumn[interfaceIndex] = this.#column
    else if (this.#hasEgress(interfaceIndex)) return
    const slot = interfaceIndex * 2 + (isEgress ? 1 : 0)
    const bytes = sample.frameLength * sample.samplingRate
    this.#sums[slot * SUMS]! += bytes
    this.#sums[slot * SUMS + 1]! += bytes * bytes
    this.#sums[slot * SUMS + 2]!++
    if (sample.family !== 0) {
      this.#destinations.add(slot, sample.family, sample.w0, sample.w1, sample.w2, sample.w3, bytes)
    }
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
  windows(interfaceIndex: number): [FlowSum, ...FlowSum[]] {
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
   */
  rates(scales: readonly number[]): DestinationRate[] {
    const table = this.#destinations
    const windowsMs = Array.from({ length: COLUMNS + 1 }, (_, columns) => this.#windowMs(columns))
    const usualColumns = scales.map((_, i) => this.#shortColumns + currentWindow(this.windows(i)))
    const rows: DestinationRate[] = []
    for (const entry of table.sorted()) {
      const slot = table.slot(entry)
      const interfaceIndex = slot >>> 1
      if (slot !== this.#slot(interfaceIndex)) continue
      const changed = table.isFolded ? undefined : this.#changedColumns(entry, windowsMs)
      const columns = changed ?? usualColumns[interfaceIndex]!
      const bytes = table.bytes(entry, columns)
      if (bytes === 0) continue
      rows.push({
        address: {
          family: table.family(entry),
          w0: table.word(entry, 0),
          w1: table.word(entry, 1),
          w2: table.word(entry, 2),
          w3: table.word(entry, 3),
        },
        interfaceIndex,
        bps: bitsPerSecond(bytes, windowsMs[columns]!) * scales[interfaceIndex]!,
        samples: table.samples(entry, columns),
      })
    }
    return rows
  }

  /**
   * The columns since a destination's own rate changed: those whose number of samples lies farthest from its
   * share of the long window's, if that is more than 4 σ; undefined otherwise. The number is binomial; a
   * continuity correction of 1 keeps two or three samples from looking like a change.
   */
  #changedColumns(entry: number, windowsMs: readonly number[]): number | undefined {
    const table = this.#destinations
    const total = table.samples(entry, COLUMNS)
    if (total < FEWEST_FOR_CHANGE) return undefined
    let changed: number | undefined
    let mostSquared = CHANGE_SIGMAS ** 2
    let samples = table.samples(entry, this.#shortColumns)
    for (let columns = this.#shortColumns; columns < COLUMNS; columns++) {
      const share = windowsMs[columns]! / windowsMs[COLUMNS]!
      const deviation = Math.max(0, Math.abs(samples - total * share) - 1)
      const squared = share < 1 ? deviation ** 2 / (total * share * (1 - share)) : 0
      if (squared > mostSquared) [changed, mostSquared] = [columns, squared]
      samples += table.samplesIn(entry, columns)
    }
    return changed
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
    for (let next = Math.max(this.#column + 1, column - COLUMNS + 1); next <= column; next++) {
      this.#openedMs[next % COLUMNS] = closedMs
      this.#openedSums[next % COLUMNS]!.set(this.#sums)
      this.#destinations.open(next % COLUMNS)
    }
    this.#column = Math.max(this.#column, column)
  }

  /** Number of the first of the newest `columns` columns. */
  #oldest(columns: number): number {
    return Math.max(0, this.#column - columns + 1)
  }

  #window(slot: number, columns: number): FlowSum {
    const opened = this.#openedSums[this.#oldest(columns) % COLUMNS]!
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
    return this.#clockMs - this.#openedMs[oldest % COLUMNS]! + firstMs
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
