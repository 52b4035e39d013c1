/** Bytes and samples by destination over a short span of time, in memory that threads can share. */
import { mixHash } from './hash.ts'

/** Per entry, in words of 32 bits: the address, the tag, the samples, the bytes as a double. */
const ENTRY_WORDS = 8
const TAG = 4
const SAMPLES = 5
const ENTRY_DOUBLES = ENTRY_WORDS / 2
const BYTES = 3

/** Samples that are looked up together: so many waits for memory then overlap. */
const STAGED = 64

/**
 * Of the slots. Destinations beyond the first share are forgotten between two spans, so that each finds as
 * many as lie between it and the second; from there on new ones count by their /24 or /48, and beyond the
 * third by none.
 */
const KEPT_SHARE = 1 / 4
const CROWDED_SHARE = 9 / 16
const FULL_SHARE = 3 / 4

const USED = 0
const FOLDED = 1
const REFUSED = 2
const HEAD_WORDS = 4

/** What a reader gets for each destination; `entry` is its place, which stays while it is remembered. */
export type DestinationReader = (
  entry: number,
  tag: number,
  w0: number,
  w1: number,
  w2: number,
  w3: number,
  bytes: number,
  samples: number,
) => void

/**
 * Destinations are remembered from one span to the next, so that most samples find theirs there. They lie in
 * the order in which they came, so those that carry most, which come first, lie close together, and it is the
 * small ones that find it crowded: these fold into their /24 or /48, and when it is full they count for their
 * interface only.
 */
export class DestinationBatch {
  readonly #seed: number
  readonly #mask: number
  readonly #kept: number
  readonly #crowded: number
  readonly #full: number
  readonly #head: Uint32Array
  /** Open addressing: entry + 1, or 0 where free. */
  readonly #index: Uint32Array
  readonly #words: Uint32Array
  readonly #doubles: Float64Array
  /**
   * What was added and not yet looked up, in the form of entries; in place of its samples, where its search
   * begins.
   */
  readonly #stagedWords = new Uint32Array(STAGED * ENTRY_WORDS)
  readonly #stagedDoubles = new Float64Array(this.#stagedWords.buffer)
  readonly #found = new Uint32Array(STAGED)
  #staged = 0

  /** Bytes of memory for so many slots, a multiple of 16. */
  static size(slots: number): number {
    return 4 * (HEAD_WORDS + slots + slots * FULL_SHARE * ENTRY_WORDS)
  }

  /** Memory of `size(slots)` bytes at `offset`, all zero at first; `slots` is a power of two. */
  constructor(memory: SharedArrayBuffer, offset: number, slots: number, seed: number) {
    this.#seed = seed
    this.#mask = slots - 1
    this.#kept = slots * KEPT_SHARE
    this.#crowded = slots * CROWDED_SHARE
    this.#full = slots * FULL_SHARE
    this.#head = new Uint32Array(memory, offset, HEAD_WORDS)
    this.#index = new Uint32Array(memory, offset + 4 * HEAD_WORDS, slots)
    const entries = offset + 4 * (HEAD_WORDS + slots)
    this.#words = new Uint32Array(memory, entries, this.#full * ENTRY_WORDS)
    this.#doubles = new Float64Array(memory, entries, this.#full * ENTRY_DOUBLES)
  }

  /** Destinations that it remembers, with samples or without. */
  get size(): number {
    return this.#head[USED]!
  }

  /** Most that it can remember. */
  get capacity(): number {
    return this.#full
  }

  /** Samples that count by their /24 or /48 only. */
  get folded(): number {
    return this.#head[FOLDED]!
  }

  /** Samples that count by no destination. */
  get refused(): number {
    return this.#head[REFUSED]!
  }

