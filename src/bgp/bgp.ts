/** All gobgpds as one: the routes and overrides of every router, by its name. */
import type { OverrideStore, RouteSource } from '../controller/ports.ts'
import type { Router } from '../model/topology.ts'
import type { Peer } from './gobgp-api.ts'
import { createGobgp, type Gobgp, type GobgpOptions, type GobgpStats, type GobgpStatus } from './gobgp.ts'

export interface BgpOptions extends Omit<GobgpOptions, 'target' | 'routers'> {
  readonly routers: readonly Pick<Router, 'name' | 'address' | 'gobgp'>[]
}

export interface Bgp extends RouteSource, OverrideStore {
  /** Begins to connect to every gobgpd, and keeps at it until `stop`; never fails. */
  start(): Promise<void>
  stop(): Promise<void>
  /** One for each gobgpd. */
  status(): readonly GobgpStatus[]
  stats(): readonly GobgpStats[]
  /** All BGP neighbors of the gobgpd at the target, configured here or not. */
  peers(target: string): Promise<readonly Peer[]>
}

/**
 * One client for each gobgpd that the routers name. Routers that share a gobgpd share its overrides: GoBGP
 * sends one best path to all of them, so `list` gives the same for each, and injecting for one injects for
 * all.
 */
export function createBgp({ routers, ...options }: BgpOptions): Bgp {
  const clients = new Map<string, Gobgp>()
  for (const [target, peering] of Map.groupBy(routers, (router) => router.gobgp)) {
    clients.set(target, createGobgp({ ...options, target, routers: peering }))
  }
  const targetOf = new Map(routers.map(({ name, gobgp }) => [name, gobgp]))

  const clientOf = (router: string): Gobgp => clientAt(targetOf.get(router) ?? router)
  const clientAt = (target: string): Gobgp => {
    const client = clients.get(target)
    if (client === undefined) throw new Error(`no router or gobgpd "${target}" is configured`)
    return client
  }

  return {
    start: async () => void (await Promise.all([...clients.values()].map((client) => client.start()))),
    stop: async () => void (await Promise.all([...clients.values()].map((client) => client.stop()))),
    status: () => [...clients.values()].map((client) => client.status()),
    stats: () => [...clients.values()].map((client) => client.stats()),
    peers: (target) => clientAt(target).peers(),

    longestMatch: (router, address) => clientOf(router).longestMatch(router, address),
    covering: (router, prefix) => clientOf(router).covering(router, prefix),
    nextHops: (router) => clientOf(router).nextHops(router),
    session: (router) => clientOf(router).session(router),

    list: (router) => clientOf(router).list(router),
    add: (override, fromIfIndex) => clientOf(override.router).add(override, fromIfIndex),
    withdraw: (key) => clientOf(key.router).withdraw(key),
  }
}
