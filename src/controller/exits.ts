/** Where a destination can leave its router: natural exit and alternates. Pure. */
import type { Address, Prefix } from '../model/prefix.ts'
import type { Path, Route } from '../model/route.ts'
import { interfaceOfNextHop, type Router } from '../model/topology.ts'
import type { RouterTraffic } from '../model/traffic.ts'
import { rankPaths } from './best-path.ts'

/** Routes of one router; RouteSource bound to it. */
export interface RouterRoutes {
  longestMatch(address: Address): Route | undefined
  /** Received routes that hold the whole prefix, longest first. */
  covering(prefix: Prefix): readonly Route[]
  nextHops(): Iterable<Address>
}

export interface Exit {
  readonly path: Path
  /** Index into the router's interfaces. */
  readonly interfaceIndex: number
}

/** The configured interface by which a next hop leaves, as index; undefined when it is none of ours. */
export function interfaceIndexOf(router: Router, nextHop: Address): number | undefined {
  const found = interfaceOfNextHop(router, nextHop)
  return found === undefined ? undefined : router.interfaces.indexOf(found)
}

/**
 * The interface where BGP puts the route's traffic without us. Among tied paths the one that `lastSeen`
 * names wins (where samples went before we touched it). Undefined when the best path leaves by no
 * configured interface.
 */
export function naturalInterface(
  router: Router,
  route: Route,
  lastSeen: readonly (number | undefined)[],
): number | undefined {
  const { paths, tied } = rankPaths(route.paths)
  const candidates = paths.slice(0, tied).map((path) => interfaceIndexOf(router, path.nextHop))
  return lastSeen.find((seen) => seen !== undefined && candidates.includes(seen)) ?? candidates[0]
}

/**
 * Every exit that a received route offers for the whole prefix, best first: the longest covering prefix
 * before shorter ones, BGP's order within each, each interface once.
 */
export function exitsOf(router: Router, covering: readonly Route[]): readonly Exit[] {
  const exits: Exit[] = []
  for (const route of covering) {
    for (const path of rankPaths(route.paths).paths) {
      const interfaceIndex = interfaceIndexOf(router, path.nextHop)
      if (interfaceIndex === undefined || exits.some((exit) => exit.interfaceIndex === interfaceIndex)) continue
      exits.push({ path, interfaceIndex })
    }
  }
  return exits
}

/** True when an interface may carry the traffic of others: allowed to, and not down. */
export function mayTakeDetours(router: Router, traffic: RouterTraffic, interfaceIndex: number): boolean {
  return router.interfaces[interfaceIndex]!.detourTarget && traffic.interfaces[interfaceIndex]!.operUp !== false
}

/** The route's paths in BGP's order, overrides left out, with the interfaces that they leave by. */
export function evaluatePaths(
  router: Router,
  route: Route | undefined,
): readonly { readonly path: Path; readonly interface: string | undefined; readonly best: boolean }[] {
  return rankPaths(route?.paths ?? []).paths.map((path, rank) => ({
    path,
    interface: interfaceOfNextHop(router, path.nextHop)?.name,
    best: rank === 0,
  }))
}
