/** One gobgpd: keeps the connection, the routes of its routers, and our overrides in it. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { OverrideStore, RouteSource } from '../controller/ports.ts'
import type { Clock } from '../model/clock.ts'
import type { InstalledOverride } from '../model/override.ts'
import { formatPrefix, type Family, type Prefix } from '../model/prefix.ts'
import type { Router } from '../model/topology.ts'
import { connectGobgp, type GobgpConnection } from './connect-gobgp.ts'
import { createFeed } from './feed.ts'
import type { ApiVersion, GobgpApi, LocalPath, Peer } from './gobgp-api.ts'
import {
  checkInjectable, isOurs, overrideAttributes, readOverride, type OverrideOptions,
} from './override-path.ts'
import { breaksConnection, createBackoff, isBug } from './retry.ts'
import type { PathCounters } from './router-routes.ts'
import { messageOf } from '../model/error-message.ts'

export interface GobgpOptions extends OverrideOptions {
  /** HOST:PORT or unix:/PATH of gobgpd's gRPC API. */
  readonly target: string
  /** The routers that peer with it; other peers are not read. */
  readonly routers: readonly Pick<Router, 'name' | 'address'>[]
  readonly clock: Clock
  readonly logger: Logger
  /** Jitter of the backoff, in [0, 1) (default: Math.random). */
  readonly random?: () => number
  readonly auditIntervalMs?: number
}

export interface GobgpStatus {
  readonly target: string
  readonly connected: boolean
  /** GoBGP's own version: its API does not tell it. */
  readonly version: string | undefined
  readonly apiVersion: ApiVersion | undefined
  readonly asn: number | undefined
  readonly routerId: string | undefined
  /** Why it is not connected, or was not when it last was not. */
  readonly lastError: string | undefined
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
  readonly routers: readonly RouterStats[]
}

export interface Gobgp extends RouteSource, OverrideStore {
  /** Begins to connect, and keeps at it until `stop`; never fails. */
  start(): Promise<void>
  stop(): Promise<void>
  status(): GobgpStatus
  stats(): GobgpStats
  /** All its BGP neighbors, configured here or not. */
  peers(): Promise<readonly Peer[]>
}

/** A connection that held so long was a good one: the next outage starts with short delays again. */
const GOOD_AFTER_MS = 10_000