  /**
   * Counts a sample.
   *
   * @param tag tells what the destination belongs to; its lowest bit is 1 for IPv6
   */
  add(tag: number, w0: number, w1: number, w2: number, w3: number, bytes: number): void {
    const staged = this.#stagedWords
    const at = this.#staged * ENTRY_WORDS
    staged[at] = w0
    staged[at + 1] = w1
    staged[at + 2] = w2
    staged[at + 3] = w3
    staged[at + TAG] = tag
    staged[at + SAMPLES] = this.#home(tag, w0, w1, w2, w3)
    this.#stagedDoubles[this.#staged * ENTRY_DOUBLES + BYTES] = bytes
    if (++this.#staged === STAGED) this.settle()
  }

  /** Looks up what was added; before that it is in nothing that is read here. */
  settle(): void {
    const [staged, index, words, doubles] = [this.#stagedWords, this.#index, this.#words, this.#doubles]
    const count = this.#staged
    // First all of the index, then all of the entries: none of these waits for another.
    for (let i = 0; i < count; i++) this.#found[i] = index[staged[i * ENTRY_WORDS + SAMPLES]!]!
    for (let i = 0; i < count; i++) {
      const from = i * ENTRY_WORDS
      const entry = this.#found[i]! - 1
      const at = entry * ENTRY_WORDS
      const bytes = this.#stagedDoubles[i * ENTRY_DOUBLES + BYTES]!
      if (
        entry >= 0 &&
        words[at + TAG] === staged[from + TAG] &&
        words[at] === staged[from] &&
        words[at + 1] === staged[from + 1] &&
        words[at + 2] === staged[from + 2] &&
        words[at + 3] === staged[from + 3]
      ) {
        words[at + SAMPLES]!++
        doubles[entry * ENTRY_DOUBLES + BYTES]! += bytes
      } else {
        const tag = staged[from + TAG]!
        this.#addOrFold(tag, staged[from]!, staged[from + 1]!, staged[from + 2]!, staged[from + 3]!, bytes)
      }
    }
    this.#staged = 0
  }

  #addOrFold(tag: number, w0: number, w1: number, w2: number, w3: number, bytes: number): void {
    if (this.#addTo(tag, w0, w1, w2, w3, bytes, this.#crowded)) return
    const isFolded =
      (tag & 1) === 0
        ? this.#addTo(tag, (w0 & 0xffffff00) >>> 0, 0, 0, 0, bytes, this.#full)
        : this.#addTo(tag, w0, (w1 & 0xffff0000) >>> 0, 0, 0, bytes, this.#full)
    this.#head[isFolded ? FOLDED : REFUSED]!++
  }

  #home(tag: number, w0: number, w1: number, w2: number, w3: number): number {
    const hash = mixHash(mixHash(this.#seed, tag), w0)
    return ((tag & 1) === 0 ? hash : mixHash(mixHash(mixHash(hash, w1), w2), w3)) & this.#mask
  }

  /** Hands over all destinations with samples. */
  read(reader: DestinationReader): void {
    const [words, doubles, size] = [this.#words, this.#doubles, this.size]
    for (let entry = 0; entry < size; entry++) {
      const at = entry * ENTRY_WORDS
      const samples = words[at + SAMPLES]!
      if (samples === 0) continue
      reader(
        entry, words[at + TAG]!, words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!,
        doubles[entry * ENTRY_DOUBLES + BYTES]!, samples,
      )
    }
  }

  /** Takes all samples out, and forgets the destinations when there are many. */
  clear(): void {
    const [words, doubles, size] = [this.#words, this.#doubles, this.size]
    if (size > this.#kept) {
      this.#index.fill(0)
      this.#head.fill(0)
      return
    }
    this.#head[FOLDED] = this.#head[REFUSED] = 0
    for (let entry = 0; entry < size; entry++) {
      words[entry * ENTRY_WORDS + SAMPLES] = 0
      doubles[entry * ENTRY_DOUBLES + BYTES] = 0
    }
  }

  /** False when the destination is new and there are `most` already. */
  #addTo(tag: number, w0: number, w1: number, w2: number, w3: number, bytes: number, most: number): boolean {
    const [index, words] = [this.#index, this.#words]
    let place = this.#home(tag, w0, w1, w2, w3)
    for (let found = index[place]!; found !== 0; found = index[place]!) {
      const at = (found - 1) * ENTRY_WORDS
      if (
        words[at] === w0 &&
        words[at + 1] === w1 &&
        words[at + 2] === w2 &&
        words[at + 3] === w3 &&
        words[at + TAG] === tag
      ) {
        words[at + SAMPLES]!++
        this.#doubles[(found - 1) * ENTRY_DOUBLES + BYTES]! += bytes
        return true
      }
      place = (place + 1) & this.#mask
    }
    const entry = this.#head[USED]!
    if (entry >= most) return false
    this.#head[USED] = entry + 1
    index[place] = entry + 1
    const at = entry * ENTRY_WORDS
    words[at] = w0
    words[at + 1] = w1
    words[at + 2] = w2
    words[at + 3] = w3
    words[at + TAG] = tag
    words[at + SAMPLES] = 1
    this.#doubles[entry * ENTRY_DOUBLES + BYTES] = bytes
    return true
  }
}
