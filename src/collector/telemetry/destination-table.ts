/**
 * Bytes and samples by destination and slot over the newest spans of time. Typed arrays throughout: adding
 * allocates nothing but for the doublings of a growing table.
 */
import { DestinationColumns, WIDEST } from './destination-columns.ts'
import { KEY_WORDS } from '../../model/sort-destinations.ts'
import { mixHash } from '../intake/hash.ts'

const FIRST_CAPACITY = 1024
/**
 * Share of the entries that is folded, and that goes, at once when the table is full, so that making room
 * stays rare.
 */
const FOLDED_SHARE = 1 / 2
const EVICTED_SHARE = 1 / 8
/** Entries looked at to learn how small the smallest are. */
const PROBES = 1024

export class DestinationTable {
  readonly #span: number
  readonly #maxEntries: number
  readonly #seed: number
  #size = 0
  #folded = 0
  #evicted = 0
  /** Open addressing over 2 × capacity: entry + 1, or 0 where free. */
  #index: Int32Array
  /** Per entry, a slot being interface × 2 + side. */
  #keys: Uint32Array
  readonly #counts: DestinationColumns
  #openedSinceFold: number

  /**
   * At most `maxEntries` entries over the newest `span` spans of time; `seed` keeps outsiders from choosing
   * addresses that collide. When there are more, the smaller half is folded into /24 (IPv4) or /48 (IPv6),
   * the longest prefixes that the internet routes: these keep their rates, only what is longer loses detail.
   * When that does not suffice, the smallest go.
   */
  constructor(span: number, maxEntries: number, seed: number) {
    this.#span = span
    this.#maxEntries = maxEntries
    this.#seed = seed
    this.#openedSinceFold = span + WIDEST
    const capacity = Math.min(FIRST_CAPACITY, this.#maxEntries)
    this.#index = new Int32Array(indexLength(capacity))
    this.#keys = new Uint32Array(capacity * KEY_WORDS)
    this.#counts = new DestinationColumns(span, capacity)
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
    return this.#openedSinceFold < this.#span + WIDEST
  }

  /** What comes may be folded already. */
  expectFolded(): void {
    this.#openedSinceFold = 0
  }

  /** Entries that had to go though they had traffic, since the start. */
  get evicted(): number {
    return this.#evicted
  }

  /**
   * Counts samples of one destination that together stand for `bytes` (whole, already multiplied by the
   * sampling rate) in the open column; returns the entry that it now is.
   *
   * @param likely the entry that it was last time: when it still is, it need not be searched for
   */
  add(
    slot: number, family: 4 | 6, w0: number, w1: number, w2: number, w3: number, bytes: number, samples = 1,
    likely = 0,
  ): number {
    const tag = slot * 2 + (family === 6 ? 1 : 0)
    const isThere = likely < this.#size && this.#isKeyOf(likely, w0, w1, w2, w3, tag)
    const entry = isThere ? likely : this.#entry(w0, w1, w2, w3, tag)
    this.#counts.add(entry, bytes, samples)
    return entry
  }

  /**
   * Goes on to the span of time `number`, which is newer than all before; entries with nothing left in any
   * column go.
   */
  open(number: number): void {
    this.#openedSinceFold++
    this.#counts.open(number, this.#size)
    for (let entry = this.#size - 1; entry >= 0; entry--) {
      if (this.#counts.totals[entry] === 0) this.#remove(entry)
    }
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

  /** Per entry, until something is added or opened; see `KEY_WORDS`. */
  get keys(): Uint32Array {
    return this.#keys
  }

  /** What each entry had in each column. */
  get counts(): Pick<DestinationColumns, 'capacity' | 'starts' | 'bytesIn' | 'samplesIn' | 'totals' | 'totalBytes'> {
    return this.#counts
  }

  #entry(w0: number, w1: number, w2: number, w3: number, tag: number): number {
    const keys = this.#keys
    const mask = this.#index.length - 1
    let at = this.#hash(w0, w1, w2, w3, tag) & mask
    for (let found = this.#index[at]!; found !== 0; found = this.#index[at]!) {
      if (this.#isKeyOf(found - 1, w0, w1, w2, w3, tag)) return found - 1
      at = (at + 1) & mask
    }
    if (this.#size === this.#counts.capacity) {
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

  #isKeyOf(entry: number, w0: number, w1: number, w2: number, w3: number, tag: number): boolean {
    const keys = this.#keys
    const key = entry * KEY_WORDS
    return (
      keys[key] === w0 && keys[key + 1] === w1 && keys[key + 2] === w2 && keys[key + 3] === w3 &&
      keys[key + 4] === tag
    )
  }

  #hash(w0: number, w1: number, w2: number, w3: number, tag: number): number {
    return mixHash(mixHash(mixHash(mixHash(mixHash(this.#seed, tag), w3), w2), w1), w0)
  }

  #makeRoom(): void {
    const { capacity } = this.#counts
    if (capacity < this.#maxEntries) {
      this.#grow(Math.min(capacity * 2, this.#maxEntries))
      return
    }
    this.#foldSmallest()
    if (this.#size > this.#maxEntries * (1 - EVICTED_SHARE)) this.#evictSmallest()
  }

  #grow(capacity: number): void {
    this.#counts.grow(capacity)
    const keys = this.#keys
    this.#keys = new Uint32Array(capacity * KEY_WORDS)
    this.#keys.set(keys)
    this.#index = new Int32Array(indexLength(capacity))
    this.#reindex()
  }

  #foldSmallest(): void {
    this.#openedSinceFold = 0
    const bytes = this.#counts.totalBytes.slice(0, this.#size)
    const threshold = smallest(bytes, FOLDED_SHARE)
    for (let entry = 0; entry < bytes.length; entry++) {
      if (bytes[entry]! <= threshold && this.#fold(entry)) this.#folded++
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
    const bytes = this.#counts.totalBytes.slice(0, this.#size)
    const threshold = smallest(bytes, EVICTED_SHARE)
    let left = Math.ceil(this.#size * EVICTED_SHARE)
    for (let entry = this.#size - 1; entry >= 0 && left > 0; entry--) {
      if (bytes[entry]! > threshold) continue
      this.#remove(entry)
      this.#evicted++
      left--
    }
  }

  /** Fills the hole with the last entry. Going through all from the last to the first meets each of them. */
  #remove(entry: number): void {
    this.#unplace(entry)
    this.#counts.empty(entry)
    const last = --this.#size
    if (last === entry) return
    this.#index[this.#place(last)] = entry + 1
    this.#counts.move(entry, last)
    this.#keys.copyWithin(entry * KEY_WORDS, last * KEY_WORDS, (last + 1) * KEY_WORDS)
  }

  /** Where in the index the entry is. */
  #place(entry: number): number {
    const mask = this.#index.length - 1
    let at = this.#home(entry)
    while (this.#index[at] !== entry + 1) at = (at + 1) & mask
    return at
  }

  /**
   * Takes the entry out of the index: those behind it close up, so that each is still found from its home.
   */
  #unplace(entry: number): void {
    const index = this.#index
    const mask = index.length - 1
    let hole = this.#place(entry)
    for (let at = (hole + 1) & mask; index[at] !== 0; at = (at + 1) & mask) {
      const home = this.#home(index[at]! - 1)
      if (((at - home) & mask) < ((at - hole) & mask)) continue
      index[hole] = index[at]!
      hole = at
    }
    index[hole] = 0
  }

  /** Where in the index the search for the entry begins. */
  #home(entry: number): number {
    const keys = this.#keys
    const key = entry * KEY_WORDS
    const hash = this.#hash(keys[key]!, keys[key + 1]!, keys[key + 2]!, keys[key + 3]!, keys[key + 4]!)
    return hash & (this.#index.length - 1)
  }

  /** Finds each entry its place; entries that have become equal are taken together. */
  #reindex(): void {
    const index = this.#index.fill(0)
    const mask = index.length - 1
    for (let entry = 0; entry < this.#size; ) {
      let at = this.#home(entry)
      while (index[at] !== 0 && !this.#isEqual(index[at]! - 1, entry)) at = (at + 1) & mask
      if (index[at] === 0) {
        index[at] = ++entry
        continue
      }
      this.#counts.move(index[at]! - 1, entry)
      const last = --this.#size
      if (last === entry) continue
      this.#keys.copyWithin(entry * KEY_WORDS, last * KEY_WORDS, (last + 1) * KEY_WORDS)
      this.#counts.move(entry, last)
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

/**
 * The number that about this share of them do not exceed: that of some of them, which spares sorting them
 * all.
 */
function smallest(numbers: Float64Array, share: number): number {
  const probes = new Float64Array(Math.min(PROBES, numbers.length))
  for (let i = 0; i < probes.length; i++) {
    probes[i] = numbers[Math.floor((i * numbers.length) / probes.length)]!
  }
  return probes.sort()[Math.floor(probes.length * share)]!
}

/** At least twice the entries, so that probes stay short; a power of two. */
function indexLength(capacity: number): number {
  return 2 ** Math.ceil(Math.log2(capacity * 2))
}
