/** Reads what one gobgpd has: its neighbors, what could leak, and the routes of its routers. */
import { connectGobgp } from '../bgp/wire/connect-gobgp.ts'
import type { BgpServer, GobgpApi, Peer } from '../bgp/wire/gobgp-api.ts'
import { judgeSetup } from '../bgp/leaks/judge-setup.ts'
import { createPathCounters, RouterRoutes } from '../bgp/table/router-routes.ts'
import { messageOf } from '../model/error-message.ts'
import { formatAddress } from '../model/prefix.ts'
import type { Router } from '../model/topology.ts'
import type { FamilyRoutes, GobgpdFacts, NextHopUse, RouterBgp } from './facts.ts'

const FAMILIES = [4, 6] as const
/** A full table from two neighbors takes a minute and a half (GoBGP 3.10). */
const TIMEOUT_MS = 300_000

/** Never rejects: what could not be read is `silent`, with the reason. */
export async function readGobgpd(
  target: string,
  routers: readonly Router[],
  marker: number,
): Promise<GobgpdFacts> {
  try {
    const { api, server, close } = await connectGobgp(target, AbortSignal.timeout(TIMEOUT_MS))
    try {
      const [neighbors, dynamicNeighbors, policies] = await Promise.all([
        api.listPeers(), api.listDynamicNeighbors(), api.readPolicies(),
      ])
      const setup = { asn: server.asn, neighbors, dynamicNeighbors, policies }
      const its: RouterBgp[] = []
      // One after the other: each may be a full table.
      for (const router of routers) its.push(await readRouter(api, server, router, neighbors, marker))
      return {
        kind: 'answers',
        target,
        apiVersion: api.version,
        asn: server.asn,
        software: neighbors.find(({ ours }) => ours.software !== undefined)?.ours.software,
        leaks: judgeSetup(setup, routers, marker),
        routers: its,
      }
    } finally {
      close()
    }
  } catch (error) {
    // The line that tells it begins with the target, too.
    return { kind: 'silent', target, why: messageOf(error).replace(`gobgpd at ${target}: `, '').trim() }
  }
}

async function readRouter(
  api: GobgpApi,
  { routerId }: BgpServer,
  { name, address }: Router,
  neighbors: readonly Peer[],
  marker: number,
): Promise<RouterBgp> {
  const neighbor = formatAddress(address)
  const peer = neighbors.find((candidate) => candidate.address === neighbor)
  const routes = new RouterRoutes({ marker, routerId }, createPathCounters())
  if (peer !== undefined) {
    for (const family of FAMILIES) {
      await api.listAdjIn(neighbor, family, (change) => routes.apply(change))
    }
  }
  const single = { 4: 0, 6: 0 }
  const nextHops = new Map<string, NextHopUse>()
  for (const { prefix, paths } of routes.table.routes()) {
    if (paths.length === 1) single[prefix.family]++
    for (const { nextHop } of paths) {
      const key = formatAddress(nextHop)
      nextHops.set(key, { address: nextHop, example: prefix, paths: (nextHops.get(key)?.paths ?? 0) + 1 })
    }
  }
  const families = FAMILIES.map((family): FamilyRoutes => {
    return { family, ...routes.table.counts(family), single: single[family] }
  })
  return { name, peer, families, nextHops: [...nextHops.values()].toSorted((a, b) => b.paths - a.paths) }
}
