/** How much of what a router's interfaces carry could leave by no other one. Pure. */
import { NO_MATCH, type Matches } from '../../model/matches.ts'
import type { Prefix } from '../../model/prefix.ts'
import type { Rates } from '../../model/rates.ts'
import type { Router } from '../../model/topology.ts'
import type { RouteSource } from '../ports.ts'
import { mayLeadTo } from './exits.ts'

/** Of exits that take detours: none, or several, so that whatever leaves by one may leave by another. */
const NONE = -1
const SEVERAL = -2

/**
 * Adds to `sums`, by interface index, bit/s of the rows from `start` up to `end` whose received routes, the most specific
 * and those around it, lead to no other interface that may take detours, whatever room there is; without any route, too.
 * `matches`: of these rates.
 */
export function addWithoutAlternate(
  sums: number[], router: Router, rates: Rates, matches: Matches, routes: Pick<RouteSource, 'pathsTowards'>,
  start: number, end: number,
): void {
  let last = NO_MATCH
  let only = NONE
  for (let row = start; row < end; row++) {
    const number = matches.numbers[row]!
    if (number !== last) only = number === NO_MATCH ? NONE : onlyTarget(router, matches.prefixes[number]!, routes)
    last = number
    const interfaceIndex = rates.interfaceAt(row)
    if (only === NONE || only === interfaceIndex) sums[interfaceIndex]! += rates.bpsAt(row)
  }
}

/** Index of the only interface that a prefix's paths lead detours to, NONE or SEVERAL. */
function onlyTarget(router: Router, prefix: Prefix, routes: Pick<RouteSource, 'pathsTowards'>): number {
  let only = NONE
  routes.pathsTowards(router.name, prefix, (nextHop, rpki) => {
    const index = mayLeadTo(router, { prefix, nextHop, rpki })
    if (index === undefined || index === only || !router.interfaces[index]!.detourTarget) return
    only = only === NONE ? index : SEVERAL
  })
  return only
}