export function createGobgp(options: GobgpOptions): Gobgp {
  const { target, routers, marker, clock, logger, random = Math.random } = options
  const feed = createFeed(options)
  const stopped = new AbortController()
  let connection: GobgpConnection | undefined
  /** The failed call that made us give the connection up. */
  let brokenBy: unknown
  /** Settled while no attempt is under way. */
  let attempt: Promise<unknown> = Promise.resolve()
  let running: Promise<void> | undefined
  let lastError: string | undefined
  let resyncs = 0
  let grpcErrors = 0

  const keepConnected = async (): Promise<void> => {
    const backoff = createBackoff(random)
    while (!stopped.signal.aborted) {
      let liveSinceMs = Infinity
      try {
        const connecting = connect()
        attempt = connecting.catch(() => {})
        const { api, server } = await connecting
        await feed.run(api, server.routerId, (differences) => {
          liveSinceMs = Math.min(liveSinceMs, clock())
          resyncs++
          const filled = { target, routers: routers.map(({ name }) => name) }
          if (differences.length === 0) logger.info(filled, 'route tables are in place')
          else logger.warn({ ...filled, differences }, 'route tables had gone astray and were filled anew')
        })
      } catch (error) {
        if (isBug(error)) throw error
        if (!stopped.signal.aborted) noteLoss(brokenBy ?? error)
      }
      connection?.close()
      connection = undefined
      brokenBy = undefined
      if (clock() - liveSinceMs >= GOOD_AFTER_MS) backoff.reset()
      await sleep(backoff.nextMs(), undefined, { signal: stopped.signal }).catch(() => {})
    }
  }

  const connect = async (): Promise<GobgpConnection> => {
    connection = await connectGobgp(target, stopped.signal)
    logger.info({ target, api: connection.api.version, ...connection.server }, 'connected to gobgpd')
    return connection
  }

  const noteLoss = (error: unknown): void => {
    grpcErrors++
    const reason = messageOf(error)
    // Once for each reason: it is tried again every few seconds.
    if (reason !== lastError || connection !== undefined) logger.warn({ target, reason }, 'gobgpd is away')
    lastError = reason
  }

  /** Works on the connection, waiting for one only when it is just being made; rejects when there is none. */
  const use = async <T>(work: (api: GobgpApi) => Promise<T>): Promise<T> => {
    await attempt
    const mine = connection
    if (mine === undefined) {
      throw new Error(`gobgpd at ${target} is not connected: ${lastError ?? 'not started'}`)
    }
    try {
      return await work(mine.api)
    } catch (error) {
      grpcErrors++
      if (breaksConnection(error)) {
        brokenBy ??= error
        // It ends the feed's watch, and then a new connection is made.
        mine.close()
      }
      throw error
    }
  }

  const marked = (paths: readonly LocalPath[]): LocalPath[] =>
    paths.filter((path) => isOurs(path.attributes, marker))

  const remove = async (api: GobgpApi, prefix: Prefix, paths: readonly LocalPath[]): Promise<void> => {
    await Promise.all(paths.map(({ pathId }) => api.deletePath(prefix, pathId)))
  }

  return {
    start: () => {
      running ??= keepConnected()
      return Promise.resolve()
    },

    stop: async () => {
      stopped.abort()
      connection?.close()
      await running
    },

    status: () => ({
      target,
      connected: connection !== undefined,
      version: undefined,
      apiVersion: connection?.api.version,
      asn: connection?.server.asn,
      routerId: connection?.server.routerId,
      lastError,
    }),

    stats: () => ({
      target,
      resyncs,
      grpcErrors,
      routers: routers.map(({ name }) => ({
        router: name,
        ...feed.counters(name),
        families: ([4, 6] as const).map((family) => ({ family, ...feed.table(name).counts(family) })),
      })),
    }),

    peers: () => use((api) => api.listPeers()),

    longestMatch: (router, address) => feed.table(router).longestMatch(address),
    covering: (router, prefix) => feed.table(router).covering(prefix),
    nextHops: (router) => feed.table(router).nextHops(),
    session: (router) => feed.session(router),

    list: (router) =>
      use(async (api) => {
        const paths = await Promise.all([api.listLocal(4), api.listLocal(6)])
        const byPrefix = new Map<string, InstalledOverride>()
        for (const path of paths.flat()) {
          const override = readOverride(router, path, options)
          const key = formatPrefix(path.prefix)
          // GoBGP lists the best path first; there is another only when somebody else has marked one.
          if (override !== undefined && !byPrefix.has(key)) byPrefix.set(key, override)
        }
        return [...byPrefix.values()]
      }),

    add: async (override, fromIfIndex) => {
      const { prefix } = override
      const attributes = overrideAttributes(override, fromIfIndex, options)
      checkInjectable(prefix, attributes, marker)
      await use(async (api) => {
        const before = await api.listLocal(prefix.family, prefix)
        if (before.some((path) => path.pathId === 0 && !isOurs(path.attributes, marker))) {
          throw new Error(
            `override ${formatPrefix(prefix)} refused: gobgpd at ${target} has a local route of ` +
              'this prefix without our marker; whoever put it there must remove it',
          )
        }
        await api.addPath(prefix, attributes)
        await remove(api, prefix, marked(before).filter(({ pathId }) => pathId !== 0))
      })
    },

    // By what GoBGP has, not by what we believe: foreign routes stay, ours goes whatever its identifier is.
    withdraw: ({ prefix }) =>
      use(async (api) => remove(api, prefix, marked(await api.listLocal(prefix.family, prefix)))),
  }
}
