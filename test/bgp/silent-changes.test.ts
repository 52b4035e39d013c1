/** What becomes of paths without GoBGP saying so: the RPKI changes its mind, and loops replace what was there. */
import { pino } from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createGobgp, type Gobgp } from '../../src/bgp/gobgp.ts'
import { createGrpcChannel } from '../../src/bgp/wire/grpc-channel.ts'
import type { Override } from '../../src/model/override.ts'
import { formatAddress, formatPrefix, parseAddress, parsePrefix } from '../../src/model/prefix.ts'
import { parseCommunity, type PathAttributes } from '../../src/model/route.ts'
import { ASN, attributes, ROUTER_ADDRESS, SESSION_DEADLINE_MS, SESSION_TEST_MS, startEdge, until, type Edge } from './edge.ts'
import { describeEachGobgpd } from './gobgpds.ts'
import { startRtrCache, type RtrCache } from './rtr-cache.ts'

const IPV4 = parsePrefix('203.0.113.0/24')
const IPV6 = parsePrefix('2001:db8:1::/48')
const [OWNER, OTHER] = [65100, 65101]
/** Two looks, and what a busy machine adds. */
const SEEN_MS = 10_000

/** A path by the next hop, whose origin is this AS. */
const from = (origin: number, nextHop: string): PathAttributes =>
  attributes(nextHop, { asPath: [{ kind: 'sequence', asns: [65200, origin] }] })
const override = (follows: PathAttributes, prefix = IPV4): Override => ({
  router: 'rtr1', prefix, parentPrefix: prefix, fromInterface: 'swp1', toInterface: 'swp2', follows, sinceMs: 0, reason: 'a test',
})

describeEachGobgpd('silent changes', (build) => {
  let cache: RtrCache
  let edge: Edge
  let client: Gobgp

  beforeAll(async () => {
    cache = await startRtrCache([
      { prefix: '203.0.113.0/24', maxLength: 24, asn: OWNER },
      { prefix: '2001:db8:1::/48', maxLength: 48, asn: OWNER },
    ])
    edge = await startEdge(build)
    client = createGobgp({
      target: edge.gobgp.api, routers: [{ name: 'rtr1', address: parseAddress(ROUTER_ADDRESS) }], localPref: 500,
      marker: parseCommunity('64512:100'), clock: Date.now, logger: pino({ level: 'silent' }),
    })
    await client.start()
    await until('the session is up', () => client.session('rtr1').up, SESSION_DEADLINE_MS)
  }, SESSION_TEST_MS)

  afterAll(async () => {
    await client?.stop()
    await Promise.all([edge?.stop(), cache?.stop()])
  })

  /** `NEXT HOP STATE` of each path of the prefix. */
  const states = (prefix = IPV4): string[] =>
    client.covering('rtr1', prefix).flatMap(({ paths }) => paths.map(({ nextHop, rpki }) => `${formatAddress(nextHop)} ${rpki}`)).sort()
  const untilStates = (expected: readonly string[], prefix = IPV4): Promise<boolean> =>
    until(`${formatPrefix(prefix)} is ${expected.join()}, not ${states(prefix).join()}`, () => states(prefix).join() === expected.join(), SEEN_MS)
  const installed = async (): Promise<string[]> =>
    (await client.list('rtr1')).map(({ attributes: { nextHop } }) => formatAddress(nextHop))

  /** GoBGP's own command takes no port. Fields: 1 is the address, 2 the port, in all versions. */
  async function addRpkiServer({ port }: RtrCache): Promise<void> {
    const channel = createGrpcChannel(edge.gobgp.api)
    const encode = (): Buffer =>
      Buffer.from([0x0a, 9, ...Buffer.from('127.0.0.1'), 0x10, (port & 127) | 128, ((port >> 7) & 127) | 128, port >> 14])
    const path = build.dialect.listRpki.path.replace('ListRpki', 'AddRpki')
    await channel.call({ path, encode, decode: (bytes) => bytes }, {})
    channel.close()
  }

  test('without an RPKI server nothing is known; when GoBGP gets one, all is read anew', async () => {
    await edge.announce(IPV4, 1, from(OWNER, '172.16.0.1'))
    await edge.announce(IPV4, 2, from(OTHER, '172.16.0.2'))
    await untilStates(['172.16.0.1 unknown', '172.16.0.2 unknown'])
    await addRpkiServer(cache)
    await untilStates(['172.16.0.1 valid', '172.16.0.2 invalid'])
    expect(client.stats()).toMatchObject({ resyncs: 2, grpcErrors: 0 })
  })

  test('paths that are told live are unknown, until somebody asks for them', async () => {
    await edge.announce(IPV6, 1, from(OTHER, '2001:db8:0:1::1'))
    await untilStates(['2001:db8:0:1::1 invalid'], IPV6)
  })

  test('an override that follows an invalid path is refused, also when the path has only just come', async () => {
    await expect(client.add(override(from(OTHER, '172.16.0.2')), 3)).rejects.toThrow('RPKI invalid')
    await expect(client.add(override(from(OTHER, '2001:db8:0:1::1'), IPV6), 3)).rejects.toThrow('RPKI invalid')
    await edge.announce(IPV4, 3, from(OTHER, '172.16.0.3'))
    await until('the path', () => states().length === 3)
    await expect(client.add(override(from(OTHER, '172.16.0.3')), 3)).rejects.toThrow('RPKI invalid')
    // And it is known from then on.
    expect(states()).toContain('172.16.0.3 invalid')
    expect(await installed()).toEqual([])
    await client.add(override(from(OWNER, '172.16.0.1')), 3)
    expect(await installed()).toEqual(['172.16.0.1'])
  })

  test('the path that an override follows becomes invalid, and valid again, without any announcement', async () => {
    const roa = { prefix: '203.0.113.0/24', maxLength: 24, asn: OWNER }
    cache.withdraw(roa)
    cache.announce({ ...roa, asn: OTHER })
    await untilStates(['172.16.0.1 invalid', '172.16.0.2 valid', '172.16.0.3 valid'])
    cache.announce(roa)
    await untilStates(['172.16.0.1 valid', '172.16.0.2 valid', '172.16.0.3 valid'])
  })

  test('a loop that replaces the path that an override follows is seen', async () => {
    const before = client.stats().resyncs
    await edge.announce(IPV4, 1, attributes('172.16.0.9', { asPath: [{ kind: 'sequence', asns: [65200, ASN, OWNER] }] }))
    await until('the path that it has become', () => states().some((text) => text.startsWith('172.16.0.9')), SEEN_MS)
    expect(states()).toHaveLength(3)
    expect(client.stats().resyncs).toBe(before)
  })
})
