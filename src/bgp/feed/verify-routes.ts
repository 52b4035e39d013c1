/**
 * Compares with GoBGP what matters most of the tables, since GoBGP does not tell every change (measured with
 * 3.10 and 4.8). Without a look, an override could outlive the exit that it leads to:
 *
 * - Of our routes that a router returns, GoBGP refuses one with its own ORIGINATOR_ID (RFC 4456, section 8)
 *   without a word, but has it in the Adj-RIB-In from then on, in the place of whatever path had its identifier.
 * - The same goes for a path that changes so that its AS_PATH holds GoBGP's own ASN.
 * - What the RPKI says of a path is not told with the path, and changes without one.
 */
import { formatPrefix, type Family, type Prefix } from '../../model/prefix.ts'
import type { Route } from '../../model/route.ts'
import type { GobgpApi, ReceivedChange } from '../wire/gobgp-api.ts'
import { isOurs } from '../override-path.ts'
import type { Reading, RouterFeed } from './reading.ts'
import { breaksConnection, isBug } from '../wire/retry.ts'

/** Of the routes without an override, so many of each router have their turn in each look. */
const TURNS = 500

export interface Verifier {
  /**
   * Brings up to date what our overrides stand on, and with RPKI some of the other routes that anybody asks
   * for. A thousand prefixes take GoBGP some 30 ms (measured).
   */
  look(): Promise<void>
}

/** `marker`: community of our routes, 32 bits. */
export function createVerifier(
  api: GobgpApi, { feeds, hasRpki }: Pick<Reading, 'feeds' | 'hasRpki'>, marker: number,
): Verifier {
  const turns = new Map<string, Iterator<Route>>()

  /** The next routes that are due; from the first again after the last. */
  const takeTurns = (neighbor: string, { routes: { table } }: RouterFeed): Prefix[] => {
    const due: Prefix[] = []
    const turn = turns.get(neighbor) ?? table.asked()
    turns.set(neighbor, turn)
    while (due.length < TURNS) {
      const { value, done } = turn.next()
      if (done === true) {
        turns.delete(neighbor)
        break
      }
      due.push(value.prefix)
    }
    return due
  }

  return {
    look: async () => {
      const due = new Map<string, Prefix[]>()
      if (hasRpki) for (const [neighbor, feed] of feeds) due.set(neighbor, takeTurns(neighbor, feed))
      for (const family of [4, 6] as const) {
        const ours = (await api.listLocal(family)).filter(({ attributes }) => isOurs(attributes, marker))
        for (const [neighbor, feed] of feeds) {
          const prefixes = [
            ...ours.flatMap(({ prefix }) => [prefix, ...coveringPrefixes(feed, prefix)]),
            ...(due.get(neighbor) ?? []).filter((prefix) => prefix.family === family),
          ]
          await verifyRoutes(api, neighbor, feed, family, prefixes)
        }
      }
    },
  }
}

/** Received prefixes that hold the whole prefix. */
export function coveringPrefixes({ routes }: RouterFeed, prefix: Prefix): Prefix[] {
  return routes.table.covering(prefix).map((route) => route.prefix)
}

/** Makes the table hold of these prefixes, all of one family, what GoBGP has of the neighbor. */
export async function verifyRoutes(
  api: GobgpApi, neighbor: string, feed: RouterFeed, family: Family, prefixes: readonly Prefix[],
): Promise<void> {
  const { routes } = feed
  const { table } = routes
  const before = new Map(
    prefixes.map((prefix) => [formatPrefix(prefix), { prefix, route: table.route(prefix) }]),
  )
  if (!feed.established || before.size === 0) return
  const listed: ReceivedChange[] = []
  try {
    const only = [...before.values()].map(({ prefix }) => prefix)
    await api.listAdjIn(neighbor, family, (change) => listed.push(change), { only })
  } catch (error) {
    // The session went while we looked, or does not carry the family.
    if (breaksConnection(error) || isBug(error)) throw error
    return
  }
  const byPrefix = Map.groupBy(listed, ({ prefix }) => prefix && formatPrefix(prefix))
  for (const [key, { prefix, route }] of before) {
    // What has been told of a route meanwhile may be newer than this list: the next look will see.
    if (!feed.established || table.route(prefix) !== route) continue
    const there = byPrefix.get(key) ?? []
    for (const change of there) if (!routes.isAsListed(change)) routes.apply(change)
    for (const { pathId } of route?.paths ?? []) {
      if (!there.some((change) => change.pathId === pathId)) {
        routes.apply({ kind: 'withdrawn', prefix, pathId })
      }
    }
  }
}
