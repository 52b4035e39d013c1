import { status, type ServiceError } from '@grpc/grpc-js'
import { expect, test } from 'vitest'
import { findEchoes } from '../../src/bgp/echoes.ts'
import type { GobgpApi, PathChange } from '../../src/bgp/gobgp-api.ts'
import { GrpcError } from '../../src/bgp/grpc-channel.ts'
import type { RouterFeeds } from '../../src/bgp/reading.ts'
import { createPathCounters, RouterRoutes } from '../../src/bgp/router-routes.ts'
import { Settling } from '../../src/bgp/settling.ts'
import { formatAddress, parsePrefix } from '../../src/model/prefix.ts'
import { attributes, ROUTER_ADDRESS } from './edge.ts'

const OWN = { marker: 0xfc000064, routerId: '10.255.0.1' }
const PREFIX = parsePrefix('203.0.113.0/24')

function announced(pathId: number, nextHop: string, originatorId?: string): PathChange {
  return { kind: 'announced', prefix: PREFIX, pathId, attributes: attributes(nextHop, { originatorId }) }
}
const echo = (pathId: number): PathChange => announced(pathId, '172.16.0.2', OWN.routerId)

/** A GoBGP with one override, and with what the router has sent for its prefix. */
function createApi(adjIn: () => Generator<PathChange>, marker = OWN.marker): GobgpApi {
  const local = [{ prefix: PREFIX, pathId: 0, attributes: attributes('172.16.0.2', { communities: [marker] }) }]
  return {
    listLocal: (family: number) => Promise.resolve(family === 4 ? local : []),
    listAdjIn: async function* () {
      yield* adjIn()
    },
  } as unknown as GobgpApi
}

/** A router whose paths 1 and 2 have been told. */
function createFeeds(): { feeds: RouterFeeds; routes: RouterRoutes; nextHops: () => string[] } {
  const routes = new RouterRoutes(OWN, createPathCounters())
  routes.apply(announced(1, '172.16.0.1'))
  routes.apply(announced(2, '172.16.0.2'))
  return {
    feeds: new Map([[ROUTER_ADDRESS, { routes, established: true, settling: new Settling(0, 0) }]]),
    routes,
    nextHops: () => routes.table.covering(PREFIX).flatMap(({ paths }) => paths.map(({ nextHop }) => formatAddress(nextHop))),
  }
}

test('echoes count as received, and what they have replaced goes', async () => {
  const { feeds, routes, nextHops } = createFeeds()
  const api = createApi(function* () {
    yield announced(1, '172.16.0.1')
    yield echo(2)
    yield echo(7)
  })
  await findEchoes(api, feeds, OWN)
  expect(nextHops()).toEqual(['172.16.0.1'])
  expect(routes.received(4)).toBe(3)
  const { changes } = routes
  await findEchoes(api, feeds, OWN)
  expect(routes.changes).toBe(changes)
})

test('what is told during the look is newer', async () => {
  const { feeds, routes, nextHops } = createFeeds()
  await findEchoes(createApi(function* () {
    yield echo(2)
    routes.apply(announced(2, '172.16.0.9'))
  }), feeds, OWN)
  expect(nextHops()).toEqual(['172.16.0.1', '172.16.0.9'])
})

test('a router is not asked without an override, nor without a session', async () => {
  const { feeds, nextHops } = createFeeds()
  await findEchoes(createApi(() => expect.fail('asked'), OWN.marker + 1), feeds, OWN)
  feeds.get(ROUTER_ADDRESS)!.established = false
  await findEchoes(createApi(() => expect.fail('asked')), feeds, OWN)
  expect(nextHops()).toHaveLength(2)
})

test('a router that GoBGP knows no more is passed over; a GoBGP that does not answer is a failure', async () => {
  const refuse = (code: status) => createApi(() => {
    throw new GrpcError('127.0.0.1:1', '/x/ListPath', Object.assign(new Error('x'), { code, details: 'no' }) as ServiceError)
  })
  const { feeds, nextHops } = createFeeds()
  await findEchoes(refuse(status.UNKNOWN), feeds, OWN)
  expect(nextHops()).toHaveLength(2)
  await expect(findEchoes(refuse(status.UNAVAILABLE), feeds, OWN)).rejects.toThrow('ListPath')
})
