/** The routes that one router has told: a pure data structure. */
import type { Matches } from '../../model/matches.ts'
import type { Address, Family, Prefix } from '../../model/prefix.ts'
import type { Rates } from '../../model/rates.ts'
import type { Path, PathAttributes, Route, RpkiState } from '../../model/route.ts'
import { AttributePool } from './attribute-pool.ts'
import type { PackedAttributes } from '../wire/packed-attributes.ts'
import { PathChains } from './path-chains.ts'
import { PrefixTrie } from './prefix-trie.ts'
import { KnownCoverings } from './known-coverings.ts'
import { KnownMatches } from './known-matches.ts'

export interface RouteCounts {
  readonly routes: number
  readonly paths: number
}

/** Prefixes of one family, each with the chain of its paths, and the routes of them that were asked for. */
interface Half {
  readonly trie: PrefixTrie
  paths: number
  /** By the prefix's node: made when first asked for and kept until a path changes or nobody asks any more. */
  asked: Map<number, Route>
  /** Those that nobody has asked for since `forgetUnasked` was called last. */
  unasked: Map<number, Route>
}

/**
 * Received paths by (prefix, pathId), with longest match, for IPv4 and IPv6. All in arrays of numbers: what
 * it holds costs 12 bytes a path, 40 (IPv6: 64) a prefix at most and some 120 a set of attributes, and up to
 * twice as much while an array grows. Only routes that somebody asks for become objects.
 */
export class RouteTable {
  readonly #halves: Readonly<Record<Family, Half>> = { 4: createHalf(4), 6: createHalf(6) }
  readonly #chains = new PathChains()
  readonly #pool = new AttributePool()
  readonly #coverings = new KnownCoverings()
  readonly #matches = new KnownMatches({ 4: this.#halves[4].trie, 6: this.#halves[6].trie })

  /**
   * Adds a path, or replaces the one of this prefix with this identifier. What the RPKI said of a path still
   * holds when it is announced again as it was, unless another state is given.
   */
  announce(prefix: Prefix, pathId: number, attributes: PackedAttributes, rpki: RpkiState = 'unknown'): void {
    const half = this.#halves[prefix.family]
    const chains = this.#chains
    const set = this.#pool.take(attributes)
    const node = half.trie.find(prefix)
    const chain = half.trie.value(node)
    const known = chains.find(chain, pathId)
    if (known === 0) {
      const first = chains.append(chain, pathId, set, rpki)
      if (node === 0) {
        half.trie.set(prefix, first)
        this.#matches.forget(prefix)
      }
      half.paths++
    } else {
      const before = chains.set(known)
      this.#pool.release(before)
      if (before === set && (rpki === 'unknown' || rpki === chains.rpki(known))) return
      chains.change(known, set, rpki)
    }
    this.#forget(half, node, prefix)
  }

