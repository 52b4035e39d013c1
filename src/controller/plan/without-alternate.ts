/** How much of what a router's interfaces carry could leave by no other one. Pure. */
import type { Rates } from '../../model/rates.ts'
import type { Route } from '../../model/route.ts'
import type { Router } from '../../model/topology.ts'
import { mayLeadTo, type RouterRoutes } from './exits.ts'

/** Of exits that take detours: none, or several, so that whatever leaves by one may leave by another. */
const NONE = -1
const SEVERAL = -2

/**
 * By interface index, bit/s of the destinations whose received routes, the most specific and those around it, lead to
 * no other interface that may take detours, whatever room there is; without any route, too.
 */
export function sumWithoutAlternate(
  router: Router, rates: Rates, routes: Pick<RouterRoutes, 'longestMatch' | 'covering'>,
): readonly number[] {
  const sums = router.interfaces.map(() => 0)
  let last: Route | undefined
  let only = NONE
  for (let i = 0; i < rates.length; i++) {
    if (!rates.isRepeated(i)) {
      const route = routes.longestMatch(rates.addressAt(i))
      if (route !== last) only = route === undefined ? NONE : onlyTargetAround(router, route, routes)
      last = route
    }
    const interfaceIndex = rates.interfaceAt(i)
    if (only === NONE || only === interfaceIndex) sums[interfaceIndex]! += rates.bpsAt(i)
  }
  return sums
}

/** Index of the only target of a route and those around it, NONE or SEVERAL. */
function onlyTargetAround(router: Router, route: Route, routes: Pick<RouterRoutes, 'covering'>): number {
  const own = onlyTarget(router, route)
  // Most routes tell by themselves.
  if (own === SEVERAL) return own
  return routes.covering(route.prefix).reduce((only, around) => joined(only, onlyTarget(router, around)), own)
}

/** Routes do not change. */
const known = new WeakMap<Router, WeakMap<Route, number>>()

function onlyTarget(router: Router, route: Route): number {
  let targets = known.get(router)
  if (targets === undefined) known.set(router, (targets = new WeakMap()))
  let only = targets.get(route)
  if (only === undefined) {
    only = route.paths
      .map((path) => mayLeadTo(router, path))
      .filter((index) => index !== undefined && router.interfaces[index]!.detourTarget)
      .reduce<number>((found, index) => joined(found, index!), NONE)
    targets.set(route, only)
  }
  return only
}

function joined(a: number, b: number): number {
  if (a === NONE || a === b) return b
  return b === NONE ? a : SEVERAL
}
