/**
 * Longest match over prefixes of one family: a path-compressed binary trie (D. R. Morrison, PATRICIA, 1968).
 */
import { addressBits, bitOf, type Address, type Family, type Prefix } from '../model/prefix.ts'

/** Node 0 is no node: as a child it means none, and its own left child is the root. */
const NONE = 0
const LEFT = 0
const RIGHT = 1
const LENGTH = 2
const WORDS = 3

/**
 * Maps prefixes of one family to values. Nodes are records in one Uint32Array (left, right, length, the
 * prefix's words), so that a million of them cost the garbage collector nothing: 16 bytes a node for IPv4,
 * 28 for IPv6, and at most two nodes a prefix. Any operation costs O(length).
 */
export class PrefixTrie<V extends object> {
  readonly #family: Family
  readonly #stride: number
  #nodes: Uint32Array
  #values: (V | undefined)[] = [undefined]
  /** First of the freed nodes, chained by their left child. */
  #free = NONE
  #freed = 0
  #size = 0

  constructor(family: Family) {
    this.#family = family
    this.#stride = WORDS + addressBits(family) / 32
    this.#nodes = new Uint32Array(this.#stride * 16)
  }

  /** Number of prefixes. */
  get size(): number {
    return this.#size
  }

  /** Number of nodes in use: at most two a prefix, less one. */
  get nodes(): number {
    return this.#values.length - 1 - this.#freed
  }

  get(prefix: Prefix): V | undefined {
    return this.#values[this.#nodes[this.#find(prefix).slot]!]
  }

