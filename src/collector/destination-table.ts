/**
 * Bytes and samples by destination and slot over a ring of columns, a column being a short span of time.
 * Typed arrays throughout: adding allocates nothing but for the doublings of a growing table.
 */
import { mixHash } from './hash.ts'

const KEY_WORDS = 5
const FIRST_CAPACITY = 1024
/**
 * Share of the entries that is folded, and that goes, at once when the table is full, so that making room
 * stays rare.
 */
const FOLDED_SHARE = 1 / 2
const EVICTED_SHARE = 1 / 8
/**
 * An entry's number, the first word of its address and the family share the 53 bits of a number: see
 * `sorted`.
 */
const MOST_ENTRIES = 2 ** 20
/** Entries looked at to learn how small the smallest are. */
const PROBES = 1024

export class DestinationTable {
  readonly #columns: number
  readonly #maxEntries: number
  readonly #seed: number
  #capacity: number
  #size = 0
  #folded = 0
  #evicted = 0
  /** Open addressing over 2 × capacity: entry + 1, or 0 where free. */
  #index: Int32Array
  /** Per entry: four address words, then slot × 2 + (1 for IPv6). */
  #keys: Uint32Array
  /** Per entry, then per column: adding up an entry stays within a few cache lines. */
  #bytes: Float64Array
  #samples: Uint32Array
  #column = 0
  #openedSinceFold: number

  /**
   * At most `maxEntries` entries; `seed` keeps outsiders from choosing addresses that collide. When there are
   * more, the smaller half is folded into /24 (IPv4) or /48 (IPv6), the longest prefixes that the internet
   * routes: these keep their rates, only what is longer loses detail. When that does not suffice, the
   * smallest go.
   */
  constructor(columns: number, maxEntries: number, seed: number) {
    this.#columns = columns
    this.#maxEntries = Math.min(maxEntries, MOST_ENTRIES)
    this.#seed = seed
    this.#openedSinceFold = columns
    this.#capacity = Math.min(FIRST_CAPACITY, this.#maxEntries)
    this.#index = new Int32Array(indexLength(this.#capacity))
    this.#keys = new Uint32Array(this.#capacity * KEY_WORDS)
    this.#bytes = new Float64Array(this.#capacity * columns)
    this.#samples = new Uint32Array(this.#capacity * columns)
  }

  /** Entries in use are 0 … size − 1; what was added or opened since may have moved them. */
  get size(): number {
    return this.#size
  }

  /** Entries that were folded into their /24 or /48, since the start. */
  get folded(): number {
    return this.#folded
  }

  /**
   * True while columns hold traffic that was folded: then a destination's samples may be spread over two
   * entries, earlier ones and later ones.
   */
  get isFolded(): boolean {
    return this.#openedSinceFold < this.#columns
  }

  /** Entries that had to go though they had traffic, since the start. */
  get evicted(): number {
    return this.#evicted
  }

  /** Counts one sample of `bytes` (whole, already multiplied by the sampling rate) in the open column. */
  add(slot: number, family: 4 | 6, w0: number, w1: number, w2: number, w3: number, bytes: number): void {
    const entry = this.#entry(w0, w1, w2, w3, slot * 2 + (family === 6 ? 1 : 0))
    const cell = entry * this.#columns + this.#column
    this.#bytes[cell]! += bytes
    this.#samples[cell]!++
  }

  /** Clears `column` for what comes next; entries with nothing left in any column go. */
  open(column: number): void {
    this.#column = column
    this.#openedSinceFold++
    for (let cell = column; cell < this.#size * this.#columns; cell += this.#columns) {
      this.#bytes[cell] = 0
      this.#samples[cell] = 0
    }
    this.#removeWhere((entry) => this.samples(entry, this.#columns) === 0)
  }

