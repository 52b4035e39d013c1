/** The longest matches of a router's destinations: every cycle asks for nearly the same ones again. */
import { NO_MATCH, type Matches } from '../../model/matches.ts'
import { comparePrefixes, type Address, type Family, type Prefix } from '../../model/prefix.ts'
import { Rates } from '../../model/rates.ts'
import type { PrefixTrie } from './prefix-trie.ts'

/** In place of a number: has yet to be looked up. */
const UNKNOWN = -2

/** When more prefixes come and go between two cycles, all is looked up anew. */
const MOST_CHANGES = 2 ** 15

/**
 * Keeps the matches of the last rates, and takes from them what still holds: destinations of either are in order, so
 * both are passed through side by side, and a table that no cache of a processor holds is asked only for what is new
 * and for what lies in prefixes that have come or gone. It takes 4 bytes a row, and some 150 a prefix with traffic.
 */
export class KnownMatches {
  readonly #tries: Readonly<Record<Family, PrefixTrie>>
  #rates = Rates.EMPTY
  #matches: Matches = { numbers: new Int32Array(), prefixes: [] }
  /** The list that `#matches` gives out: it only grows, until it is replaced. */
  #prefixes: Prefix[] = []
  /** Numbers by the prefix's node. A node that has gone may have come back as another prefix's. */
  readonly #numbers: Readonly<Record<Family, Map<number, number>>> = { 4: new Map(), 6: new Map() }
  /** Came or went since. */
  #changed: Prefix[] = []
  /** Some of `#matches` have yet to be looked up. */
  #isPartial = false

  constructor(tries: Readonly<Record<Family, PrefixTrie>>) {
    this.#tries = tries
  }

  /** The prefix has come or gone: what lies in it may belong elsewhere. */
  forget(prefix: Prefix): void {
    if (this.#rates.length === 0) return
    if (this.#changed.length < MOST_CHANGES) this.#changed.push(prefix)
    else this.clear()
  }

  clear(): void {
    this.#rates = Rates.EMPTY
    this.#matches = { numbers: new Int32Array(), prefixes: [] }
    this.#changed = []
    this.#startNumbers()
  }

  /** The longest match of each row's destination. */
  match(rates: Rates): Matches {
    this.#update(rates, Infinity)
    return this.#matches
  }

  /** Looks up so many of them at most, so that less is left to a `match` to come. */
  prepare(rates: Rates, most: number): void {
    this.#update(rates, most)
  }

  #update(rates: Rates, most: number): void {
    if (rates === this.#rates && this.#changed.length === 0 && !this.#isPartial) return
    const before = this.#rates
    const numbersBefore = this.#matches.numbers
    const numbers = new Int32Array(rates.length)
    const edges = this.#edgesOfChanged(rates)
    let old = 0
    let around = 0
    let left = most
    this.#isPartial = false
    for (let row = 0; row < rates.length; row++) {
      around += edges[row]!
      if (rates.isRepeated(row)) {
        numbers[row] = numbers[row - 1]!
        continue
      }
      let order = 1
      while (old < before.length && (order = before.compareDestinations(old, rates, row)) < 0) old++
      const known = order === 0 && around === 0 ? numbersBefore[old]! : UNKNOWN
      if (known !== UNKNOWN || left === 0) {
        numbers[row] = known
        this.#isPartial ||= known === UNKNOWN
      } else {
        numbers[row] = this.#lookUp(rates.addressAt(row))
        left--
      }
    }
    this.#rates = rates
    this.#changed = []
    this.#dropUnused(numbers)
    this.#matches = { numbers, prefixes: this.#prefixes }
  }

  /** By row: how many of the prefixes that have come or gone begin there, less those that end before it. */
  #edgesOfChanged(rates: Rates): Int32Array {
    const edges = new Int32Array(rates.length + 1)
    for (const prefix of this.#changed) {
      const { start, end } = rates.rangeOf(prefix)
      edges[start]!++
      edges[end]!--
    }
    return edges
  }

  #lookUp(address: Address): number {
    const trie = this.#tries[address.family]
    const node = trie.longestMatch(address)
    if (node === 0) return NO_MATCH
    const numbers = this.#numbers[address.family]
    const prefix = trie.prefixOf(node)
    const known = numbers.get(node)
    if (known !== undefined && comparePrefixes(this.#prefixes[known]!, prefix) === 0) return known
    const number = this.#prefixes.push(prefix) - 1
    numbers.set(node, number)
    return number
  }

  /** Numbers anew, once half of the prefixes or more have no destination any more. */
  #dropUnused(numbers: Int32Array): void {
    const before = this.#prefixes
    if (before.length < 2 * numbers.length + 16) return
    this.#startNumbers()
    const renumbered = new Int32Array(before.length).fill(NO_MATCH)
    for (const [row, number] of numbers.entries()) {
      if (number < 0) continue
      if (renumbered[number] === NO_MATCH) {
        const prefix = before[number]!
        renumbered[number] = this.#prefixes.push(prefix) - 1
        this.#numbers[prefix.family].set(this.#tries[prefix.family].find(prefix), renumbered[number])
      }
      numbers[row] = renumbered[number]!
    }
  }

  #startNumbers(): void {
    this.#prefixes = []
    this.#numbers[4].clear()
    this.#numbers[6].clear()
  }
}
