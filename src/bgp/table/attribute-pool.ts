/** Equal attributes are stored once, in one array of numbers: a full table has far fewer sets than paths. */
import type { Address } from '../../model/prefix.ts'
import type { PathAttributes } from '../../model/route.ts'
import { nextHopOf, unpackAttributes, type PackedAttributes } from '../wire/packed-attributes.ts'

/** Of a record in the arena: how many paths use it, the hash of its row, the row's length, and the row. */
const USES = 0
const HASH = 1
const LENGTH = 2
const ROW = 3
const FEWEST_SLOTS = 64

/**
 * Sets of attributes by number; it counts their users, so that it holds no more than the paths that are
 * there. 12 bytes a set besides its row, and 4 to 16 for the hash table.
 */
export class AttributePool {
  #arena = new Int32Array(1024)
  /** Where the next record begins. Number 0 stands for none. */
  #end = 1
  /** Records that have become free, by the length of their rows. */
  readonly #free = new Map<number, number[]>()
  /** Open addressing with linear probing: the numbers of sets. */
  #slots = new Uint32Array(FEWEST_SLOTS)
  #size = 0
  readonly #nextHops = new Map<number | string, { readonly address: Address; sets: number }>()
  /** Sets that somebody has asked for. */
  readonly #asked = new Map<number, PathAttributes>()
  /** Paths of one UPDATE come with the same row, one after the other. */
  #last: { readonly row: PackedAttributes; readonly set: number } | undefined

  /** Number of different sets. */
  get size(): number {
    return this.#size
  }

  /** The number of these attributes' set; to be given back by `release`. */
  take(row: PackedAttributes): number {
    const set = this.#last?.row === row ? this.#last.set : this.#findOrAdd(row)
    this.#last = { row, set }
    this.#arena[set + USES]!++
    return set
  }

  /** The number of the set, when there is one. */
  find(row: PackedAttributes): number | undefined {
    return this.#slots[this.#slotOf(row, hashOf(row))] || undefined
  }

  release(set: number): void {
    if (--this.#arena[set + USES]! > 0) return
    if (this.#last?.set === set) this.#last = undefined
    this.#remove(set)
    const length = this.#arena[set + LENGTH]!
    const free = this.#free.get(length)
    if (free === undefined) this.#free.set(length, [set])
    else free.push(set)
    this.#asked.delete(set)
    const key = keyOf(nextHopOf(this.#arena, set + ROW))
    const nextHop = this.#nextHops.get(key)!
    if (--nextHop.sets === 0) this.#nextHops.delete(key)
  }

  /** The attributes of a set; the same object as long as it is in use and nobody calls `forgetAsked`. */
  attributes(set: number): PathAttributes {
    let attributes = this.#asked.get(set)
    if (attributes === undefined) this.#asked.set(set, (attributes = this.unpack(set)))
    return attributes
  }

  /** The attributes of a set, kept by nobody. */
  unpack(set: number): PathAttributes {
    return unpackAttributes(this.#arena, set + ROW, this.nextHop(set))
  }

  /** The next hop of a set; the same object for all sets that have it. */
  nextHop(set: number): Address {
    return this.#nextHops.get(keyOf(nextHopOf(this.#arena, set + ROW)))!.address
  }

  /** Lets go of what `attributes` has given. */
  forgetAsked(): void {
    this.#asked.clear()
  }

  /** Next hops of all sets, each once. */
  *nextHops(): Generator<Address> {
    for (const { address } of this.#nextHops.values()) yield address
  }

  clear(): void {
    this.#arena = new Int32Array(1024)
    this.#end = 1
    this.#free.clear()
    this.#slots = new Uint32Array(FEWEST_SLOTS)
    this.#size = 0
    this.#nextHops.clear()
    this.#asked.clear()
    this.#last = undefined
  }

  #findOrAdd(row: PackedAttributes): number {
    const hash = hashOf(row)
    let slot = this.#slotOf(row, hash)
    if (this.#slots[slot] !== 0) return this.#slots[slot]!
    if (2 * (this.#size + 1) > this.#slots.length) {
      this.#rehash(2 * this.#slots.length)
      slot = this.#slotOf(row, hash)
    }
    const set = this.#free.get(row.length)?.pop() ?? this.#append(row.length)
    this.#arena[set + USES] = 0
    this.#arena[set + HASH] = hash
    this.#arena[set + LENGTH] = row.length
    for (let i = 0; i < row.length; i++) this.#arena[set + ROW + i] = row[i]!
    this.#slots[slot] = set
    this.#size++
    const address = nextHopOf(row)
    const key = keyOf(address)
    const nextHop = this.#nextHops.get(key)
    if (nextHop === undefined) this.#nextHops.set(key, { address, sets: 1 })
    else nextHop.sets++
    return set
  }

  #append(length: number): number {
    const set = this.#end
    this.#end += ROW + length
    if (this.#end > this.#arena.length) {
      const larger = new Int32Array(Math.max(2 * this.#arena.length, this.#end))
      larger.set(this.#arena)
      this.#arena = larger
    }
    return set
  }

  /** The slot that holds the row's set, or the free one where it would be. */
  #slotOf(row: PackedAttributes, hash: number): number {
    const last = this.#slots.length - 1
    for (let slot = hash & last; ; slot = (slot + 1) & last) {
      const set = this.#slots[slot]!
      if (set === 0 || (this.#arena[set + HASH] === hash && this.#isRow(set, row))) return slot
    }
  }

  #isRow(set: number, row: PackedAttributes): boolean {
    const arena = this.#arena
    if (arena[set + LENGTH] !== row.length) return false
    for (let i = 0; i < row.length; i++) if (arena[set + ROW + i] !== row[i]) return false
    return true
  }

  /** Takes the set out of its slot, and closes the gap: those behind it move up where they may. */
  #remove(set: number): void {
    const last = this.#slots.length - 1
    let gap = this.#arena[set + HASH]! & last
    while (this.#slots[gap] !== set) gap = (gap + 1) & last
    for (let slot = (gap + 1) & last; this.#slots[slot] !== 0; slot = (slot + 1) & last) {
      const home = this.#arena[this.#slots[slot]! + HASH]! & last
      if (((slot - home) & last) < ((slot - gap) & last)) continue
      this.#slots[gap] = this.#slots[slot]!
      gap = slot
    }
    this.#slots[gap] = 0
    this.#size--
  }

  #rehash(length: number): void {
    const before = this.#slots
    this.#slots = new Uint32Array(length)
    const last = length - 1
    for (const set of before) {
      if (set === 0) continue
      let slot = this.#arena[set + HASH]! & last
      while (this.#slots[slot] !== 0) slot = (slot + 1) & last
      this.#slots[slot] = set
    }
  }
}

/** Tells next hops apart; quicker than their text. */
function keyOf({ family, w0, w1, w2, w3 }: Address): number | string {
  return family === 4 ? w0 : `${w0} ${w1} ${w2} ${w3}`
}

/** 32 bits that any word of the row changes (multiply and xorshift, as in MurmurHash3's finalizer). */
function hashOf(row: PackedAttributes): number {
  let hash = row.length
  for (let i = 0; i < row.length; i++) {
    hash = Math.imul(hash ^ row[i]!, 0x85ebca6b)
    hash ^= hash >>> 15
  }
  hash = Math.imul(hash, 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}
