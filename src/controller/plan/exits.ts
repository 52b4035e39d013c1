/** Where a destination can leave its router: natural exit and alternates. Pure. */
import { isLinkLocal, type Address, type Prefix } from '../../model/prefix.ts'
import type { Matches } from '../../model/matches.ts'
import type { Rates } from '../../model/rates.ts'
import type { Path, Route } from '../../model/route.ts'
import { interfaceOfNextHop, type Router } from '../../model/topology.ts'
import type { RouterTraffic } from '../../model/traffic.ts'
import { rankPaths } from './best-path.ts'

/** Routes of one router; RouteSource bound to it. */
export interface RouterRoutes {
  longestMatch(address: Address): Route | undefined
  /** The prefix of the longest match of every destination. */
  matches(rates: Rates): Matches
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
  let indexes = known.get(router)
  if (indexes === undefined) known.set(router, (indexes = new WeakMap()))
  let index = indexes.get(nextHop)
  if (index === undefined) {
    const found = interfaceOfNextHop(router, nextHop)
    indexes.set(nextHop, (index = found === undefined ? -1 : router.interfaces.indexOf(found)))
  }
  return index < 0 ? undefined : index
}

/** Routers do not change, and the paths of a route share the objects of their next hops. */
const known = new WeakMap<Router, WeakMap<Address, number>>()

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
  const { tied: candidates } = knownOf(router, route)
  return lastSeen.find((seen) => seen !== undefined && candidates.includes(seen)) ?? candidates[0]
}

/**
 * Every exit that a received route offers for the whole prefix, best first: the longest covering prefix
 * before shorter ones, BGP's order within each, each interface once. Where the router itself uses a path that
 * the RPKI calls invalid, or one whose next hop no override can have, that is the natural exit; but nothing is
 * led to such a path.
 */
export function exitsOf(router: Router, covering: readonly Route[]): readonly Exit[] {
  const [longest] = covering
  if (longest === undefined) return []
  const known = knownOf(router, longest)
  if (known.covering?.length !== covering.length || !covering.every((route, i) => route === known.covering![i])) {
    known.exits = findExits(router, covering)
    known.covering = covering
  }
  return known.exits
}

/** Routes are objects that do not change either, and every cycle asks for the same ones. */
function knownOf(router: Router, route: Route): KnownExits {
  let routes = knownExits.get(router)
  if (routes === undefined) knownExits.set(router, (routes = new WeakMap()))
  let known = routes.get(route)
  if (known === undefined) {
    const { paths, tied } = rankPaths(route.paths)
    const interfaces = paths.slice(0, tied).map((path) => interfaceIndexOf(router, path.nextHop))
    routes.set(route, (known = { tied: interfaces, covering: undefined, exits: [] }))
  }
  return known
}

interface KnownExits {
  /** Interfaces of the tied best paths. */
  readonly tied: readonly (number | undefined)[]
  /** The route and all shorter ones around it when `exits` was found. */
  covering: readonly Route[] | undefined
  exits: readonly Exit[]
}

const knownExits = new WeakMap<Router, WeakMap<Route, KnownExits>>()

function findExits(router: Router, covering: readonly Route[]): readonly Exit[] {
  const exits: Exit[] = []
  for (const route of covering) {
    for (const path of rankPaths(route.paths).paths) {
      const interfaceIndex = mayLeadTo(router, path)
      if (interfaceIndex === undefined || exits.some((exit) => exit.interfaceIndex === interfaceIndex)) {
        continue
      }
      exits.push({ path, interfaceIndex })
    }
  }
  return exits
}

/** The interface by which a path takes detours, as index, if it may take any. */
export function mayLeadTo(router: Router, path: Pick<Path, 'prefix' | 'nextHop' | 'rpki'>): number | undefined {
  return path.rpki === 'invalid' || !canBeFollowed(path) ? undefined : interfaceIndexOf(router, path.nextHop)
}

/**
 * An override goes to the router over iBGP, with the next hop alone. One that is link-local (RFC 4291,
 * section 2.5.6) names no interface there, and an IPv6 one of an IPv4 prefix (RFC 8950) few would take.
 */
function canBeFollowed({ prefix, nextHop }: Pick<Path, 'prefix' | 'nextHop'>): boolean {
  return nextHop.family === prefix.family && !isLinkLocal(nextHop)
}

/** True when an interface may carry the traffic of others: allowed to, and not down. */
export function mayTakeDetours(router: Router, traffic: RouterTraffic, interfaceIndex: number): boolean {
  return (
    router.interfaces[interfaceIndex]!.detourTarget && traffic.interfaces[interfaceIndex]!.operUp !== false
  )
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
