/** All gobgpds as one: the routes and overrides of every router, by its name. */
import type { RouteSource, SessionOpener } from '../controller/ports.ts'
import type { GuardedStore, NoteStore } from '../lease/ports.ts'
import type { Prefix } from '../model/prefix.ts'
import type { Router } from '../model/topology.ts'
import type { Peer } from './wire/gobgp-api.ts'
import type { GobgpSetup, SentRoutes } from './leaks/setup.ts'
import { createGobgp, type Gobgp, type GobgpOptions, type GobgpStats } from './gobgp.ts'
import type { GobgpStatus } from './gobgp-link.ts'

export interface BgpOptions extends Omit<GobgpOptions, 'target' | 'routers'> {
  readonly routers: readonly Pick<Router, 'name' | 'address' | 'gobgp'>[]
}

export interface Bgp extends RouteSource, GuardedStore, SessionOpener {
  /** Begins to connect to every gobgpd, and keeps at it until `stop`; never fails. */
  start(): Promise<void>
  /** Stops the clients, but for those at the targets to be spared: resolves with these, which go on. */
  stop(spared?: ReadonlySet<string>): Promise<ReadonlyMap<string, Gobgp>>
  /** One for each gobgpd. */
  status(): readonly GobgpStatus[]
  stats(): readonly GobgpStats[]
  /** All BGP neighbors of the gobgpd at the target, configured here or not. */
  peers(target: string): Promise<readonly Peer[]>
  /**
   * The notes of our marker in the gobgpd at the target: who holds the lease, and whether a watchdog lives.
   */
  notes(target: string): NoteStore
  /**
   * Withdraws what is ours in the gobgpd at the target and meant for none of the routers that share it; resolves
   * with their prefixes. Only for who holds its lease.
   */
  withdrawUnowned(target: string): Promise<readonly Prefix[]>
  /** What decides whom the gobgpd at the target sends what. */
  setup(target: string): Promise<GobgpSetup>
  /** What it sends the neighbor at this address, whose session must be up. */
  sentTo(target: string, neighbor: string): Promise<SentRoutes>
  /** Those of the prefixes for which the neighbor has sent it a path that carries our marker. */
  markedFrom(target: string, neighbor: string, prefixes: readonly Prefix[]): Promise<readonly Prefix[]>
}

/**
 * One client for each gobgpd that the routers name. What routers that share one have in it is kept apart; see
 * GobgpOptions. `running` are clients, by target, that were made with the same options: they serve on, tables and all.
 */
export function createBgp(
  { routers, ...options }: BgpOptions,
  running: ReadonlyMap<string, Gobgp> = new Map(),
): Bgp {
  const clients = new Map<string, Gobgp>()
  for (const [target, peering] of Map.groupBy(routers, (router) => router.gobgp)) {
    clients.set(target, running.get(target) ?? createGobgp({ ...options, target, routers: peering }))
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
    stop: async (spared = new Set()) => {
      const isSpared = ([target]: [string, Gobgp]): boolean => spared.has(target)
      await Promise.all([...clients].filter((one) => !isSpared(one)).map(([, client]) => client.stop()))
      return new Map([...clients].filter(isSpared))
    },
    status: () => [...clients.values()].map((client) => client.status()),
    stats: () => [...clients.values()].map((client) => client.stats()),
    peers: (target) => clientAt(target).peers(),
    notes: (target) => clientAt(target).notes,
    withdrawUnowned: (target) => clientAt(target).withdrawUnowned(),
    setup: (target) => clientAt(target).setup(),
    sentTo: (target, neighbor) => clientAt(target).sentTo(neighbor),
    markedFrom: (target, neighbor, prefixes) => clientAt(target).markedFrom(neighbor, prefixes),

    longestMatch: (router, address) => clientOf(router).longestMatch(router, address),
    matches: (router, rates) => clientOf(router).matches(router, rates),
    prepareMatches: (router, ...rest) => clientOf(router).prepareMatches(router, ...rest),
    covering: (router, prefix) => clientOf(router).covering(router, prefix),
    pathsTowards: (router, ...rest) => clientOf(router).pathsTowards(router, ...rest),
    nextHops: (router) => clientOf(router).nextHops(router),
    session: (router) => clientOf(router).session(router),
    open: (router) => clientOf(router).open(router),

    list: (router) => clientOf(router).list(router),
    add: (override, ...rest) => clientOf(override.router).add(override, ...rest),
    withdraw: (key) => clientOf(key.router).withdraw(key),
  }
}
