/** One gobgpd: the routes of its routers, and our overrides in it. */
import type { Logger } from 'pino'
import type { RouteSource, SessionOpener } from '../controller/ports.ts'
import type { GuardedStore, NoteStore } from '../lease/ports.ts'
import type { Clock } from '../model/clock.ts'
import type { InstalledOverride, OverrideKey } from '../model/override.ts'
import { formatPrefix, type Family, type Prefix } from '../model/prefix.ts'
import { routerNumber } from '../model/router-number.ts'
import type { Router } from '../model/topology.ts'
import { CallTally, type CallCounts } from './wire/call-tally.ts'
import { createTurns } from './create-turns.ts'
import { createFeed } from './feed/feed.ts'
import { gather } from './gather.ts'
import type { GobgpApi, LocalPath, Peer } from './wire/gobgp-api.ts'
import { createLink, type GobgpStatus } from './gobgp-link.ts'
import type { GobgpSetup, SentRoutes } from './leaks/setup.ts'
import {
  checkInjectable, checkRpki, isOurs, overrideAttributes, readOverride, readRouterNumber, type OverrideOptions,
} from './override-path.ts'
import { createOpening } from './opening.ts'
import { unpackAttributes } from './wire/packed-attributes.ts'
import type { PathCounters } from './table/router-routes.ts'

export interface GobgpOptions extends OverrideOptions {
  /** HOST:PORT or unix:/PATH of gobgpd's gRPC API. */
  readonly target: string
  /**
   * The routers that peer with it; other peers are not read. Where there are several, an override carries a
   * large community and a path identifier of its router's own, by which GoBGP's export policies keep them
   * apart.
   */
  readonly routers: readonly Pick<Router, 'name' | 'address'>[]
  readonly clock: Clock
  readonly logger: Logger
  /** Jitter of the backoff, in [0, 1) (default: Math.random). */
  readonly random?: () => number
  readonly auditIntervalMs?: number
}

export interface RouterStats extends PathCounters {
  readonly router: string
  readonly families: readonly { readonly family: Family; readonly routes: number; readonly paths: number }[]
}

export interface GobgpStats {
  readonly target: string
  /** How often the tables were filled anew from the start. */
  readonly resyncs: number
  /** Calls and streams that failed. */
  readonly grpcErrors: number
  readonly calls: CallCounts
  /** Overrides to be added that wait for others to be answered. */
  readonly waitingAdditions: number
  readonly routers: readonly RouterStats[]
}

export interface Gobgp extends RouteSource, GuardedStore, SessionOpener {
  /** Begins to connect, and keeps at it until `stop`; never fails. */
  start(): Promise<void>
  stop(): Promise<void>
  status(): GobgpStatus
  stats(): GobgpStats
  /** All its BGP neighbors, configured here or not. */
  peers(): Promise<readonly Peer[]>
  readonly notes: NoteStore
  /**
   * Withdraws what is ours and meant for none of the routers that share it, as of one that is not configured any
   * more: whoever calls it answers for nobody else having it. Resolves with their prefixes.
   */
  withdrawUnowned(): Promise<readonly Prefix[]>
  /** What decides whom it sends what. */
  setup(): Promise<GobgpSetup>
  /** What it sends the neighbor, whose session must be up. */
  sentTo(neighbor: string): Promise<SentRoutes>
  /** Those of the prefixes for which the neighbor has sent it a path that carries our marker. */
  markedFrom(neighbor: string, prefixes: readonly Prefix[]): Promise<readonly Prefix[]>
}

/**
 * So many additions are under way at once: more are no faster (2,000 a second, measured), and many thousands
 * would not be over before their deadline.
 */
const MOST_ADDITIONS = 64

