/** The routes that one router has told: a pure data structure. */
import { prefixOf, type Address, type Family, type Prefix } from '../model/prefix.ts'
import type { Path, PathAttributes, Route } from '../model/route.ts'
import { AttributePool, type SharedAttributes } from './attribute-pool.ts'
import { PrefixTrie } from './prefix-trie.ts'

interface StoredPath {
  readonly pathId: number
  shared: SharedAttributes
}

interface Entry {
  readonly length: number
  /** Copied on change: an array that has once been pushed to holds room for 17. */
  paths: readonly StoredPath[]
  /**
   * Made when first asked for and kept until a path changes: the same routes are asked for in every cycle.
   */
  route: Route | undefined
}

export interface RouteCounts {
  readonly routes: number
  readonly paths: number
}

/** Received paths by (prefix, pathId), with longest match, for IPv4 and IPv6. */
export class RouteTable {
  readonly #tries = { 4: new PrefixTrie<Entry>(4), 6: new PrefixTrie<Entry>(6) } as const
  readonly #paths: Record<Family, number> = { 4: 0, 6: 0 }
  readonly #pool = new AttributePool()

  /** Adds a path, or replaces the one of this prefix with this identifier. */
  announce(prefix: Prefix, pathId: number, attributes: PathAttributes): void {
    const shared = this.#pool.take(attributes)
    const trie = this.#tries[prefix.family]
    const entry = trie.get(prefix)
    if (entry === undefined) {
      trie.set(prefix, { length: prefix.length, paths: [{ pathId, shared }], route: undefined })
      this.#paths[prefix.family]++
      return
    }
    entry.route = undefined
    const known = entry.paths.find((path) => path.pathId === pathId)
    if (known === undefined) {
      entry.paths = [...entry.paths, { pathId, shared }]
      this.#paths[prefix.family]++
    } else {
      this.#pool.release(known.shared)
      known.shared = shared
    }
  }

  /** True when the path was there. */
  withdraw(prefix: Prefix, pathId: number): boolean {
    const trie = this.#tries[prefix.family]
    const entry = trie.get(prefix)
    const index = entry?.paths.findIndex((path) => path.pathId === pathId) ?? -1
    if (entry === undefined || index < 0) return false
    this.#pool.release(entry.paths[index]!.shared)
    entry.paths = entry.paths.toSpliced(index, 1)
    entry.route = undefined
    this.#paths[prefix.family]--
    if (entry.paths.length === 0) trie.delete(prefix)
    return true
  }

  /** Drops all paths. */
  clear(): void {
    this.#tries[4].clear()
    this.#tries[6].clear()
    this.#paths[4] = 0
    this.#paths[6] = 0
    this.#pool.clear()
  }

  /** The route of exactly this prefix; the same object until one of its paths changes. */
  route(prefix: Prefix): Route | undefined {
    const entry = this.#tries[prefix.family].get(prefix)
    return entry && routeOf(entry, prefix)
  }

  /** The most specific route that holds the address; the same object until one of its paths changes. */
  longestMatch(address: Address): Route | undefined {
    const entry = this.#tries[address.family].longestMatch(address)
    return entry && routeOf(entry, address)
  }

  /** Every route that holds the whole prefix, longest first. */
  covering(prefix: Prefix): Route[] {
    return this.#tries[prefix.family].covering(prefix).map((entry) => routeOf(entry, prefix))
  }

  /** All routes, in the order of their prefixes, IPv4 first; keeps none of those that it makes. */
  *routes(): Generator<Route> {
    for (const family of [4, 6] as const) {
      for (const [prefix, entry] of this.#tries[family].entries()) {
        yield entry.route ?? makeRoute(entry, prefix)
      }
    }
  }

  /** Next hops of all paths, each once. */
  nextHops(): Iterable<Address> {
    return this.#pool.nextHops()
  }

  /** Number of paths of both families. */
  get paths(): number {
    return this.#paths[4] + this.#paths[6]
  }

  counts(family: Family): RouteCounts {
    return { routes: this.#tries[family].size, paths: this.#paths[family] }
  }
}

/** The entry's route, made once; `within` is any address of its prefix. */
function routeOf(entry: Entry, within: Address): Route {
  entry.route ??= makeRoute(entry, within)
  return entry.route
}

function makeRoute(entry: Entry, within: Address): Route {
  const prefix = prefixOf(within, entry.length)
  const paths = entry.paths.map(({ pathId, shared }): Path => ({ ...shared.attributes, prefix, pathId }))
  return { prefix, paths }
}
