/** Our overrides as two routers send them back: by add-path, and in the place of other paths. */
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectGobgp, type GobgpConnection } from '../../src/bgp/wire/connect-gobgp.ts'
import { createGobgp, type Gobgp } from '../../src/bgp/gobgp.ts'
import { createSpreadWatch } from '../../src/bgp/leaks/spread-watch.ts'
import { unpackAttributes } from '../../src/bgp/wire/packed-attributes.ts'
import { formatAddress, parseAddress, parsePrefix } from '../../src/model/prefix.ts'
import { parseCommunity } from '../../src/model/route.ts'
import {
  attributes, GOBGP_ROUTER_ID, OTHER_ROUTER_ADDRESS, ROUTER_ADDRESS, SESSION_DEADLINE_MS, SESSION_TEST_MS, startEdge,
  until, type Edge, type Routers,
} from './edge.ts'
import { describeEachGobgpd } from './gobgpds.ts'

const MARKER = parseCommunity('64512:100')
const PREFIX = parsePrefix('203.0.113.0/24')
const NATURAL = '172.16.0.1'
const ALTERNATE = '172.16.0.2'
const ADDRESSES = { rtr1: ROUTER_ADDRESS, rtr2: OTHER_ROUTER_ADDRESS }
type RouterName = keyof typeof ADDRESSES
const ROUTERS: readonly RouterName[] = ['rtr1', 'rtr2']
const AUDIT_INTERVAL_MS = 200

describeEachGobgpd('echoes', (build) => {
  describe.each<[Routers, string]>([
    // GoBGP takes and tells it as it would any other path.
    ['meshed', 'with the other router as ORIGINATOR_ID'],
    // GoBGP refuses it, and tells nothing.
    ['reflecting', 'with our ORIGINATOR_ID'],
  ])('routers that are %s send our override back %s', { concurrent: true }, (routers) => {
    describe('in order', { concurrent: false }, () => {
      let edge: Edge
      /** One for each router, so that no difference of one fills the other's table anew. */
      let clients: Record<RouterName, Gobgp>
      let connection: GobgpConnection

      beforeAll(async () => {
        edge = await startEdge(build, [OTHER_ROUTER_ADDRESS], routers)
        clients = { rtr1: createClient('rtr1'), rtr2: createClient('rtr2') }
        await Promise.all(ROUTERS.map((name) => clients[name].start()))
        connection = await connectGobgp(edge.gobgp.api, new AbortController().signal)
        const router = await connectGobgp(edge.router.api, new AbortController().signal)
        await until('all sessions are up', async () => {
          const peers = [...(await connection.api.listPeers()), ...(await router.api.listPeers())]
          return peers.every(({ established }) => established)
        }, SESSION_DEADLINE_MS)
        router.close()
        await edge.announce(PREFIX, 1, attributes(NATURAL))
        await edge.announce(PREFIX, 2, attributes(ALTERNATE))
        await until('both paths', () => nextHops('rtr1').length === 2)
        await until('the other router has one', () => nextHops('rtr2').length === 1)
        const follows = attributes(ALTERNATE)
        await clients.rtr1.add({
          router: 'rtr1', prefix: PREFIX, parentPrefix: PREFIX, fromInterface: 'swp1', toInterface: 'swp2', follows,
          sinceMs: Date.now(), reason: 'a test',
        }, 3)
        await until('both send it back', async () => (await echoes('rtr1')).length > 0 && (await echoes('rtr2')).length > 0)
      }, SESSION_TEST_MS)

      afterAll(async () => {
        connection?.close()
        await Promise.all(Object.values(clients ?? {}).map((client) => client.stop()))
        await edge?.stop()
      })

      function createClient(name: RouterName): Gobgp {
        return createGobgp({
          target: edge.gobgp.api, routers: [{ name, address: parseAddress(ADDRESSES[name]) }], localPref: 500,
          marker: MARKER, clock: Date.now, logger: pino({ level: 'silent' }), auditIntervalMs: AUDIT_INTERVAL_MS,
        })
      }

      /** Of all paths that the route table has for the override's prefix. */
      function nextHops(router: RouterName): string[] {
        const paths = clients[router].covering(router, PREFIX).flatMap((route) => route.paths)
        return paths.map(({ nextHop }) => formatAddress(nextHop)).sort()
      }

      /** ORIGINATOR_ID of each marked path that GoBGP has from the router. */
      async function echoes(router: RouterName): Promise<(string | undefined)[]> {
        const found: (string | undefined)[] = []
        await connection.api.listAdjIn(ADDRESSES[router], 4, (change) => {
          if (change.kind !== 'announced') return
          const { communities, originatorId } = unpackAttributes(change.attributes)
          if (communities.includes(MARKER)) found.push(originatorId)
        })
        return found
      }

      test('the other router is found to have it, though its own gobgpd sent none', async () => {
        let nowMs = 0
        const routers = ROUTERS.map((name) => ({ name, address: parseAddress(ADDRESSES[name]), gobgp: edge.gobgp.api }))
        const watch = createSpreadWatch({
          routers, clock: () => nowMs,
          bgp: {
            // As with a gobgpd for each: the second router's holds none.
            list: async (name) => (name === 'rtr1' ? clients.rtr1.list('rtr1') : []),
            markedFrom: async (_, neighbor, prefixes) => clients.rtr1.markedFrom(neighbor, prefixes),
            session: (name) => clients[name as RouterName].session(name),
          },
        })
        await until('it is told', () => {
          watch.look()
          nowMs += 20_000
          return watch.findings().length > 0
        })
        expect(watch.findings().map(({ router, message }) => [router, message.split(':')[0]])).toEqual([
          ['rtr2', 'rtr2 has overrides of other routers (1, as 203.0.113.0/24)'],
        ])
      })

      test('it is what this test needs', async () => {
        expect(await echoes('rtr1')).toEqual([routers === 'meshed' ? '10.255.0.4' : GOBGP_ROUTER_ID])
      })

      test('it is no path beside the received ones', () => {
        expect(nextHops('rtr1')).toEqual([NATURAL, ALTERNATE])
      })

      test('what it has replaced is no path any more', async () => {
        await until('the path is gone', () => nextHops('rtr2').length === 0)
      })

      test('when the alternate goes, the override has nothing left to stand on', async () => {
        await edge.withdraw(PREFIX, 2)
        await until('the natural path alone', () => nextHops('rtr1').join() === NATURAL)
        await until('the other router has none', () => nextHops('rtr2').length === 0)
        for (const name of ROUTERS) {
          expect(await echoes(name)).toHaveLength(1)
          expect([...clients[name].nextHops(name)].map(formatAddress)).not.toContain(ALTERNATE)
        }
      })

      test('no table has to be filled anew for it', async () => {
        await sleep(4 * AUDIT_INTERVAL_MS)
        for (const name of ROUTERS) expect(clients[name].stats()).toMatchObject({ resyncs: 1, grpcErrors: 0 })
      })

      test('when the natural path goes, too, there is no route at all', async () => {
        await edge.withdraw(PREFIX, 1)
        await until('no route', () => clients.rtr1.longestMatch('rtr1', PREFIX) === undefined)
        expect(await echoes('rtr1')).toHaveLength(1)
      })
    })
  })
})