export function createGobgp(options: GobgpOptions): Gobgp {
  const { target, routers, marker } = options
  const feed = createFeed(options)
  const opening = createOpening(options)
  const additions = createTurns(MOST_ADDITIONS)
  const tally = new CallTally()
  const link = createLink({ ...options, feed, opening, tally })
  const { use } = link

  const numbers = new Map(routers.map(({ name, address }) => [name, routerNumber(address)]))
  /** Undefined where the router has the gobgpd to itself, and all that is marked is its own. */
  const numberOf = (router: string): number | undefined =>
    routers.length > 1 ? numbers.get(router) : undefined
  /** The router's own overrides. */
  const marked = (paths: readonly LocalPath[], router: string): LocalPath[] => {
    const number = numberOf(router)
    return paths.filter(
      ({ attributes }) =>
        isOurs(attributes, marker) && (number === undefined || readRouterNumber(attributes, marker) === number),
    )
  }

  const owned = new Set<number | undefined>(numbers.values())
  const isUnowned = ({ attributes }: LocalPath): boolean =>
    routers.length > 1 && isOurs(attributes, marker) && !owned.has(readRouterNumber(attributes, marker))

  const remove = async (api: GobgpApi, prefix: Prefix, paths: readonly LocalPath[]): Promise<void> => {
    await Promise.all(paths.map(({ pathId }) => api.deletePath(prefix, pathId)))
  }

  /** By what GoBGP has, not by what we believe: foreign routes stay, ours goes whatever its identifier is. */
  const withdraw = gather<OverrideKey>((keys) =>
    use(async (api) => {
      const paths: LocalPath[] = []
      for (const [router, own] of Map.groupBy(keys, (key) => key.router)) {
        const ofFamily = (family: Family): Prefix[] =>
          own.map(({ prefix }) => prefix).filter((prefix) => prefix.family === family)
        const found = await Promise.all([api.listLocal(4, ofFamily(4)), api.listLocal(6, ofFamily(6))])
        paths.push(...marked(found.flat(), router))
      }
      await api.deletePaths(paths)
    }))

  return {
    start: () => {
      link.start()
      return Promise.resolve()
    },
    stop: () => link.stop(),
    status: () => link.status(),

    stats: () => ({
      target,
      ...link.counts(),
      calls: tally,
      waitingAdditions: additions.waiting,
      routers: routers.map(({ name }) => ({
        router: name,
        ...feed.counters(name),
        families: ([4, 6] as const).map((family) => ({ family, ...feed.table(name).counts(family) })),
      })),
    }),

    peers: () => use((api) => api.listPeers()),

    notes: {
      read: () => use((api) => api.notes(marker).read()),
      writeLease: (lease) => use((api) => api.notes(marker).writeLease(lease)),
      writeHeartbeat: (heartbeat) => use((api) => api.notes(marker).writeHeartbeat(heartbeat)),
      remove: (note) => use((api) => api.notes(marker).remove(note)),
    },

    setup: () =>
      use(async (api) => {
        const [{ asn }, neighbors, dynamicNeighbors, policies] = await Promise.all([
          api.getBgp(), api.listPeers(), api.listDynamicNeighbors(), api.readPolicies(),
        ])
        return { asn, neighbors, dynamicNeighbors, policies }
      }),

    sentTo: (neighbor) =>
      use(async (api) => {
        const local = await Promise.all([api.listLocal(4), api.listLocal(6)])
        const sent = await Promise.all([api.listAdjOut(neighbor, 4), api.listAdjOut(neighbor, 6)])
        return { local: local.flat(), sent: sent.flat() }
      }),

    markedFrom: (neighbor, prefixes) =>
      use(async (api) => {
        const found = new Map<string, Prefix>()
        for (const family of [4, 6] as const) {
          const only = prefixes.filter((prefix) => prefix.family === family)
          // Without prefixes it would be all.
          if (only.length === 0) continue
          await api.listAdjIn(neighbor, family, (change) => {
            if (change.kind !== 'announced') return
            if (isOurs(unpackAttributes(change.attributes), marker)) found.set(formatPrefix(change.prefix), change.prefix)
          }, { only })
        }
        return [...found.values()]
      }),

    longestMatch: (router, address) => feed.table(router).longestMatch(address),
    matches: (router, rates) => feed.table(router).matches(rates),
    prepareMatches: (router, rates, most) => feed.table(router).prepareMatches(rates, most),
    covering: (router, prefix) => feed.table(router).covering(prefix),
    pathsTowards: (router, prefix, take) => feed.table(router).pathsTowards(prefix, take),
    nextHops: (router) => feed.table(router).nextHops(),
    session: (router) =>
      link.status().connected ? opening.judge(router, feed.session(router)) : feed.session(router),
    open: (router) => use((api) => opening.open(api, router)),

    list: (router) =>
      use(async (api) => {
        const paths = await Promise.all([api.listLocal(4), api.listLocal(6)])
        const byPrefix = new Map<string, InstalledOverride>()
        for (const path of marked(paths.flat(), router)) {
          const override = readOverride(router, path, options)
          const key = formatPrefix(path.prefix)
          // GoBGP lists the best path first; there is another only when somebody else has marked one.
          if (override !== undefined && !byPrefix.has(key)) byPrefix.set(key, override)
        }
        return [...byPrefix.values()]
      }),

    add: async (override, fromIfIndex, checkLast) => {
      const { prefix, router } = override
      const number = numberOf(router)
      const own = number ?? 0
      const attributes = overrideAttributes(override, fromIfIndex, options, number)
      checkInjectable(prefix, attributes, marker)
      await additions.take(() =>
        use(async (api) => {
          if (feed.hasRpki) {
            await feed.verify(api, router, prefix)
            checkRpki(override, feed.table(router).covering(prefix))
          }
          const before = await api.listLocal(prefix.family, [prefix])
          if (before.some(({ pathId, attributes: a }) => pathId === own && !isOurs(a, marker))) {
            throw new Error(
              `override ${formatPrefix(prefix)} refused: gobgpd at ${target} has a local route of ` +
                'this prefix without our marker; whoever put it there must remove it',
            )
          }
          checkLast?.()
          await api.addPath(prefix, attributes, own)
          // GoBGP says nothing of it when its import policy drops the route.
          if (marked(await api.listLocal(prefix.family, [prefix]), router).length === 0) {
            throw new Error(
              `override ${formatPrefix(prefix)} dropped: the import policy of gobgpd at ${target} ` +
                'must accept local routes',
            )
          }
          await remove(
            api,
            prefix,
            marked(before, router).filter(({ pathId }) => pathId !== own),
          )
        }),
      )
    },

    withdraw: (key) => withdraw(key),

    withdrawUnowned: () =>
      use(async (api) => {
        const unowned = (await Promise.all([api.listLocal(4), api.listLocal(6)])).flat().filter(isUnowned)
        await api.deletePaths(unowned)
        return unowned.map(({ prefix }) => prefix)
      }),
  }
}
