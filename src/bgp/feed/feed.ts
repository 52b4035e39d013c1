/** Keeps the routes of a gobgpd's routers at hand, and makes sure that they are GoBGP's. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { RouterSession } from '../../controller/ports.ts'
import type { Clock } from '../../model/clock.ts'
import { formatAddress, type Prefix } from '../../model/prefix.ts'
import type { Router } from '../../model/topology.ts'
import { auditOnce } from './audit.ts'
import type { GobgpApi } from '../wire/gobgp-api.ts'
import { Pulse } from './pulse.ts'
import { noticeLost, startReading, type Reading, type RouterFeed } from './reading.ts'
import { createPathCounters, RouterRoutes, type PathCounters } from '../table/router-routes.ts'
import { RouteTable } from '../table/route-table.ts'
import { Settling } from './settling.ts'
import { coveringPrefixes, createVerifier, verifyRoutes } from './verify-routes.ts'

const AUDIT_INTERVAL_MS = 10_000
/** So long an override may stand on a path that GoBGP has replaced without a word. */
const VERIFY_INTERVAL_MS = 2_000
/** Routes that nobody has asked for in so long are objects no more: whoever needs one asks in every cycle. */
const FORGET_INTERVAL_MS = 600_000

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
  readonly pulse: Pulse
  counters(router: string): PathCounters
  /** GoBGP asks an RPKI server. */
  readonly hasRpki: boolean
  /** Brings the routes that hold the prefix up to date, with what the RPKI says of their paths. */
  verify(api: GobgpApi, router: string, prefix: Prefix): Promise<void>
}

export function createFeed(options: FeedOptions): Feed {
  const { routers, marker, clock, auditIntervalMs = AUDIT_INTERVAL_MS } = options
  const neighborOf = new Map(routers.map(({ name, address }) => [name, formatAddress(address)]))
  const countersOf = new Map(routers.map(({ name }) => [name, createPathCounters()]))
  const NO_ROUTES = new RouteTable()
  let reading: Reading | undefined
  const pulse = new Pulse(clock, () =>
    [...(reading?.feeds.values() ?? [])].reduce((sum, { routes }) => sum + routes.table.paths, 0))
  let live = false

  const feedOf = (router: string): RouterFeed | undefined => reading?.feeds.get(neighborOf.get(router)!)

  const read = async (api: GobgpApi, routerId: string): Promise<Reading> => {
    const hasRpki = await api.hasRpki()
    const feeds = routers.map(({ name }): [string, RouterFeed] => [
      neighborOf.get(name)!,
      {
        routes: new RouterRoutes({ marker, routerId }, countersOf.get(name)!, hasRpki),
        established: false,
        told: 0,
        settling: new Settling(clock(), 0),
      },
    ])
    return startReading(api, { feeds: new Map(feeds), hasRpki }, clock, pulse)
  }

  const run: Feed['run'] = async (api, routerId, onLive) => {
    let current = await read(api, routerId)
    try {
      reading = current
      live = true
      onLive([])
      for (;;) {
        const differences = await audit(api, current, { marker, clock, pulse, intervalMs: auditIntervalMs })
        // The old one goes on meanwhile: no session seems to be down for a difference of ours.
        const next = await read(api, routerId)
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
    pulse,
    table: (router) => feedOf(router)?.routes.table ?? NO_ROUTES,
    session: (router) => {
      const feed = feedOf(router)
      if (!live || feed === undefined) return { up: false, synced: false }
      // Down is known, too: GoBGP holds nothing of the router then, and neither do we.
      const { established: up, settling, routes, disabled = false } = feed
      return {
        up,
        synced: !up || settling.settled(clock(), routes.table.paths),
        ...(disabled && { disabled }),
      }
    },
    counters: (router) => countersOf.get(router)!,
    get hasRpki() {
      return reading?.hasRpki ?? false
    },
    verify: async (api, router, prefix) => {
      const feed = feedOf(router)
      if (feed === undefined) return
      await verifyRoutes(api, neighborOf.get(router)!, feed, prefix.family, coveringPrefixes(feed, prefix))
    },
  }
}

interface AuditOptions {
  readonly marker: number
  readonly clock: Clock
  readonly pulse: Pulse
  readonly intervalMs: number
}

/**
 * Verifies what matters most until something else differs from GoBGP, twice in a row, and resolves with that;
 * rejects when the reading ends or GoBGP fails.
 */
async function audit(
  api: GobgpApi, reading: Reading, { marker, clock, pulse, intervalMs }: AuditOptions,
): Promise<readonly string[]> {
  const { feeds, hasRpki, ended } = reading
  const verifier = createVerifier(api, reading, marker)
  let suspects: ReadonlySet<string> = new Set()
  let dueMs = clock() + intervalMs
  let forgetMs = clock() + FORGET_INTERVAL_MS
  for (;;) {
    const pauseMs = Math.min(VERIFY_INTERVAL_MS, intervalMs)
    await sleep(pauseMs, undefined, { signal: ended, ref: false }).catch(() => {})
    ended.throwIfAborted()
    try {
      await noticeLost(api, feeds)
      // One that is there stays: GoBGP cannot remove it while it runs (measured with 3.10 and 4.8).
      if (!hasRpki && (await api.hasRpki())) return ['GoBGP has an RPKI server now']
      await verifier.look()
      pulse.beat()
    } catch (error) {
      if (!pulse.excuses(error)) throw error
    }
    if (clock() >= forgetMs) {
      forgetMs = clock() + FORGET_INTERVAL_MS
      for (const { routes } of feeds.values()) routes.table.forgetUnasked()
    }
    if (clock() < dueMs) continue
    dueMs = clock() + intervalMs
    const found = await auditOnce(api, feeds).catch((error: unknown) => {
      if (!pulse.excuses(error)) throw error
      return new Set<string>()
    })
    const twice = [...found].filter((suspect) => suspects.has(suspect))
    if (twice.length > 0) return twice
    suspects = found
  }
}
