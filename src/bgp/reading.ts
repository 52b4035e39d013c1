/**
 * One reading of GoBGP: tables that are filled from what it has, and then follow what it tells.
 *
 * GoBGP's WatchEvent tells changes in their order, but its own dump of what came before has no end on a large
 * table and none of its withdrawals on session loss. So: watch without dump; wait until the watch is in
 * place; list what is there; replay onto the list what the watch has told meanwhile; go on live. Why nothing
 * is missed:
 *
 * - A path that changed after the watch began is told by it. One that did not is in the list. One that did
 *   both is in the list in one of its states, and the replay ends with its last.
 * - A session that goes down is told once, without withdrawals: its paths are dropped at that place in the
 *   order. If it comes up again, the router sends everything anew, and the watch tells all of it, since it
 *   began before; with graceful restart, too, where GoBGP itself keeps the old paths meanwhile (measured with
 *   3.10). That is also why only routers whose session was up at the beginning are listed.
 * - What GoBGP 3 does not tell is for audit.ts: a peer that is deleted, and a path whose AS_PATH holds
 *   GoBGP's own ASN, which is listed all the same.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../model/clock.ts'
import type { GobgpApi, GobgpEvent } from './gobgp-api.ts'
import type { RouterRoutes } from './router-routes.ts'
import { Settling } from './settling.ts'

const INIT_DEADLINE_MS = 10_000

export interface RouterFeed {
  readonly routes: RouterRoutes
  established: boolean
  settling: Settling
}

/** By the router's neighbor address. */
export type RouterFeeds = ReadonlyMap<string, RouterFeed>

export interface Reading {
  readonly feeds: RouterFeeds
  /** Aborted, with the reason, when the watch has ended and the tables follow no more. */
  readonly ended: AbortSignal
  cancel(): void
}

/**
 * Fills the feeds, which must be empty, and resolves when they follow live. Rejects when it does not come to
 * that.
 */
export async function startReading(api: GobgpApi, feeds: RouterFeeds, clock: Clock): Promise<Reading> {
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
  broken.catch(() => {}) // Whoever goes on without it learns from `ended`.
  try {
    await Promise.race([begun.promise, broken, expire(ended.signal)])
    await Promise.race([list(api, feeds, establishedAtInit(buffer), ended.signal), broken])
  } catch (error) {
    watch.cancel()
    // What only notices that the watch has ended must not hide why it did.
    throw ended.signal.aborted ? ended.signal.reason : error
  }
  for (const event of buffer) apply(feeds, event, clock)
  buffer.length = 0
  handle = (event) => apply(feeds, event, clock)
  return { feeds, ended: ended.signal, cancel: () => watch.cancel() }
}

function apply(feeds: RouterFeeds, event: GobgpEvent, clock: Clock): void {
  if (event.kind === 'end_of_init') return
  const feed = feeds.get(event.neighbor)
  if (feed === undefined) return
  if (event.kind === 'path') return feed.routes.apply(event.change)
  if (!event.established) feed.routes.drop()
  if (event.established && !feed.established) feed.settling = new Settling(clock(), feed.routes.table.paths)
  feed.established = event.established
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

async function list(
  api: GobgpApi, feeds: RouterFeeds, established: ReadonlySet<string>, ended: AbortSignal,
): Promise<void> {
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

async function expire(ended: AbortSignal): Promise<never> {
  await sleep(INIT_DEADLINE_MS, undefined, { signal: ended, ref: false })
  throw new Error(`WatchEvent did not begin in ${INIT_DEADLINE_MS} ms`)
}
