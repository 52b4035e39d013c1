import { status, type ServiceError } from '@grpc/grpc-js'
import { expect, test } from 'vitest'
import { auditOnce, type Audited } from '../../../src/bgp/feed/audit.ts'
import type { GobgpApi } from '../../../src/bgp/wire/gobgp-api.ts'
import { GrpcError } from '../../../src/bgp/wire/grpc-channel.ts'
import { createPathCounters, RouterRoutes } from '../../../src/bgp/table/router-routes.ts'
import { parsePrefix, type Family } from '../../../src/model/prefix.ts'
import { packed, ROUTER_ADDRESS } from '../edge.ts'

const MARKER = 0xfc000064
const PREFIX = parsePrefix('203.0.113.0/24')

/** A GoBGP that has one established peer and counts as it is told. */
function createApi(count: (family: Family) => number, established = true): GobgpApi {
  const peers = [{ address: ROUTER_ADDRESS, localAsn: 65001, peerAsn: 65001, established }]
  return {
    listPeers: () => Promise.resolve(peers),
    countAdjIn: async (_: string, family: Family) => count(family),
  } as unknown as GobgpApi
}

function createFeeds(): { feeds: ReadonlyMap<string, Audited>; routes: RouterRoutes } {
  const routes = new RouterRoutes({ marker: MARKER, routerId: '10.255.0.1' }, createPathCounters())
  return { feeds: new Map([[ROUTER_ADDRESS, { routes, established: true }]]), routes }
}

function refuse(code: status): never {
  throw new GrpcError('127.0.0.1:1', '/apipb.GobgpApi/GetTable', Object.assign(new Error('x'), { code, details: 'no' }) as ServiceError)
}

test('equal counts are no difference; paths that are kept out of the table count', async () => {
  const { feeds, routes } = createFeeds()
  routes.apply({ kind: 'announced', prefix: PREFIX, pathId: 1, attributes: packed('172.16.0.1'), rpki: 'unknown' })
  routes.apply({ kind: 'announced', prefix: PREFIX, pathId: 2, attributes: packed('172.16.0.1', { communities: [MARKER] }), rpki: 'unknown' })
  routes.apply({ kind: 'announced', prefix: PREFIX, pathId: 3, attributes: packed('172.16.0.1', { originatorId: '10.255.0.1' }), rpki: 'unknown' })
  routes.apply({ kind: 'unusable', prefix: PREFIX, pathId: 4, reason: 'no_next_hop' })
  expect(routes.table.paths).toBe(1)
  expect(await auditOnce(createApi((family) => (family === 4 ? 4 : 0)), feeds)).toEqual(new Set())
  routes.apply({ kind: 'withdrawn', prefix: PREFIX, pathId: 2 })
  routes.apply({ kind: 'withdrawn', prefix: PREFIX, pathId: 4 })
  routes.apply({ kind: 'announced', prefix: PREFIX, pathId: 3, attributes: packed('172.16.0.1'), rpki: 'unknown' })
  expect(await auditOnce(createApi((family) => (family === 4 ? 2 : 0)), feeds)).toEqual(new Set())
  expect(routes.table.paths).toBe(2)
})

test('other counts and other sessions are differences', async () => {
  const { feeds } = createFeeds()
  expect(await auditOnce(createApi((family) => (family === 4 ? 1 : 0)), feeds)).toEqual(
    new Set([`${ROUTER_ADDRESS} IPv4: 1 paths in GoBGP, 0 here`]),
  )
  expect(await auditOnce(createApi(() => 0, false), feeds)).toEqual(new Set([`${ROUTER_ADDRESS} is down`]))
})

test('nothing is said of a router that changes meanwhile', async () => {
  const { feeds, routes } = createFeeds()
  const busy = createApi(() => {
    routes.apply({ kind: 'withdrawn', prefix: PREFIX, pathId: 1 })
    return 5
  })
  expect(await auditOnce(busy, feeds)).toEqual(new Set())
})

test('a family that GoBGP does not count is passed over; a GoBGP that does not answer is a failure', async () => {
  const { feeds } = createFeeds()
  expect(await auditOnce(createApi((family) => (family === 6 ? refuse(status.UNKNOWN) : 0)), feeds)).toEqual(new Set())
  await expect(auditOnce(createApi(() => refuse(status.UNAVAILABLE)), feeds)).rejects.toThrow('GetTable')
})