  set(prefix: Prefix, value: V): void {
    let slot = LEFT
    for (;;) {
      const node = this.#nodes[slot]!
      if (node === NONE) return this.#link(slot, this.#create(prefix, prefix.length, value))
      const length = this.#lengthOf(node)
      const common = Math.min(this.#commonLength(node, prefix), prefix.length, length)
      if (common < length) return this.#insertAbove(slot, prefix, common, value)
      if (length === prefix.length) {
        if (this.#values[node] === undefined) this.#size++
        this.#values[node] = value
        return
      }
      slot = this.#childSlot(node, bitOf(prefix, length))
    }
  }

  /** True when the prefix was there. */
  delete(prefix: Prefix): boolean {
    const { slot, parentSlot } = this.#find(prefix)
    const node = this.#nodes[slot]!
    if (this.#values[node] === undefined) return false
    this.#values[node] = undefined
    this.#size--
    this.#removeIfIdle(slot)
    this.#removeIfIdle(parentSlot)
    return true
  }

  /** Value of the longest prefix that holds the address. */
  longestMatch(address: Address): V | undefined {
    let best: V | undefined
    this.#walk(address, addressBits(this.#family), (value) => (best = value))
    return best
  }

  /** Values of all prefixes that hold the whole prefix, longest first. */
  covering(prefix: Prefix): V[] {
    const values: V[] = []
    this.#walk(prefix, prefix.length, (value) => values.push(value))
    return values.toReversed()
  }

  /** All prefixes in ascending order, each before those that it holds. */
  *entries(): Generator<[Prefix, V]> {
    const waiting = [this.#nodes[LEFT]!]
    for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
      if (node === NONE) continue
      const value = this.#values[node]
      if (value !== undefined) yield [this.#prefixOf(node), value]
      waiting.push(this.#nodes[node * this.#stride + RIGHT]!, this.#nodes[node * this.#stride + LEFT]!)
    }
  }

  clear(): void {
    this.#nodes = new Uint32Array(this.#stride * 16)
    this.#values = [undefined]
    this.#free = NONE
    this.#freed = 0
    this.#size = 0
  }

  /** Visits the values on the way to the address, shortest prefix first, as long as `maxLength` allows. */
  #walk(address: Address, maxLength: number, visit: (value: V) => void): void {
    let node = this.#nodes[LEFT]!
    while (node !== NONE) {
      const length = this.#lengthOf(node)
      if (length > maxLength || this.#commonLength(node, address) < length) return
      const value = this.#values[node]
      if (value !== undefined) visit(value)
      if (length === maxLength) return
      node = this.#nodes[this.#childSlot(node, bitOf(address, length))]!
    }
  }

  /**
   * The slot that holds the prefix's node, or NONE where it is missing; and the slot of that node's parent.
   */
  #find(prefix: Prefix): { slot: number; parentSlot: number } {
    let parentSlot = LEFT
    let slot = LEFT
    for (;;) {
      const node = this.#nodes[slot]!
      if (node === NONE) return { slot, parentSlot }
      const length = this.#lengthOf(node)
      if (length >= prefix.length || this.#commonLength(node, prefix) < length) {
        const found = length === prefix.length && this.#commonLength(node, prefix) >= length
        return { slot: found ? slot : RIGHT, parentSlot }
      }
      parentSlot = slot
      slot = this.#childSlot(node, bitOf(prefix, length))
    }
  }

  /** Puts the prefix above the node of the slot, with which it shares `common` bits. */
  #insertAbove(slot: number, prefix: Prefix, common: number, value: V): void {
    const below = this.#nodes[slot]!
    const sideOfBelow = this.#bitOfNode(below, common)
    const added = this.#create(prefix, prefix.length, value)
    if (common === prefix.length) {
      this.#link(this.#childSlot(added, sideOfBelow), below)
      return this.#link(slot, added)
    }
    const fork = this.#create(prefix, common, undefined)
    this.#link(this.#childSlot(fork, sideOfBelow), below)
    this.#link(this.#childSlot(fork, sideOfBelow === 0 ? 1 : 0), added)
    this.#link(slot, fork)
  }

  /** A node without value exists only to hold two children: with fewer, its child takes its place. */
  #removeIfIdle(slot: number): void {
    const node = this.#nodes[slot]!
    if (node === NONE || this.#values[node] !== undefined) return
    const left = this.#nodes[node * this.#stride + LEFT]!
    const right = this.#nodes[node * this.#stride + RIGHT]!
    if (left !== NONE && right !== NONE) return
    this.#link(slot, left === NONE ? right : left)
    this.#nodes[node * this.#stride + LEFT] = this.#free
    this.#free = node
    this.#freed++
  }

  #create(prefix: Prefix, length: number, value: V | undefined): number {
    let node = this.#free
    if (node === NONE) {
      node = this.#values.length
      this.#values.push(undefined)
    } else {
      this.#free = this.#nodes[node * this.#stride + LEFT]!
      this.#freed--
    }
    const at = node * this.#stride
    if (at + this.#stride > this.#nodes.length) {
      const larger = new Uint32Array(this.#nodes.length * 2)
      larger.set(this.#nodes)
      this.#nodes = larger
    }
    this.#nodes[at + LEFT] = NONE
    this.#nodes[at + RIGHT] = NONE
    this.#nodes[at + LENGTH] = length
    // Bits behind the length of a fork stay as they are: nothing looks at them.
    this.#nodes[at + WORDS] = prefix.w0
    if (this.#family === 6) {
      this.#nodes[at + WORDS + 1] = prefix.w1
      this.#nodes[at + WORDS + 2] = prefix.w2
      this.#nodes[at + WORDS + 3] = prefix.w3
    }
    this.#values[node] = value
    if (value !== undefined) this.#size++
    return node
  }

  #link(slot: number, node: number): void {
    this.#nodes[slot] = node
  }

  #childSlot(node: number, side: 0 | 1): number {
    return node * this.#stride + side
  }

  #lengthOf(node: number): number {
    return this.#nodes[node * this.#stride + LENGTH]!
  }

  #bitOfNode(node: number, index: number): 0 | 1 {
    const word = this.#nodes[node * this.#stride + WORDS + (index >>> 5)]!
    return ((word >>> (31 - (index & 31))) & 1) as 0 | 1
  }

  /**
   * Number of leading bits that the node's words share with the address; beyond the node's length it means
   * nothing.
   */
  #commonLength(node: number, a: Address): number {
    const at = node * this.#stride + WORDS
    const nodes = this.#nodes
    let differing = nodes[at]! ^ a.w0
    if (differing !== 0 || this.#family === 4) return Math.clz32(differing)
    differing = nodes[at + 1]! ^ a.w1
    if (differing !== 0) return 32 + Math.clz32(differing)
    differing = nodes[at + 2]! ^ a.w2
    if (differing !== 0) return 64 + Math.clz32(differing)
    return 96 + Math.clz32(nodes[at + 3]! ^ a.w3)
  }

  #prefixOf(node: number): Prefix {
    const at = node * this.#stride
    const word = (i: number): number => (this.#family === 6 || i === 0 ? this.#nodes[at + WORDS + i]! : 0)
    const length = this.#lengthOf(node)
    return { family: this.#family, w0: word(0), w1: word(1), w2: word(2), w3: word(3), length }
  }
}