  /** True when announcing the path would change nothing. */
  holds(prefix: Prefix, pathId: number, attributes: PackedAttributes, rpki: RpkiState): boolean {
    const { trie } = this.#halves[prefix.family]
    const known = this.#chains.find(trie.value(trie.find(prefix)), pathId)
    if (known === 0 || (rpki !== 'unknown' && rpki !== this.#chains.rpki(known))) return false
    return this.#chains.set(known) === this.#pool.find(attributes)
  }

  /** True when the path was there. */
  withdraw(prefix: Prefix, pathId: number): boolean {
    const half = this.#halves[prefix.family]
    const node = half.trie.find(prefix)
    const chain = half.trie.value(node)
    const known = this.#chains.find(chain, pathId)
    if (known === 0) return false
    this.#pool.release(this.#chains.set(known))
    const first = this.#chains.remove(chain, known)
    this.#forget(half, node, prefix)
    half.paths--
    if (first === 0) {
      half.trie.delete(prefix)
      this.#matches.forget(prefix)
    } else if (first !== chain) half.trie.setValue(node, first)
    return true
  }

  /** Drops all paths. */
  clear(): void {
    for (const half of Object.values(this.#halves)) {
      half.trie.clear()
      half.paths = 0
      half.asked = new Map()
      half.unasked = new Map()
    }
    this.#chains.clear()
    this.#pool.clear()
    this.#matches.clear()
    this.#coverings.clear()
  }

  /** The route of exactly this prefix; the same object until one of its paths changes. */
  route(prefix: Prefix): Route | undefined {
    const half = this.#halves[prefix.family]
    return this.#routeOf(half, half.trie.find(prefix))
  }

  /** The most specific route that holds the address; the same object until one of its paths changes. */
  longestMatch(address: Address): Route | undefined {
    const half = this.#halves[address.family]
    return this.#routeOf(half, half.trie.longestMatch(address))
  }

  /**
   * The prefix of the longest match of every destination, without making routes of them. Those that it was asked for
   * last cost next to nothing.
   */
  matches(rates: Rates): Matches {
    return this.#matches.match(rates)
  }

  /** Looks so many of them up at most, ahead of `matches`. */
  prepareMatches(rates: Rates, most: number): void {
    this.#matches.prepare(rates, most)
  }

  /** Every route that holds the whole prefix, longest first. */
  covering(prefix: Prefix): readonly Route[] {
    const known = this.#coverings.get(prefix)
    if (known !== undefined) return known
    const half = this.#halves[prefix.family]
    const routes = half.trie.covering(prefix).map((node) => this.#routeOf(half, node)!)
    this.#coverings.set(prefix, routes)
    return routes
  }

  /** The paths of the routes that hold the whole prefix, the longest first: no route is made, or kept, for them. */
  pathsTowards(prefix: Prefix, take: (nextHop: Address, rpki: RpkiState) => void): void {
    const { trie } = this.#halves[prefix.family]
    for (const node of trie.covering(prefix)) {
      for (let record = trie.value(node); record !== 0; record = this.#chains.next(record)) {
        take(this.#pool.nextHop(this.#chains.set(record)), this.#chains.rpki(record))
      }
    }
  }

  /** All routes, in the order of their prefixes, IPv4 first; keeps none of those that it makes. */
  *routes(): Generator<Route> {
    for (const half of [this.#halves[4], this.#halves[6]]) {
      for (const node of half.trie.nodesInOrder()) {
        yield half.asked.get(node) ?? half.unasked.get(node) ?? this.#makeRoute(half, node, (set) => this.#pool.unpack(set))
      }
    }
  }

  /** Routes that somebody has asked for since they last changed; goes on while the table changes. */
  *asked(): Generator<Route> {
    for (const half of Object.values(this.#halves)) {
      yield* half.asked.values()
      yield* half.unasked.values()
    }
  }

  /**
   * Lets go of the routes that nobody has asked for since this was called last: whoever asks for one of them
   * again gets another object. Without it, one day all routes would have become objects.
   */
  forgetUnasked(): void {
    for (const half of Object.values(this.#halves)) {
      half.unasked = half.asked
      half.asked = new Map()
    }
    this.#coverings.clear()
    this.#pool.forgetAsked()
  }

  /** Next hops of all paths, each once. */
  nextHops(): Iterable<Address> {
    return this.#pool.nextHops()
  }

  /** Number of paths of both families. */
  get paths(): number {
    return this.#halves[4].paths + this.#halves[6].paths
  }

  counts(family: Family): RouteCounts {
    const { trie, paths } = this.#halves[family]
    return { routes: trie.size, paths }
  }

  /** The node's prefix is not what it was; 0 when it was not in. */
  #forget({ asked, unasked }: Half, node: number, prefix: Prefix): void {
    asked.delete(node)
    unasked.delete(node)
    this.#coverings.forget(prefix)
  }

  #routeOf(half: Half, node: number): Route | undefined {
    if (node === 0) return undefined
    let route = half.asked.get(node)
    if (route === undefined) {
      route = half.unasked.get(node) ?? this.#makeRoute(half, node, (set) => this.#pool.attributes(set))
      half.asked.set(node, route)
      half.unasked.delete(node)
    }
    return route
  }

  #makeRoute({ trie }: Half, node: number, attributesOf: (set: number) => PathAttributes): Route {
    const prefix = trie.prefixOf(node)
    const paths: Path[] = []
    for (let record = trie.value(node); record !== 0; record = this.#chains.next(record)) {
      const attributes = attributesOf(this.#chains.set(record))
      paths.push({ ...attributes, prefix, pathId: this.#chains.pathId(record), rpki: this.#chains.rpki(record) })
    }
    // A copy has no room to spare, as an array that grows has.
    return { prefix, paths: paths.slice() }
  }
}

function createHalf(family: Family): Half {
  return { trie: new PrefixTrie(family), paths: 0, asked: new Map(), unasked: new Map() }
}
