import { status, type ServiceError } from '@grpc/grpc-js'
import { describe, expect, test } from 'vitest'
import type { GobgpApi, ReceivedChange } from '../../../src/bgp/wire/gobgp-api.ts'
import { GrpcError } from '../../../src/bgp/wire/grpc-channel.ts'
import type { RouterFeed } from '../../../src/bgp/feed/reading.ts'
import { createPathCounters, RouterRoutes } from '../../../src/bgp/table/router-routes.ts'
import { Settling } from '../../../src/bgp/feed/settling.ts'
import { createVerifier, type Verifier } from '../../../src/bgp/feed/verify-routes.ts'
import { formatAddress, formatPrefix, parsePrefix, type Prefix } from '../../../src/model/prefix.ts'
import type { RpkiState } from '../../../src/model/route.ts'
import { attributes, packed, ROUTER_ADDRESS } from '../edge.ts'

const OWN = { marker: 0xfc000064, routerId: '10.255.0.1' }
const PREFIX = parsePrefix('203.0.113.0/24')
const HALF = parsePrefix('203.0.113.0/25')

interface Given {
  readonly prefix?: Prefix
  readonly originatorId?: string
  readonly rpki?: RpkiState
}
function announced(pathId: number, nextHop: string, { prefix = PREFIX, originatorId, rpki = 'unknown' }: Given = {}): ReceivedChange {
  return { kind: 'announced', prefix, pathId, attributes: packed(nextHop, { originatorId }), rpki }
}
const echo = (pathId: number): ReceivedChange => announced(pathId, '172.16.0.2', { originatorId: OWN.routerId })

/** A router whose paths 1 and 2 have been told, and GoBGP with an override and with what the router has sent. */
function bench({ override = PREFIX, hasRpki = false }: { override?: Prefix | null; hasRpki?: boolean } = {}) {
  const routes = new RouterRoutes(OWN, createPathCounters(), hasRpki)
  routes.apply(announced(1, '172.16.0.1'))
  routes.apply(announced(2, '172.16.0.2'))
  const feed: RouterFeed = { routes, established: true, told: 1, settling: new Settling(0, 0) }
  const asked: string[][] = []
  const gobgp = { has: function* (): Generator<ReceivedChange> { yield* [] } }
  const local = override === null ? [] : [{ prefix: override, pathId: 0, attributes: attributes('172.16.0.2', { communities: [OWN.marker] }) }]
  const api = {
    listLocal: (family: number) => Promise.resolve(family === 4 ? local : []),
    listAdjIn: async (_: string, __: number, onPath: (change: ReceivedChange) => void, { only = [] }: { only?: readonly Prefix[] }) => {
      asked.push(only.map(formatPrefix))
      await Promise.resolve()
      for (const change of gobgp.has()) onPath(change)
    },
  } as unknown as GobgpApi
  const verifier: Verifier = createVerifier(api, { feeds: new Map([[ROUTER_ADDRESS, feed]]), hasRpki }, OWN.marker)
  const nextHops = (): string[] =>
    routes.table.covering(PREFIX).flatMap(({ paths }) => paths.map(({ nextHop }) => formatAddress(nextHop)))
  return { routes, feed, asked, gobgp, verifier, nextHops }
}

describe('a look', () => {
  test('takes out what echoes have replaced, counts them as received, and changes nothing the second time', async () => {
    const { routes, gobgp, verifier, nextHops } = bench()
    gobgp.has = function* () {
      yield announced(1, '172.16.0.1')
      yield echo(2)
      yield echo(7)
    }
    await verifier.look()
    expect(nextHops()).toEqual(['172.16.0.1'])
    expect(routes.received(4)).toBe(3)
    const { changes } = routes
    await verifier.look()
    expect(routes.changes).toBe(changes)
  })

  test('finds paths that were replaced, that are new and that are gone', async () => {
    const { gobgp, verifier, nextHops } = bench()
    gobgp.has = function* () {
      yield announced(2, '172.16.0.8')
      yield announced(3, '172.16.0.9')
    }
    await verifier.look()
    expect(nextHops()).toEqual(['172.16.0.8', '172.16.0.9'])
  })

  test('asks for the received routes that hold an override, too', async () => {
    const { asked, verifier } = bench({ override: HALF })
    await verifier.look()
    expect(asked).toEqual([['203.0.113.0/25', '203.0.113.0/24']])
  })

  test('what is told meanwhile is newer', async () => {
    const { routes, gobgp, verifier, nextHops } = bench()
    gobgp.has = function* () {
      yield echo(2)
      routes.apply(announced(2, '172.16.0.9'))
    }
    await verifier.look()
    expect(nextHops()).toEqual(['172.16.0.1', '172.16.0.9'])
  })

  test('a session that goes meanwhile leaves nothing behind', async () => {
    const { routes, feed, gobgp, verifier, nextHops } = bench({ override: HALF })
    gobgp.has = function* () {
      yield announced(1, '172.16.0.1', { prefix: HALF })
      routes.drop()
      feed.established = false
    }
    await verifier.look()
    expect(nextHops()).toEqual([])
    expect(routes.table.paths).toBe(0)
  })

  test('asks nothing without an override, nor without a session', async () => {
    const without = bench({ override: null })
    await without.verifier.look()
    const { feed, asked, verifier } = bench()
    feed.established = false
    await verifier.look()
    expect([...without.asked, ...asked]).toEqual([])
  })

  test('passes over a router that GoBGP knows no more; a GoBGP that does not answer is a failure', async () => {
    const { gobgp, verifier, nextHops } = bench()
    const refuse = (code: status) => function* (): Generator<ReceivedChange> {
      yield announced(1, '172.16.0.1')
      throw new GrpcError('127.0.0.1:1', '/x/ListPath', Object.assign(new Error('x'), { code, details: 'no' }) as ServiceError)
    }
    gobgp.has = refuse(status.UNKNOWN)
    await verifier.look()
    expect(nextHops()).toHaveLength(2)
    gobgp.has = refuse(status.UNAVAILABLE)
    await expect(verifier.look()).rejects.toThrow('ListPath')
  })
})

describe('RPKI', () => {
  const has = function* (): Generator<ReceivedChange> {
    yield announced(1, '172.16.0.1', { rpki: 'valid' })
    yield announced(2, '172.16.0.2', { rpki: 'invalid' })
  }
  const statesOf = (routes: RouterRoutes): string[] => routes.table.route(PREFIX)!.paths.map(({ rpki }) => rpki)

  test('with it, routes that anybody asks for have their turn, again and again', async () => {
    const { routes, asked, gobgp, verifier } = bench({ override: null, hasRpki: true })
    gobgp.has = has
    await verifier.look()
    expect(asked).toEqual([])
    expect(statesOf(routes)).toEqual(['unknown', 'unknown'])
    await verifier.look()
    expect(statesOf(routes)).toEqual(['valid', 'invalid'])
    gobgp.has = function* () {
      yield announced(1, '172.16.0.1', { rpki: 'invalid' })
      yield announced(2, '172.16.0.2', { rpki: 'not_found' })
    }
    await verifier.look()
    expect(statesOf(routes)).toEqual(['invalid', 'not_found'])
  })

  test('without it, what GoBGP says of it means nothing', async () => {
    const { routes, gobgp, verifier } = bench()
    gobgp.has = has
    await verifier.look()
    expect(statesOf(routes)).toEqual(['unknown', 'unknown'])
  })
})
