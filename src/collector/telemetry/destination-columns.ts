/**
 * Bytes and samples of numbered entries over columns of time, newer ones narrow and older ones wide. Each
 * column lies in one piece, so that counting touches little memory, and adding up all entries reads it in
 * order.
 */

interface Column {
  /** Number of the span of time that it starts with; it ends where the next one starts. */
  start: number
  bytes: Float64Array
  samples: Uint32Array
}

/** Spans of time that a column holds at most. */
export const WIDEST = 8
/**
 * Columns whose start is younger than `age` start at multiples of `width`: how long ago something changed
 * need be known no better than by a quarter.
 */
const TIERS = [
  { age: 8, width: 1 }, { age: 16, width: 2 }, { age: 32, width: 4 }, { age: Infinity, width: WIDEST },
] as const

export class DestinationColumns {
  readonly #span: number
  #capacity: number
  /** Newest first; the first is open. */
  readonly #columns: Column[]
  readonly #spare: Column[] = []
  /** Per entry, of all columns; whole numbers, so that nothing is lost by adding and taking away. */
  #totals: Uint32Array
  #totalBytes: Float64Array

  /** Keeps at least the newest `span` spans of time, and less than `span` + WIDEST. */
  constructor(span: number, capacity: number) {
    this.#span = span
    this.#capacity = capacity
    this.#columns = [createColumn(capacity)]
    this.#totals = new Uint32Array(capacity)
    this.#totalBytes = new Float64Array(capacity)
  }

  get capacity(): number {
    return this.#capacity
  }

  /** Numbers of the spans of time that the columns start with, newest first. */
  get starts(): number[] {
    return this.#columns.map(({ start }) => start)
  }

  /** Counts in the open column. */
  add(entry: number, bytes: number, samples: number): void {
    const open = this.#columns[0]!
    open.bytes[entry]! += bytes
    open.samples[entry]! += samples
    this.#totals[entry]! += samples
    this.#totalBytes[entry]! += bytes
  }

  /** Opens a column for the span of time `number`, newer than all before; `size` entries are used. */
  open(number: number, size: number): void {
    const columns = this.#columns
    const open = this.#spare.pop() ?? createColumn(this.#capacity)
    open.start = number
    columns.unshift(open)
    for (let i = columns.length - 2; i > 0; i--) {
      const { start } = columns[i]!
      if (start % widthAt(number - start) !== 0) this.#merge(i, size)
    }
    while (columns.length > 1 && columns.at(-2)!.start <= number - this.#span + 1) this.#drop(size)
  }

  /** Samples of all columns, per entry: what has none left goes. */
  get totals(): Uint32Array {
    return this.#totals
  }

  /** Bytes of all columns, per entry. */
  get totalBytes(): Float64Array {
    return this.#totalBytes
  }

  /** Per entry, of the column that was opened `age` columns before the open one. */
  bytesIn(age: number): Float64Array {
    return this.#columns[age]!.bytes
  }

  /** Per entry, of the column that was opened `age` columns before the open one. */
  samplesIn(age: number): Uint32Array {
    return this.#columns[age]!.samples
  }

  /**
   * Adds what `from` has to `entry`, and empties it. What goes when it is crowded mostly came lately, so the
   * columns behind those are not touched.
   */
  move(entry: number, from: number): void {
    let left = this.#totals[from]!
    this.#totals[entry]! += left
    this.#totals[from] = 0
    this.#totalBytes[entry]! += this.#totalBytes[from]!
    this.#totalBytes[from] = 0
    for (let age = 0; left > 0; age++) {
      const { bytes, samples } = this.#columns[age]!
      if (samples[from] === 0) continue
      left -= samples[from]!
      bytes[entry]! += bytes[from]!
      samples[entry]! += samples[from]!
      bytes[from] = 0
      samples[from] = 0
    }
  }

  /** Forgets what the entry has. */
  empty(entry: number): void {
    let left = this.#totals[entry]!
    this.#totals[entry] = 0
    this.#totalBytes[entry] = 0
    for (let age = 0; left > 0; age++) {
      const { bytes, samples } = this.#columns[age]!
      left -= samples[entry]!
      bytes[entry] = 0
      samples[entry] = 0
    }
  }

  grow(capacity: number): void {
    this.#capacity = capacity
    for (const column of this.#columns) {
      column.bytes = withRoom(new Float64Array(capacity), column.bytes)
      column.samples = withRoom(new Uint32Array(capacity), column.samples)
    }
    this.#spare.length = 0
    this.#totals = withRoom(new Uint32Array(capacity), this.#totals)
    this.#totalBytes = withRoom(new Float64Array(capacity), this.#totalBytes)
  }

  /** Adds a column to the one before it. */
  #merge(i: number, size: number): void {
    const [column] = this.#columns.splice(i, 1) as [Column]
    const before = this.#columns[i]!
    addUp(before.bytes, column.bytes, size)
    addUp(before.samples, column.samples, size)
    this.#spareOf(column, size)
  }

  #drop(size: number): void {
    const column = this.#columns.pop()!
    const [totals, totalBytes] = [this.#totals, this.#totalBytes]
    for (let entry = 0; entry < size; entry++) {
      totals[entry]! -= column.samples[entry]!
      totalBytes[entry]! -= column.bytes[entry]!
    }
    this.#spareOf(column, size)
  }

  #spareOf(column: Column, size: number): void {
    column.bytes.fill(0, 0, size)
    column.samples.fill(0, 0, size)
    this.#spare.push(column)
  }
}

function createColumn(capacity: number): Column {
  return { start: 0, bytes: new Float64Array(capacity), samples: new Uint32Array(capacity) }
}

function widthAt(age: number): number {
  return TIERS.find((tier) => age < tier.age)!.width
}

function addUp<Numbers extends Float64Array | Uint32Array>(
  sums: Numbers, numbers: Numbers, size: number,
): void {
  for (let i = 0; i < size; i++) sums[i]! += numbers[i]!
}

function withRoom<Numbers extends Float64Array | Uint32Array>(room: Numbers, numbers: Numbers): Numbers {
  room.set(numbers)
  return room
}
