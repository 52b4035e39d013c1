/**
 * Longest match over prefixes of one family: a path-compressed binary trie (D. R. Morrison, PATRICIA, 1968).
 */
import { addressBits, bitOf, prefixOf, type Address, type Family, type Prefix } from '../../model/prefix.ts'

/** Node 0 is no node: as a child it means none, and its own left child is the root. */
const NONE = 0
const LEFT = 0
const RIGHT = 1
const LENGTH = 2
const VALUE = 3
const WORDS = 4

/**
 * Maps prefixes of one family to numbers from 1 up to 2³² - 1. Nodes are records in one Uint32Array (left,
 * right, length, value, the prefix's words), so that a million of them cost the garbage collector nothing:
 * 20 bytes a node for IPv4, 32 for IPv6, and at most two nodes a prefix. Any operation costs O(length).
 *
 * A prefix that is in has a node, which stays the same as long as it is in: others may keep by its number
 * what belongs to the prefix.
 */
export class PrefixTrie {
  readonly #family: Family
  readonly #stride: number
  #nodes: Uint32Array
  /** The next node that was never used. */
  #next = 1
  /** First of the freed nodes, chained by their left child. */
  #free = NONE
  #freed = 0
  #size = 0
  /** See `#find`. */
  #parentSlot = LEFT

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
    return this.#next - 1 - this.#freed
  }

  /** The prefix's node, or 0 when it is not in. */
  find(prefix: Prefix): number {
    const node = this.#nodes[this.#find(prefix)]!
    return this.#valueOf(node) === 0 ? NONE : node
  }

  /** Value of a node that `find` and others have given. */
  value(node: number): number {
    return this.#valueOf(node)
  }

  /** Gives the node another value. */
  setValue(node: number, value: number): void {
    this.#nodes[node * this.#stride + VALUE] = value
  }

  /** Puts the prefix in, or gives it another value; its node. */
  set(prefix: Prefix, value: number): number {
    let slot = LEFT
    for (;;) {
      const node = this.#nodes[slot]!
      if (node === NONE) return this.#link(slot, this.#create(prefix, prefix.length, value))
      const length = this.#lengthOf(node)
      const common = Math.min(this.#commonLength(node, prefix), prefix.length, length)
      if (common < length) return this.#insertAbove(slot, prefix, common, value)
      if (length === prefix.length) {
        if (this.#valueOf(node) === 0) this.#size++
        this.setValue(node, value)
        return node
      }
      slot = this.#childSlot(node, bitOf(prefix, length))
    }
  }

  /** True when the prefix was in. */
  delete(prefix: Prefix): boolean {
    const slot = this.#find(prefix)
    const parentSlot = this.#parentSlot
    const node = this.#nodes[slot]!
    if (this.#valueOf(node) === 0) return false
    this.setValue(node, 0)
    this.#size--
    this.#removeIfIdle(slot)
    this.#removeIfIdle(parentSlot)
    return true
  }

  /** Node of the longest prefix that holds the address, or 0. */
  longestMatch(address: Address): number {
    const bits = addressBits(this.#family)
    let best = NONE
    for (let node = this.#nodes[LEFT]!; node !== NONE;) {
      const length = this.#lengthOf(node)
      if (this.#commonLength(node, address) < length) break
      if (this.#valueOf(node) !== 0) best = node
      if (length === bits) break
      node = this.#nodes[this.#childSlot(node, bitOf(address, length))]!
    }
    return best
  }

  /** Nodes of all prefixes that hold the whole prefix, longest first. */
  covering(prefix: Prefix): number[] {
    const found: number[] = []
    for (let node = this.#nodes[LEFT]!; node !== NONE;) {
      const length = this.#lengthOf(node)
      if (length > prefix.length || this.#commonLength(node, prefix) < length) break
      if (this.#valueOf(node) !== 0) found.push(node)
      if (length === prefix.length) break
      node = this.#nodes[this.#childSlot(node, bitOf(prefix, length))]!
    }
    return found.toReversed()
  }

  /** Nodes of all prefixes in ascending order, each before those that it holds. */
  *nodesInOrder(): Generator<number> {
    const waiting = [this.#nodes[LEFT]!]
    for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
      if (node === NONE) continue
      if (this.#valueOf(node) !== 0) yield node
      waiting.push(this.#nodes[node * this.#stride + RIGHT]!, this.#nodes[node * this.#stride + LEFT]!)
    }
  }

  clear(): void {
    this.#nodes = new Uint32Array(this.#stride * 16)
    this.#next = 1
    this.#free = NONE
    this.#freed = 0
    this.#size = 0
  }

  /**
   * The slot that holds the prefix's node, or one that holds none where it is missing; `#parentSlot` is then
   * the slot of that node's parent.
   */
  #find(prefix: Prefix): number {
    this.#parentSlot = LEFT
    let slot = LEFT
    for (;;) {
      const node = this.#nodes[slot]!
      if (node === NONE) return slot
      const length = this.#lengthOf(node)
      if (length >= prefix.length || this.#commonLength(node, prefix) < length) {
        const found = length === prefix.length && this.#commonLength(node, prefix) >= length
        return found ? slot : RIGHT
      }
      this.#parentSlot = slot
      slot = this.#childSlot(node, bitOf(prefix, length))
    }
  }

  /** Puts the prefix above the node of the slot, with which it shares `common` bits. */
  #insertAbove(slot: number, prefix: Prefix, common: number, value: number): number {
    const below = this.#nodes[slot]!
    const sideOfBelow = this.#bitOfNode(below, common)
    const added = this.#create(prefix, prefix.length, value)
    if (common === prefix.length) {
      this.#link(this.#childSlot(added, sideOfBelow), below)
      return this.#link(slot, added)
    }
    const fork = this.#create(prefix, common, 0)
    this.#link(this.#childSlot(fork, sideOfBelow), below)
    this.#link(this.#childSlot(fork, sideOfBelow === 0 ? 1 : 0), added)
    this.#link(slot, fork)
    return added
  }

  /** A node without value exists only to hold two children: with fewer, its child takes its place. */
  #removeIfIdle(slot: number): void {
    const node = this.#nodes[slot]!
    if (node === NONE || this.#valueOf(node) !== 0) return
    const left = this.#nodes[node * this.#stride + LEFT]!
    const right = this.#nodes[node * this.#stride + RIGHT]!
    if (left !== NONE && right !== NONE) return
    this.#link(slot, left === NONE ? right : left)
    this.#nodes[node * this.#stride + LEFT] = this.#free
    this.#free = node
    this.#freed++
  }

  #create(prefix: Prefix, length: number, value: number): number {
    let node = this.#free
    if (node === NONE) {
      node = this.#next++
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
    this.#nodes[at + VALUE] = value
    // Bits behind the length of a fork stay as they are: nothing looks at them.
    this.#nodes[at + WORDS] = prefix.w0
    if (this.#family === 6) {
      this.#nodes[at + WORDS + 1] = prefix.w1
      this.#nodes[at + WORDS + 2] = prefix.w2
      this.#nodes[at + WORDS + 3] = prefix.w3
    }
    if (value !== 0) this.#size++
    return node
  }

  #link(slot: number, node: number): number {
    this.#nodes[slot] = node
    return node
  }

  #childSlot(node: number, side: 0 | 1): number {
    return node * this.#stride + side
  }

  #lengthOf(node: number): number {
    return this.#nodes[node * this.#stride + LENGTH]!
  }

  #valueOf(node: number): number {
    return this.#nodes[node * this.#stride + VALUE]!
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

  /** The prefix of a node. */
  prefixOf(node: number): Prefix {
    const at = node * this.#stride + WORDS
    const word = (i: number): number => (this.#family === 6 || i === 0 ? this.#nodes[at + i]! : 0)
    // A node that was a fork has bits behind its length.
    return prefixOf({ family: this.#family, w0: word(0), w1: word(1), w2: word(2), w3: word(3) }, this.#lengthOf(node))
  }
}