  /**
   * All entries by the first word of their address, IPv4 first: whoever sorts them wholly has little left to
   * do.
   */
  sorted(): Float64Array {
    const order = new Float64Array(this.#size)
    for (let entry = 0; entry < this.#size; entry++) {
      order[entry] = (this.family(entry) === 6 ? 2 ** 52 : 0) + this.word(entry, 0) * MOST_ENTRIES + entry
    }
    order.sort()
    return order.map((key) => key % MOST_ENTRIES)
  }

  slot(entry: number): number {
    return this.#keys[entry * KEY_WORDS + 4]! >>> 1
  }

  family(entry: number): 4 | 6 {
    return this.#keys[entry * KEY_WORDS + 4]! & 1 ? 6 : 4
  }

  /** Address word 0 … 3. */
  word(entry: number, word: number): number {
    return this.#keys[entry * KEY_WORDS + word]!
  }

  /** Bytes of the newest `columns` columns. */
  bytes(entry: number, columns: number): number {
    return this.#sum(this.#bytes, entry, columns)
  }

  /** Samples of the newest `columns` columns. */
  samples(entry: number, columns: number): number {
    return this.#sum(this.#samples, entry, columns)
  }

  /** Samples of the column that was opened `age` columns before the open one. */
  samplesIn(entry: number, age: number): number {
    return this.#samples[entry * this.#columns + ((this.#column - age + this.#columns) % this.#columns)]!
  }

  #sum(cells: Float64Array | Uint32Array, entry: number, columns: number): number {
    const first = entry * this.#columns
    let sum = 0
    let column = this.#column
    for (let i = 0; i < columns; i++) {
      sum += cells[first + column]!
      column = column === 0 ? this.#columns - 1 : column - 1
    }
    return sum
  }

