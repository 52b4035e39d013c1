/** Demand: traffic by the received prefix that it belongs to. Pure. */
import { comparePrefixes, formatPrefix, prefixOf, type Prefix } from '../model/prefix.ts'
import { NO_RATE, Rates, type DestinationRate, type Rate } from '../model/rates.ts'
import type { Route } from '../model/route.ts'
import type { Router } from '../model/topology.ts'
import type { RouterRoutes } from './exits.ts'

/** Traffic of all destinations whose most specific received route is `prefix`. */
export interface PrefixDemand {
  readonly prefix: Prefix
  /** Undefined when no received route covers the destinations; `prefix` then has the default length. */
  readonly route: Route | undefined
  /** Of these destinations alone: those of more specific routes inside `prefix` are not in it. */
  readonly rates: Rates
}

/** All demand of a router by received prefix; look-ups by any prefix cost O(log n). */
export class Demand {
  readonly #byPrefix: ReadonlyMap<string, PrefixDemand>
  readonly #routes: RouterRoutes

  constructor(router: Router, rates: Rates, routes: RouterRoutes) {
    this.#routes = routes
    const groups = new Map<string, { prefix: Prefix; route: Route | undefined; rows: DestinationRate[] }>()
    let current: { prefix: Prefix; route: Route | undefined; rows: DestinationRate[] } | undefined
    for (const row of rates.rows) {
      const route = routes.longestMatch(row.address)
      const prefix = route?.prefix ?? prefixOf(row.address, router.defaultPrefixLength[row.address.family])
      if (current === undefined || comparePrefixes(current.prefix, prefix) !== 0) {
        const key = formatPrefix(prefix)
        current = groups.get(key) ?? { prefix, route, rows: [] }
        groups.set(key, current)
      }
      current.rows.push(row)
    }
    this.#byPrefix = new Map(
      [...groups].map(([key, { prefix, route, rows }]) => [key, { prefix, route, rates: new Rates(rows) }]),
    )
  }

  /** Every received prefix with traffic. */
  prefixes(): Iterable<PrefixDemand> {
    return this.#byPrefix.values()
  }

  /** Demand of one received prefix. */
  of(prefix: Prefix): PrefixDemand | undefined {
    return this.#byPrefix.get(formatPrefix(prefix))
  }

  /** What an override of this prefix moves: its destinations, less those of more specific received routes. */
  movedBy(prefix: Prefix): Rate {
    const parent = this.#routes.covering(prefix)[0]
    const rates = parent === undefined ? undefined : this.of(parent.prefix)?.rates
    return rates?.towards(prefix) ?? NO_RATE
  }
}

/** The interface that carries most of the prefix's traffic now, as index; undefined without traffic. */
export function busiestInterface(demand: PrefixDemand | undefined): number | undefined {
  const bps = new Map<number, number>()
  for (const row of demand?.rates.rows ?? []) {
    bps.set(row.interfaceIndex, (bps.get(row.interfaceIndex) ?? 0) + row.bps)
  }
  return [...bps].sort(([i, a], [j, b]) => b - a || i - j)[0]?.[0]
}
