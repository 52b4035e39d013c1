/** Demand: traffic by the received prefix that it belongs to. Pure. */
import { comparePrefixes, formatPrefix, type Prefix } from '../../model/prefix.ts'
import { NO_RATE, Rates, type Rate } from '../../model/rates.ts'
import type { Matches } from '../../model/matches.ts'
import type { Route } from '../../model/route.ts'
import type { Router } from '../../model/topology.ts'
import type { RouterRoutes } from './exits.ts'
import { sortOut, type SortedOut } from './sort-out.ts'

/** Traffic of all destinations whose most specific received route is `prefix`. */
export interface PrefixDemand {
  readonly prefix: Prefix
  /** Undefined when no received route covers the destinations; `prefix` then has the default length. */
  readonly route: Route | undefined
  /** Every received route that holds the whole prefix, longest first. */
  readonly covering: readonly Route[]
  /** Of these destinations alone: those of more specific routes inside `prefix` are not in it. */
  readonly rates: Rates
}

/** What leaves by one interface, in columns: there may be 100,000 prefixes, and few are looked at. */
export interface Leaving {
  readonly prefixes: readonly Prefix[]
  /** Of each prefix, bit/s. */
  readonly bps: readonly number[]
  /** All demand of the n-th prefix. */
  readonly demandOf: (n: number) => PrefixDemand
}

/**
 * All demand of a router by received prefix. What it costs follows what is asked of it: a prefix costs its
 * own destinations; all prefixes are only sorted out, once, when somebody asks for them.
 */
export class Demand {
  readonly #router: Router
  readonly #rates: Rates
  readonly #routes: RouterRoutes
  /** Rates within a prefix of the destinations of one received prefix, by both. */
  readonly #asked = new Map<string, Rates>()
  #matches: Matches | undefined
  #sorted: SortedOut | undefined

  constructor(router: Router, rates: Rates, routes: RouterRoutes) {
    this.#router = router
    this.#rates = rates
    this.#routes = routes
  }

  /** Every received prefix with traffic. */
  prefixes(): readonly PrefixDemand[] {
    return this.#sortedOut().prefixes.map((_, group) => this.#demandOf(group))
  }

  /** The received prefixes of which some traffic leaves by the interface now. */
  leavingBy(interfaceIndex: number): Leaving {
    const { groups, prefixes, bps } = this.#sortedOut().leaving[interfaceIndex]!
    return { prefixes, bps, demandOf: (n) => this.#demandOf(groups[n]!) }
  }

  /** Demand of one received prefix; undefined without traffic, or when the prefix is not received. */
  of(prefix: Prefix): PrefixDemand | undefined {
    const covering = this.#routes.covering(prefix)
    const [route] = covering
    if (route === undefined || comparePrefixes(route.prefix, prefix) !== 0) return undefined
    const rates = this.#within(prefix, route)
    return rates.length === 0 ? undefined : { prefix, route, covering, rates }
  }

  /**
   * What an override of this prefix moves: its destinations, less those of more specific received routes.
   * With an interface: how much of that leaves by it now.
   */
  movedBy(prefix: Prefix, interfaceIndex?: number): Rate {
    const route = this.#routes.covering(prefix)[0]
    return route === undefined ? NO_RATE : this.#within(prefix, route).towards(prefix, interfaceIndex)
  }

  /** Rates of the destinations that an override of this prefix moves. */
  within(prefix: Prefix): Rates {
    const route = this.#routes.covering(prefix)[0]
    return route === undefined ? Rates.EMPTY : this.#within(prefix, route)
  }

  #within(prefix: Prefix, { prefix: received }: Route): Rates {
    const key = `${formatPrefix(prefix)} ${received.length}`
    let rates = this.#asked.get(key)
    if (rates === undefined) {
      const { numbers, prefixes } = this.#matched()
      const { start } = this.#rates.rangeOf(prefix)
      const own = this.#rates
        .within(prefix)
        .filter((_, i) => prefixes[numbers[start + i]!]?.length === received.length)
      rates = new Rates(own)
      this.#asked.set(key, rates)
    }
    return rates
  }

  #demandOf(group: number): PrefixDemand {
    const { prefixes, isReceived, rowsOf } = this.#sortedOut()
    const prefix = prefixes[group]!
    const covering = isReceived[group] === 1 ? this.#routes.covering(prefix) : []
    return { prefix, route: covering[0], covering, rates: rowsOf(group) }
  }

  #sortedOut(): SortedOut {
    this.#sorted ??= sortOut(this.#router, this.#rates, this.#matched())
    return this.#sorted
  }

  #matched(): Matches {
    this.#matches ??= this.#routes.matches(this.#rates)
    return this.#matches
  }
}

/** The interface that carries most of the prefix's traffic now, as index; undefined without traffic. */
export function busiestInterface(demand: PrefixDemand | undefined): number | undefined {
  return demand?.rates.busiestInterface()
}
