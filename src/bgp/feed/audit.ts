/** Compares the route tables with GoBGP's own counts. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Family } from '../../model/prefix.ts'
import type { GobgpApi } from '../wire/gobgp-api.ts'
import { breaksConnection, isBug } from '../wire/retry.ts'
import type { RouterRoutes } from '../table/router-routes.ts'

/** Changes that GoBGP has counted already may still be on their way to us for so long, ms. */
const IN_FLIGHT_MS = 200

export interface Audited {
  readonly routes: RouterRoutes
  readonly established: boolean
}

/**
 * What differs, in words: sessions and numbers of paths. Only routers are judged for which nothing changed
 * during the look, so on a busy feed it often says nothing. Found once may be chance; found twice it is not.
 * `feeds` goes by neighbor address.
 */
export async function auditOnce(
  api: GobgpApi, feeds: ReadonlyMap<string, Audited>,
): Promise<ReadonlySet<string>> {
  const stateOf = (neighbor: string): string => {
    const { routes, established } = feeds.get(neighbor)!
    return `${established} ${routes.changes}`
  }
  const before = new Map([...feeds.keys()].map((neighbor) => [neighbor, stateOf(neighbor)]))
  const differences: { neighbor: string; what: string }[] = []
  const peers = new Map((await api.listPeers()).map((peer) => [peer.address, peer]))
  for (const [neighbor, { routes, established }] of feeds) {
    const actually = peers.get(neighbor)?.established ?? false
    if (actually !== established) {
      differences.push({ neighbor, what: `${neighbor} is ${actually ? 'up' : 'down'}` })
    }
    if (!actually) continue
    for (const family of [4, 6] as const) {
      const [theirs, ours] = [await countOf(api, neighbor, family), routes.received(family)]
      if (theirs === undefined || ours === undefined || theirs === ours) continue
      differences.push({ neighbor, what: `${neighbor} IPv${family}: ${theirs} paths in GoBGP, ${ours} here` })
    }
  }
  if (differences.length > 0) await sleep(IN_FLIGHT_MS)
  const unmoved = differences.filter(({ neighbor }) => stateOf(neighbor) === before.get(neighbor))
  return new Set(unmoved.map(({ what }) => what))
}

/** Undefined when GoBGP refuses to count: the session does not carry the family, or went while we looked. */
async function countOf(api: GobgpApi, neighbor: string, family: Family): Promise<number | undefined> {
  try {
    return await api.countAdjIn(neighbor, family)
  } catch (error) {
    if (breaksConnection(error) || isBug(error)) throw error
    return undefined
  }
}
