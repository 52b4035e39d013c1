/** The routes of a trace: prefixes that do not overlap, less the paths of what is down. No clock, no I/O. */
import type { RouterRoutes } from '../../controller/plan/exits.ts'
import { matchEach, type Matches } from '../../model/matches.ts'
import { comparePrefixes, contains, type Address, type Prefix } from '../../model/prefix.ts'
import type { Rates } from '../../model/rates.ts'
import type { Path, Route } from '../../model/route.ts'
import type { TracePrefix } from './trace.ts'

export class TraceRoutes implements RouterRoutes {
  readonly #routes: readonly Route[]

  /** `isUp` tells of each path whether it is received. */
  constructor(prefixes: readonly TracePrefix[], isUp: (path: Path) => boolean) {
    this.#routes = prefixes
      .map(({ prefix, paths }) => ({ prefix, paths: paths.filter(isUp) }))
      .filter(({ paths }) => paths.length > 0)
      .sort((a, b) => comparePrefixes(a.prefix, b.prefix))
  }

  longestMatch(address: Address): Route | undefined {
    const found = this.#atOrBefore({ ...address, length: address.family === 4 ? 32 : 128 })
    return found !== undefined && contains(found.prefix, address) ? found : undefined
  }

  matches(rates: Rates): Matches {
    return matchEach(rates, (address) => this.longestMatch(address))
  }

  covering(prefix: Prefix): readonly Route[] {
    const found = this.#atOrBefore(prefix)
    return found !== undefined && contains(found.prefix, prefix) ? [found] : []
  }

  *nextHops(): Iterable<Address> {
    for (const { paths } of this.#routes) for (const { nextHop } of paths) yield nextHop
  }

  #atOrBefore(prefix: Prefix): Route | undefined {
    let low = 0
    let high = this.#routes.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (comparePrefixes(this.#routes[middle]!.prefix, prefix) <= 0) low = middle + 1
      else high = middle
    }
    return this.#routes[low - 1]
  }
}
