/** Keeps the routes of a gobgpd's routers at hand, and makes sure that they are GoBGP's. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { RouterSession } from '../controller/ports.ts'
import type { Clock } from '../model/clock.ts'
import { formatAddress } from '../model/prefix.ts'
import type { Router } from '../model/topology.ts'
import { auditOnce } from './audit.ts'
import { findEchoes } from './echoes.ts'
import type { GobgpApi } from './gobgp-api.ts'
import { startReading, type Reading, type RouterFeed } from './reading.ts'
import { createPathCounters, RouterRoutes, type OwnMarks, type PathCounters } from './router-routes.ts'
import { RouteTable } from './route-table.ts'
import { Settling } from './settling.ts'

const AUDIT_INTERVAL_MS = 10_000
/** Shorter than the controller's cycle: no override may stand on a path that an echo has replaced. */
const ECHO_INTERVAL_MS = 2_000

export interface FeedOptions {
  readonly routers: readonly Pick<Router, 'name' | 'address'>[]
  /** Community that marks our routes, 32 bits. */
  readonly marker: number
  readonly clock: Clock
  /** How often the tables are compared with GoBGP's counts (default: 10 s). */
  readonly auditIntervalMs?: number | undefined
}

/** Told whenever tables have been filled anew; `differences` says why, when it was not the first time. */
export type OnLive = (differences: readonly string[]) => void

export interface Feed {
  /** Reads until GoBGP fails, and rejects with the reason. New tables replace the old ones when complete. */
  run(api: GobgpApi, routerId: string, onLive: OnLive): Promise<never>
  /** The router's routes: empty before the first run, those of the last while none is live. */
  table(router: string): RouteTable
  session(router: string): RouterSession
  counters(router: string): PathCounters
}

export function createFeed(options: FeedOptions): Feed {
  const { routers, marker, clock, auditIntervalMs = AUDIT_INTERVAL_MS } = options
  const neighborOf = new Map(routers.map(({ name, address }) => [name, formatAddress(address)]))
  const countersOf = new Map(routers.map(({ name }) => [name, createPathCounters()]))
  const NO_ROUTES = new RouteTable()
  let reading: Reading | undefined
  let live = false

  const feedOf = (router: string): RouterFeed | undefined => reading?.feeds.get(neighborOf.get(router)!)

  const read = (api: GobgpApi, own: OwnMarks): Promise<Reading> => {
    const feeds = routers.map(({ name }): [string, RouterFeed] => [
      neighborOf.get(name)!,
      {
        routes: new RouterRoutes(own, countersOf.get(name)!),
        established: false,
        settling: new Settling(clock(), 0),
      },
    ])
    return startReading(api, new Map(feeds), clock)
  }

  const run: Feed['run'] = async (api, routerId, onLive) => {
    const own = { marker, routerId }
    let current = await read(api, own)
    try {
      reading = current
      live = true
      onLive([])
      for (;;) {
        const differences = await audit(api, current, own, { clock, intervalMs: auditIntervalMs })
        // The old one goes on meanwhile: no session seems to be down for a difference of ours.
        const next = await read(api, own)
        for (const [neighbor, feed] of next.feeds) {
          const before = current.feeds.get(neighbor)!
          if (feed.established && before.established) feed.settling = before.settling
        }
        current.cancel()
        current = next
        reading = next
        onLive(differences)
      }
    } finally {
      live = false
      current.cancel()
    }
  }

  return {
    run,
    table: (router) => feedOf(router)?.routes.table ?? NO_ROUTES,
    session: (router) => {
      const feed = feedOf(router)
      if (!live || feed === undefined) return { up: false, synced: false }
      // Down is known, too: GoBGP holds nothing of the router then, and neither do we.
      const { established: up, settling, routes } = feed
      return { up, synced: !up || settling.settled(clock(), routes.table.paths) }
    },
    counters: (router) => countersOf.get(router)!,
  }
}

interface AuditOptions {
  readonly clock: Clock
  readonly intervalMs: number
}

/**
 * Looks for echoes until something differs from GoBGP, twice in a row, and resolves with that; rejects when
 * the reading ends or GoBGP fails.
 */
async function audit(
  api: GobgpApi, { feeds, ended }: Reading, own: OwnMarks, { clock, intervalMs }: AuditOptions,
): Promise<readonly string[]> {
  let suspects: ReadonlySet<string> = new Set()
  let dueMs = clock() + intervalMs
  for (;;) {
    const pauseMs = Math.min(ECHO_INTERVAL_MS, intervalMs)
    await sleep(pauseMs, undefined, { signal: ended, ref: false }).catch(() => {})
    ended.throwIfAborted()
    await findEchoes(api, feeds, own)
    if (clock() < dueMs) continue
    dueMs = clock() + intervalMs
    const found = await auditOnce(api, feeds)
    const twice = [...found].filter((suspect) => suspects.has(suspect))
    if (twice.length > 0) return twice
    suspects = found
  }
}
