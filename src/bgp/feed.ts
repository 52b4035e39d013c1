/**
 * Keeps route tables equal to what GoBGP has received from each router.
 *
 * GoBGP's WatchEvent tells changes in their order, but its own dump of what came before has no end on a large
 * table and none of its withdrawals on session loss. So: watch without dump; wait until the watch is in place;
 * list what is there; replay onto the list what the watch has told meanwhile; go on live. Why nothing is missed:
 *
 * - A path that changed after the watch began is told by it. One that did not is in the list. One that did both
 *   is in the list in one of its states, and the replay ends with its last.
 * - A session that goes down is told once, without withdrawals: its paths are dropped at that place in the order.
 *   If it comes up again, the router sends everything anew, and the watch tells all of it, since it began before.
 *   That is also why only routers whose session was up at the beginning are listed.
 * - A gobgpd that ends, or a stream that breaks, ends the feed; the next one fills fresh tables, and these replace
 *   the old ones only when complete.
 * - What GoBGP does not tell (a peer that is deleted; a path that replaces another but holds our own ASN, in
 *   3.x) is found by comparing counts now and then.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { RouterSession } from '../controller/ports.ts'
import type { Clock } from '../model/clock.ts'
import { formatAddress } from '../model/prefix.ts'
import type { Router } from '../model/topology.ts'
import { auditOnce } from './audit.ts'
import type { GobgpApi, GobgpEvent } from './gobgp-api.ts'
import { createPathCounters, RouterRoutes, type OwnMarks, type PathCounters } from './router-routes.ts'
import { RouteTable } from './route-table.ts'
import { Settling } from './settling.ts'

const INIT_DEADLINE_MS = 10_000
const AUDIT_INTERVAL_MS = 10_000

interface RouterFeed {
  readonly routes: RouterRoutes
  established: boolean
  settling: Settling
}

/** By the router's neighbor address. */
type RouterFeeds = ReadonlyMap<string, RouterFeed>

export interface FeedOptions {
  readonly routers: readonly Pick<Router, 'name' | 'address'>[]
  readonly marker: number
  readonly clock: Clock
  /** How often the tables are compared with GoBGP's counts (default: 10 s). */
  readonly auditIntervalMs?: number | undefined
}

export interface Feed {
  /** Reads until the watch or an audit fails, and rejects with the reason. `onLive` is called when the tables are in place. */
  run(api: GobgpApi, routerId: string, onLive: () => void): Promise<never>
  /** The router's routes: empty before the first run, those of the last while none is live. */
  table(router: string): RouteTable
  session(router: string): RouterSession
  counters(router: string): PathCounters
}

export function createFeed({ routers, marker, clock, auditIntervalMs = AUDIT_INTERVAL_MS }: FeedOptions): Feed {
  const neighborOf = new Map(routers.map(({ name, address }) => [name, formatAddress(address)]))
  const countersOf = new Map([...neighborOf.values()].map((neighbor) => [neighbor, createPathCounters()]))
  const NO_ROUTES = new RouteTable()
  let feeds: RouterFeeds = new Map()
  let live = false

  const create = (own: OwnMarks): RouterFeeds =>
    new Map([...countersOf].map(([neighbor, counters]) => [
      neighbor,
      { routes: new RouterRoutes(own, counters), established: false, settling: new Settling(clock(), 0) },
    ]))

  const apply = (target: RouterFeeds, event: GobgpEvent): void => {
    if (event.kind === 'end_of_init') return
    const feed = target.get(event.neighbor)
    if (feed === undefined) return
    if (event.kind === 'path') return feed.routes.apply(event.change)
    if (!event.established) feed.routes.drop()
    if (event.established && !feed.established) feed.settling = new Settling(clock(), pathsOf(feed.routes.table))
    feed.established = event.established
  }

  const run: Feed['run'] = async (api, routerId, onLive) => {
    const fresh = create({ marker, routerId })
    const buffer: GobgpEvent[] = []
    const begun = Promise.withResolvers<void>()
    let handle = (event: GobgpEvent): void => {
      buffer.push(event)
      if (event.kind === 'end_of_init') begun.resolve()
    }
    const watch = api.watch((event) => handle(event))
    const ended = new AbortController()
    const broken = watch.ended.then((error): never => {
      ended.abort(error)
      throw error
    })
    try {
      await Promise.race([begun.promise, broken, expire(INIT_DEADLINE_MS, ended.signal)])
      await Promise.race([list(api, fresh, establishedAtInit(buffer), ended.signal), broken])
      for (const event of buffer) apply(fresh, event)
      buffer.length = 0
      handle = (event) => apply(fresh, event)
      feeds = fresh
      live = true
      onLive()
      return await Promise.race([audit(api, fresh, auditIntervalMs, ended.signal), broken])
    } catch (error) {
      // What only notices that the watch has ended must not hide why it did.
      throw ended.signal.aborted ? ended.signal.reason : error
    } finally {
      live = false
      ended.abort()
      watch.cancel()
      broken.catch(() => {}) // It has been heard above, or is the consequence of cancelling.
    }
  }

  return {
    run,
    table: (router) => feeds.get(neighborOf.get(router) ?? '')?.routes.table ?? NO_ROUTES,
    session: (router) => {
      const feed = feeds.get(neighborOf.get(router) ?? '')
      const up = live && feed?.established === true
      return { up, synced: up && feed.settling.settled(clock(), pathsOf(feed.routes.table)) }
    },
    counters: (router) => countersOf.get(neighborOf.get(router) ?? '') ?? createPathCounters(),
  }
}

/** Neighbors whose session was up when the watch began. */
function establishedAtInit(events: readonly GobgpEvent[]): ReadonlySet<string> {
  const established = new Set<string>()
  for (const event of events) {
    if (event.kind === 'end_of_init') break
    if (event.kind === 'session' && event.established) established.add(event.neighbor)
  }
  return established
}

async function list(api: GobgpApi, feeds: RouterFeeds, established: ReadonlySet<string>, ended: AbortSignal): Promise<void> {
  for (const [neighbor, { routes }] of feeds) {
    if (!established.has(neighbor)) continue
    for (const family of [4, 6] as const) {
      for await (const change of api.listAdjIn(neighbor, family)) {
        ended.throwIfAborted()
        routes.apply(change)
      }
    }
  }
}

async function audit(api: GobgpApi, feeds: RouterFeeds, intervalMs: number, ended: AbortSignal): Promise<never> {
  let suspects: ReadonlySet<string> = new Set()
  for (;;) {
    await sleep(intervalMs, undefined, { signal: ended, ref: false })
    const found = await auditOnce(api, feeds)
    const twice = [...found].filter((suspect) => suspects.has(suspect))
    if (twice.length > 0) throw new Error(`the route table differs from GoBGP's: ${twice.join(', ')}`)
    suspects = found
  }
}

async function expire(ms: number, ended: AbortSignal): Promise<never> {
  await sleep(ms, undefined, { signal: ended, ref: false })
  throw new Error(`WatchEvent did not begin in ${ms} ms`)
}

function pathsOf(table: RouteTable): number {
  return table.counts(4).paths + table.counts(6).paths
}