  #entry(w0: number, w1: number, w2: number, w3: number, tag: number): number {
    const keys = this.#keys
    const mask = this.#index.length - 1
    let at = this.#hash(w0, w1, w2, w3, tag) & mask
    for (let found = this.#index[at]!; found !== 0; found = this.#index[at]!) {
      const key = (found - 1) * KEY_WORDS
      if (
        keys[key] === w0 && keys[key + 1] === w1 && keys[key + 2] === w2 && keys[key + 3] === w3 &&
        keys[key + 4] === tag
      ) {
        return found - 1
      }
      at = (at + 1) & mask
    }
    if (this.#size === this.#capacity) {
      this.#makeRoom()
      return this.#entry(w0, w1, w2, w3, tag)
    }
    const entry = this.#size++
    this.#index[at] = entry + 1
    const key = entry * KEY_WORDS
    keys[key] = w0
    keys[key + 1] = w1
    keys[key + 2] = w2
    keys[key + 3] = w3
    keys[key + 4] = tag
    return entry
  }

  #hash(w0: number, w1: number, w2: number, w3: number, tag: number): number {
    return mixHash(mixHash(mixHash(mixHash(mixHash(this.#seed, tag), w3), w2), w1), w0)
  }

  #makeRoom(): void {
    if (this.#capacity < this.#maxEntries) {
      this.#grow(Math.min(this.#capacity * 2, this.#maxEntries))
      return
    }
    this.#foldSmallest()
    if (this.#size > this.#maxEntries * (1 - EVICTED_SHARE)) this.#evictSmallest()
  }

  #grow(capacity: number): void {
    this.#capacity = capacity
    const [keys, bytes, samples] = [this.#keys, this.#bytes, this.#samples]
    this.#keys = new Uint32Array(capacity * KEY_WORDS)
    this.#keys.set(keys)
    this.#bytes = new Float64Array(capacity * this.#columns)
    this.#bytes.set(bytes)
    this.#samples = new Uint32Array(capacity * this.#columns)
    this.#samples.set(samples)
    this.#index = new Int32Array(indexLength(capacity))
    this.#reindex()
  }

  #foldSmallest(): void {
    this.#openedSinceFold = 0
    const threshold = this.#smallest(FOLDED_SHARE)
    for (let entry = 0; entry < this.#size; entry++) {
      if (this.bytes(entry, this.#columns) <= threshold && this.#fold(entry)) this.#folded++
    }
    this.#reindex()
  }

  /** False when the address is that of a /24 or /48 already. */
  #fold(entry: number): boolean {
    const keys = this.#keys
    const key = entry * KEY_WORDS
    if (this.family(entry) === 4) {
      if ((keys[key]! & 0xff) === 0) return false
      keys[key]! &= 0xffffff00
    } else {
      if ((keys[key + 1]! & 0xffff) === 0 && keys[key + 2] === 0 && keys[key + 3] === 0) return false
      keys[key + 1]! &= 0xffff0000
      keys.fill(0, key + 2, key + 4)
    }
    return true
  }

  #evictSmallest(): void {
    const threshold = this.#smallest(EVICTED_SHARE)
    let left = Math.ceil(this.#size * EVICTED_SHARE)
    const sizeBefore = this.#size
    this.#removeWhere((entry) => left > 0 && this.bytes(entry, this.#columns) <= threshold && left-- > 0)
    this.#evicted += sizeBefore - this.#size
  }

  /**
   * Bytes that about this share of the entries do not exceed: that of some of them, which spares sorting them
   * all.
   */
  #smallest(share: number): number {
    const probes = new Float64Array(Math.min(PROBES, this.#size))
    for (let i = 0; i < probes.length; i++) {
      probes[i] = this.bytes(Math.floor((i * this.#size) / probes.length), this.#columns)
    }
    return probes.sort()[Math.floor(probes.length * share)]!
  }

  #removeWhere(isGone: (entry: number) => boolean): void {
    const sizeBefore = this.#size
    for (let entry = 0; entry < this.#size; ) {
      if (isGone(entry)) this.#remove(entry)
      else entry++
    }
    if (this.#size !== sizeBefore) this.#reindex()
  }

  /** Fills the hole with the last entry. */
  #remove(entry: number): void {
    const last = --this.#size
    this.#keys.copyWithin(entry * KEY_WORDS, last * KEY_WORDS, (last + 1) * KEY_WORDS)
    const columns = this.#columns
    for (let from = last * columns, to = entry * columns; from < (last + 1) * columns; from++, to++) {
      this.#bytes[to] = this.#bytes[from]!
      this.#bytes[from] = 0
      this.#samples[to] = this.#samples[from]!
      this.#samples[from] = 0
    }
  }

  /** Adds the counts of one entry to another's. */
  #addTo(entry: number, from: number): void {
    const columns = this.#columns
    for (let i = 0; i < columns; i++) {
      this.#bytes[entry * columns + i]! += this.#bytes[from * columns + i]!
      this.#samples[entry * columns + i]! += this.#samples[from * columns + i]!
    }
  }

  /** Finds each entry its place; entries that have become equal are taken together. */
  #reindex(): void {
    const index = this.#index.fill(0)
    const keys = this.#keys
    const mask = index.length - 1
    for (let entry = 0; entry < this.#size; ) {
      const key = entry * KEY_WORDS
      let at = this.#hash(keys[key]!, keys[key + 1]!, keys[key + 2]!, keys[key + 3]!, keys[key + 4]!) & mask
      while (index[at] !== 0 && !this.#isEqual(index[at]! - 1, entry)) at = (at + 1) & mask
      if (index[at] === 0) {
        index[at] = ++entry
        continue
      }
      this.#addTo(index[at]! - 1, entry)
      this.#remove(entry)
    }
  }

  #isEqual(a: number, b: number): boolean {
    const keys = this.#keys
    for (let word = 0; word < KEY_WORDS; word++) {
      if (keys[a * KEY_WORDS + word] !== keys[b * KEY_WORDS + word]) return false
    }
    return true
  }
}

/** At least twice the entries, so that probes stay short; a power of two. */
function indexLength(capacity: number): number {
  return 2 ** Math.ceil(Math.log2(capacity * 2))
}
