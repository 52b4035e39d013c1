/** Where else traffic could leave: by the received routes, whatever room there is. */
import { exitsOf } from '../controller/plan/exits.ts'
import type { RouteSource } from '../controller/ports.ts'
import type { Router } from '../model/topology.ts'
import type { PrefixRate } from './group-rates.ts'

export interface Ways {
  readonly hasRoute: boolean
  /** Names of interfaces that may take detours, best first. */
  readonly alternates: readonly string[]
}

export function findWays(
  router: Router, routes: Pick<RouteSource, 'covering'>, { prefix, interface: name }: PrefixRate,
): Ways {
  const covering = routes.covering(router.name, prefix)
  const others = exitsOf(router, covering).map(({ interfaceIndex }) => router.interfaces[interfaceIndex]!)
  return {
    hasRoute: covering.length > 0,
    alternates: others.filter((one) => one.name !== name && one.detourTarget).map((one) => one.name),
  }
}
