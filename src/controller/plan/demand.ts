/** Demand: traffic by the received prefix that it belongs to. Pure. */
import { comparePrefixes, contains, formatPrefix, prefixOf, type Prefix } from '../../model/prefix.ts'
import { NO_RATE, Rates, type Rate } from '../../model/rates.ts'
import type { Route } from '../../model/route.ts'
import type { Router } from '../../model/topology.ts'
import type { RouterRoutes } from './exits.ts'

/** Traffic of all destinations whose most specific received route is `prefix`. */
export interface PrefixDemand {
  readonly prefix: Prefix
  /** Undefined when no received route covers the destinations; `prefix` then has the default length. */
  readonly route: Route | undefined
  /** Of these destinations alone: those of more specific routes inside `prefix` are not in it. */
  readonly rates: Rates
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
  #all: readonly PrefixDemand[] | undefined
  /** By interface index: the prefixes of which some traffic leaves there now. */
  #leaving: readonly (readonly PrefixDemand[])[] = []

  constructor(router: Router, rates: Rates, routes: RouterRoutes) {
    this.#router = router
    this.#rates = rates
    this.#routes = routes
  }

  /** Every received prefix with traffic. */
  prefixes(): readonly PrefixDemand[] {
    this.#all ??= this.#sortOut()
    return this.#all
  }

  /** The received prefixes of which some traffic leaves by the interface now. */
  leavingBy(interfaceIndex: number): readonly PrefixDemand[] {
    this.prefixes()
    return this.#leaving[interfaceIndex]!
  }

  /** Demand of one received prefix; undefined without traffic, or when the prefix is not received. */
  of(prefix: Prefix): PrefixDemand | undefined {
    const route = this.#routes.covering(prefix)[0]
    if (route === undefined || comparePrefixes(route.prefix, prefix) !== 0) return undefined
    const rates = this.#within(prefix, route)
    return rates.length === 0 ? undefined : { prefix, route, rates }
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
      const rows = this.#rates.within(prefix)
      const own = rows.filter(
        ({ address }) => this.#routes.longestMatch(address)?.prefix.length === received.length,
      )
      rates = new Rates(own)
      this.#asked.set(key, rates)
    }
    return rates
  }

  #sortOut(): readonly PrefixDemand[] {
    const rates = this.#rates
    const groups: Group[] = []
    // Those around the address, the longest last: no other group goes on, as addresses come in their order.
    const around: Group[] = []
    let group: Group | undefined
    for (let i = 0; i < rates.length; i++) {
      if (!rates.isRepeated(i)) {
        const address = rates.addressAt(i)
        const route = this.#routes.longestMatch(address)
        // Neighbors in the order of addresses mostly share their route.
        if (group === undefined || route === undefined || route !== group.route) {
          while (around.length > 0 && !contains(around.at(-1)!.prefix, address)) around.pop()
          group = around.at(-1)
          if (group === undefined || group.route !== route) {
            const prefix = route?.prefix ?? prefixOf(address, this.#router.defaultPrefixLength[address.family])
            group = { prefix, route, start: i, end: i, before: undefined }
            groups.push(group)
            around.push(group)
          }
        }
      }
      if (group!.end !== i) {
        group!.before ??= []
        group!.before.push(rates.slice(group!.start, group!.end))
        group!.start = i
      }
      group!.end = i + 1
    }
    const leaving: PrefixDemand[][] = this.#router.interfaces.map(() => [])
    const all: PrefixDemand[] = []
    for (const { prefix, route, start, end, before } of groups) {
      const last = rates.slice(start, end)
      const own = before === undefined ? last : new Rates([...before, last].flatMap((part) => part.rows))
      const demand = { prefix, route, rates: own }
      all.push(demand)
      for (let i = 0; i < own.length; i++) {
        const among = leaving[own.interfaceAt(i)]
        if (among !== undefined && among[among.length - 1] !== demand) among.push(demand)
      }
    }
    this.#leaving = leaving
    return all
  }
}

/** Rows of one received prefix: more than one part where more specific routes lie between. */
interface Group {
  readonly prefix: Prefix
  readonly route: Route | undefined
  /** The last part. */
  start: number
  end: number
  before: Rates[] | undefined
}

/** The interface that carries most of the prefix's traffic now, as index; undefined without traffic. */
export function busiestInterface(demand: PrefixDemand | undefined): number | undefined {
  return demand?.rates.busiestInterface()
}
