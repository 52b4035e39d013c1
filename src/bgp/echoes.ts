/**
 * Finds those of our routes that a router returns and GoBGP does not tell. GoBGP refuses a path with its own
 * ORIGINATOR_ID (RFC 4456, section 8) without a word, but has it in the Adj-RIB-In from then on, in the place
 * of whatever path had its identifier (measured with 3.10 and 4.8). Without a look, the table would keep
 * that path, and an override could outlive the exit that it leads to.
 */
import { formatPrefix, type Family, type Prefix } from '../model/prefix.ts'
import type { GobgpApi, PathChange } from './gobgp-api.ts'
import { isOurs } from './override-path.ts'
import type { RouterFeed, RouterFeeds } from './reading.ts'
import { breaksConnection, isBug } from './retry.ts'
import { isEcho, type OwnMarks } from './router-routes.ts'

type Announced = Extract<PathChange, { kind: 'announced' }>

/** Takes the echoes of all overrides out of the tables. A thousand take GoBGP some 30 ms (measured). */
export async function findEchoes(api: GobgpApi, feeds: RouterFeeds, own: OwnMarks): Promise<void> {
  for (const family of [4, 6] as const) {
    const ours = (await api.listLocal(family)).filter(({ attributes }) => isOurs(attributes, own.marker))
    if (ours.length === 0) continue
    const prefixes = ours.map(({ prefix }) => prefix)
    for (const [neighbor, feed] of feeds) {
      if (feed.established) await findOf(api, neighbor, feed, family, prefixes, own)
    }
  }
}

async function findOf(
  api: GobgpApi, neighbor: string, { routes }: RouterFeed, family: Family, prefixes: readonly Prefix[],
  own: OwnMarks,
): Promise<void> {
  const { table } = routes
  const before = new Map(prefixes.map((prefix) => [formatPrefix(prefix), table.route(prefix)]))
  const echoes: Announced[] = []
  try {
    for await (const change of api.listAdjIn(neighbor, family, prefixes)) {
      if (change.kind === 'announced' && isEcho(change.attributes, own)) echoes.push(change)
    }
  } catch (error) {
    // The session went while we looked, or does not carry the family.
    if (breaksConnection(error) || isBug(error)) throw error
  }
  // What has been told of a route meanwhile may be newer than this list: the next look will see.
  const fresh = echoes.filter(({ prefix }) => table.route(prefix) === before.get(formatPrefix(prefix)))
  for (const echo of fresh) {
    if (!routes.ignores(echo.prefix, echo.pathId)) routes.apply(echo)
  }
}
