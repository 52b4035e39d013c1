/** The order of many destinations, in linear time. Pure. */

/**
 * A destination on an egress interface in words of 32 bits: its address, as in model/prefix.ts, and
 * interface × 4 + (1 for IPv6). The bit between tells nothing.
 */
export const KEY_WORDS = 5
const TAG = 4

/** Index of the key's interface among the router's. */
export function interfaceOf(keys: Uint32Array, key: number): number {
  return keys[key * KEY_WORDS + TAG]! >>> 2
}

export function isSix(keys: Uint32Array, key: number): boolean {
  return (keys[key * KEY_WORDS + TAG]! & 1) === 1
}

/** Fewer are sorted by comparing them. */
const FEW = 256
/** So many that are alike, as one address on several interfaces, are put in order one by one. */
const INSERTED = 32
/** A word is sorted by in three parts of so many bits. */
const PART_BITS = 11
const PART = 2 ** PART_BITS - 1

/**
 * Sorts the numbers of the first `count` keys by address (IPv4 first, then by value), then by interface;
 * equal ones stay in order.
 */
export function sortDestinations(keys: Uint32Array, count: number): Uint32Array {
  const unsorted = new Uint32Array(count)
  for (let i = 0; i < count; i++) unsorted[i] = i
  if (isSorted(keys, unsorted)) return unsorted
  const compare = (a: number, b: number): number => compareKeys(keys, a, b)
  if (unsorted.length < FEW) return unsorted.toSorted(compare)
  const { four, six } = splitFamilies(keys, unsorted)
  const order = new Uint32Array(unsorted.length)
  order.set(sortByWord(keys, four, 0))
  order.set(sortByWord(keys, sortByWord(keys, six, 1), 0), four.length)
  for (let start = 0, end = 0; start < order.length; start = end) {
    for (end = start + 1; end < order.length && isAlike(keys, order[start]!, order[end]!); ) end++
    if (end - start > INSERTED) order.subarray(start, end).sort(compare)
    else for (let at = start + 1; at < end; at++) insert(keys, order, start, at)
  }
  return order
}

/** Moves what is at `at` to its place among those from `start` on, which are in order. */
function insert(keys: Uint32Array, order: Uint32Array, start: number, at: number): void {
  const key = order[at]!
  let place = at
  while (place > start && compareKeys(keys, order[place - 1]!, key) > 0) {
    order[place] = order[place - 1]!
    place--
  }
  order[place] = key
}

function isSorted(keys: Uint32Array, order: Uint32Array): boolean {
  for (let i = 1; i < order.length; i++) if (compareKeys(keys, order[i - 1]!, order[i]!) > 0) return false
  return true
}

function compareKeys(keys: Uint32Array, a: number, b: number): number {
  const [i, j] = [a * KEY_WORDS, b * KEY_WORDS]
  return (
    (keys[i + TAG]! & 1) - (keys[j + TAG]! & 1) ||
    keys[i]! - keys[j]! ||
    keys[i + 1]! - keys[j + 1]! ||
    keys[i + 2]! - keys[j + 2]! ||
    keys[i + 3]! - keys[j + 3]! ||
    (keys[i + TAG]! >>> 2) - (keys[j + TAG]! >>> 2)
  )
}

/** True when both are of one family and equal in the words that all are sorted by. */
function isAlike(keys: Uint32Array, a: number, b: number): boolean {
  const [i, j] = [a * KEY_WORDS, b * KEY_WORDS]
  return keys[i] === keys[j] && keys[i + 1] === keys[j + 1] && ((keys[i + TAG]! ^ keys[j + TAG]!) & 1) === 0
}

function splitFamilies(keys: Uint32Array, all: Uint32Array): { four: Uint32Array; six: Uint32Array } {
  const [four, six] = [new Uint32Array(all.length), new Uint32Array(all.length)]
  let [fours, sixes] = [0, 0]
  for (let i = 0; i < all.length; i++) {
    if (isSix(keys, all[i]!)) six[sixes++] = all[i]!
    else four[fours++] = all[i]!
  }
  return { four: four.subarray(0, fours), six: six.subarray(0, sixes) }
}

/** Sorts by one word and leaves the order of equal ones: a radix sort, the lowest bits first. */
function sortByWord(keys: Uint32Array, unsorted: Uint32Array, word: number): Uint32Array {
  const { length } = unsorted
  let [from, to] = [unsorted.slice(), new Uint32Array(length)]
  let [words, wordsTo] = [new Uint32Array(length), new Uint32Array(length)]
  for (let i = 0; i < length; i++) words[i] = keys[from[i]! * KEY_WORDS + word]!
  for (let shift = 0; shift < 32; shift += PART_BITS) {
    const starts = new Uint32Array(PART + 2)
    for (let i = 0; i < length; i++) starts[((words[i]! >>> shift) & PART) + 1]!++
    for (let part = 1; part <= PART; part++) starts[part]! += starts[part - 1]!
    for (let i = 0; i < length; i++) {
      const place = starts[(words[i]! >>> shift) & PART]!++
      to[place] = from[i]!
      wordsTo[place] = words[i]!
    }
    ;[from, to, words, wordsTo] = [to, from, wordsTo, words]
  }
  return from
}
