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
 * - GoBGP tells of a session that went behind all changes before it, and may have a million of them to tell:
 *   `noticeLost` looks. What is told from then on until the session's end is told is over already.
 * - What GoBGP 3 does not tell is for audit.ts: a peer that is deleted, and a path whose AS_PATH holds
 *   GoBGP's own ASN, which is listed all the same. Where overrides stand, verify-routes.ts looks closer.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../../model/clock.ts'
import type { GobgpApi, GobgpEvent, ReceivedChange } from '../wire/gobgp-api.ts'
import type { Pulse } from './pulse.ts'
import type { RouterRoutes } from '../table/router-routes.ts'
import { Settling } from './settling.ts'

const INIT_DEADLINE_MS = 10_000

export interface RouterFeed {
  readonly routes: RouterRoutes
  established: boolean
  /** The session has ended, and the watch has not told so yet. */
  lost?: boolean
  /** How often the watch has told of the session. */
  told: number
  /** `told` when GoBGP's list last had the session down. */
  missed?: number | undefined
  /** The neighbor is administratively down. */
  disabled?: boolean
  settling: Settling
}

type Told = Exclude<GobgpEvent, { kind: 'end_of_init' }>

/** By the router's neighbor address. */
export type RouterFeeds = ReadonlyMap<string, RouterFeed>

export interface Reading {
  readonly feeds: RouterFeeds
  /** GoBGP asked an RPKI server when the tables were filled. */
  readonly hasRpki: boolean
  /** Aborted, with the reason, when the watch has ended and the tables follow no more. */
  readonly ended: AbortSignal
  cancel(): void
}

/**
 * Fills the feeds, which must be empty, and resolves when they follow live. Rejects when it does not come to
 * that.
 */
export async function startReading(
  api: GobgpApi, { feeds, hasRpki }: Pick<Reading, 'feeds' | 'hasRpki'>, clock: Clock, pulse: Pulse,
): Promise<Reading> {
  const begun = Promise.withResolvers<void>()
  /** What was told of the routers that are not listed yet. */
  const waiting = new Map<string, Told[]>([...feeds.keys()].map((neighbor) => [neighbor, []]))
  let isListing = false
  const watch = api.watch((event) => {
    pulse.beat()
    if (event.kind === 'end_of_init') return begun.resolve()
    const feed = feeds.get(event.neighbor)
    if (feed === undefined) return
    if (isListing && event.kind === 'session' && !event.established) {
      // A list of it would tell of a session that is over; what comes now comes anew.
      waiting.delete(event.neighbor)
    }
    const before = waiting.get(event.neighbor)
    if (before === undefined) apply(feed, event, clock)
    else before.push(event)
  })
  const ended = new AbortController()
  const broken = watch.ended.then((error): never => {
    ended.abort(error)
    throw error
  })
  broken.catch(() => {}) // Whoever goes on without it learns from `ended`.

  const list = async (): Promise<void> => {
    isListing = true
    for (const [neighbor, feed] of feeds) {
      const isUp = waiting.get(neighbor)!.some((event) => event.kind === 'session' && event.established)
      for (const family of isUp ? ([4, 6] as const) : []) {
        if (!waiting.has(neighbor)) break
        const take = (change: ReceivedChange): void => {
          if (waiting.has(neighbor)) feed.routes.apply(change)
        }
        await pulse.whileListing(() => api.listAdjIn(neighbor, family, take, { signal: ended.signal }))
      }
      for (const event of waiting.get(neighbor) ?? []) apply(feed, event, clock)
      waiting.delete(neighbor)
    }
  }
  try {
    await Promise.race([begun.promise, broken, expire(ended.signal)])
    await Promise.race([list(), broken])
  } catch (error) {
    watch.cancel()
    // What only notices that the watch has ended must not hide why it did.
    throw ended.signal.aborted ? ended.signal.reason : error
  }
  return { feeds, hasRpki, ended: ended.signal, cancel: () => watch.cancel() }
}

function apply(feed: RouterFeed, event: Told, clock: Clock): void {
  if (event.kind === 'path') {
    if (!feed.lost) feed.routes.apply(event.change)
    return
  }
  feed.told++
  feed.lost = false
  if (!event.established) feed.routes.drop()
  if (event.established && !feed.established) feed.settling = new Settling(clock(), feed.routes.table.paths)
  feed.established = event.established
  feed.disabled = event.disabled
}

/**
 * Drops what came over sessions that are down, in two looks in a row: one that has just come up may be told before the
 * list has it, and nothing would tell it again. Rejects when GoBGP does not answer.
 */
export async function noticeLost(api: GobgpApi, feeds: RouterFeeds): Promise<void> {
  const before = new Map([...feeds].map(([neighbor, { told }]) => [neighbor, told]))
  const up = new Set((await api.listPeers()).filter((peer) => peer.established).map(({ address }) => address))
  for (const [neighbor, feed] of feeds) {
    const wasMissed = feed.missed === feed.told
    // What the watch has told meanwhile may be newer than the answer.
    const isMissed = feed.established && !up.has(neighbor) && feed.told === before.get(neighbor)
    feed.missed = isMissed ? feed.told : undefined
    if (!isMissed || !wasMissed) continue
    feed.established = false
    feed.lost = true
    feed.routes.drop()
  }
}

async function expire(ended: AbortSignal): Promise<never> {
  await sleep(INIT_DEADLINE_MS, undefined, { signal: ended, ref: false })
  throw new Error(`WatchEvent did not begin in ${INIT_DEADLINE_MS} ms`)
}
