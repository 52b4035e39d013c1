import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectGobgp } from '../../../src/bgp/wire/connect-gobgp.ts'
import { createGobgp, type Gobgp } from '../../../src/bgp/gobgp.ts'
import type { GobgpApi } from '../../../src/bgp/wire/gobgp-api.ts'
import { unpackAttributes } from '../../../src/bgp/wire/packed-attributes.ts'
import { formatPrefix, parseAddress, parsePrefix, prefixOf, type Prefix } from '../../../src/model/prefix.ts'
import { parseCommunity, type Path, type PathAttributes } from '../../../src/model/route.ts'
import {
  ASN, attributes, GOBGP_ROUTER_ID, ROUTER_ADDRESS, SESSION_DEADLINE_MS, SESSION_TEST_MS, startEdge, until, type Edge,
} from '../edge.ts'
import { describeEachGobgpd, type GobgpdBuild } from '../gobgpds.ts'

const MARKER = parseCommunity('64512:100')
const SENTINELS = [parsePrefix('198.51.100.0/24'), parsePrefix('2001:db8:ffff::/48')]
const execute = promisify(execFile)

/** A generator of its own, so that a failing run can be had again. */
function createRandom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

const PREFIXES = Array.from({ length: 1000 }, (_, i) => [
  prefixOf({ family: 4, w0: 0xcb000000 + i * 64, w1: 0, w2: 0, w3: 0 }, 22 + (i % 5)),
  prefixOf({ family: 6, w0: 0x20010db8, w1: i * 0x1000, w2: 0, w3: 0 }, 44 + (i % 5)),
]).flat()

function randomAttributes(random: (below: number) => number, prefix: Prefix): PathAttributes {
  return attributes(`${prefix.family === 4 ? '172.16.0.' : '2001:db8:0:1::'}${1 + random(4)}`, {
    med: random(2) === 0 ? undefined : random(3),
    origin: random(3) as 0 | 1 | 2,
    asPath: random(3) === 0 ? [] : [{ kind: 'sequence', asns: [65100 + random(3), 4_200_000_000] }],
    communities: random(4) === 0 ? [random(0xffffffff)] : [],
    largeCommunities: random(8) === 0 ? [{ globalAdmin: 65100, data1: random(9), data2: 1 }] : [],
  })
}

function textOf({ prefix, pathId, nextHop, origin, asPath, med, localPref, communities, largeCommunities }: Path): string {
  const rest = { nextHop, origin, asPath, med, localPref, communities, largeCommunities }
  return `${formatPrefix(prefix)} ${pathId} ${JSON.stringify(rest)}`
}

/** All paths of the client's table, one text each. */
function tableOf(client: Gobgp): string[] {
  const prefixes = [...new Set([...PREFIXES, ...SENTINELS, parsePrefix('192.0.2.0/24')].map(formatPrefix))].map(parsePrefix)
  return prefixes
    .flatMap((prefix) => client.covering('rtr1', prefix).filter((route) => formatPrefix(route.prefix) === formatPrefix(prefix)))
    .flatMap((route) => route.paths.map(textOf))
}

/** An edge with a client, for the tests that follow; `edge` and `client` are there once these run. */
function prepare(build: GobgpdBuild) {
  const clients: Gobgp[] = []
  const random = createRandom(1)
  let edge: Edge

  async function startClient(): Promise<Gobgp> {
    const client = createGobgp({
      target: edge.gobgp.api,
      routers: [{ name: 'rtr1', address: parseAddress(ROUTER_ADDRESS) }],
      localPref: 500,
      marker: MARKER,
      clock: Date.now,
      logger: pino({ level: 'silent' }),
      random: () => 0.5,
      auditIntervalMs: 500,
    })
    clients.push(client)
    await client.start()
    return client
  }

  /** Announces, changes and withdraws at random. */
  async function churn(steps: number): Promise<void> {
    for (let i = 0; i < steps; i += 16) {
      await Promise.all(
        Array.from({ length: 16 }, () => {
          const prefix = PREFIXES[random(PREFIXES.length)]!
          const pathId = random(3)
          return random(3) === 0
            ? edge.withdraw(prefix, pathId)
            : edge.announce(prefix, pathId, randomAttributes(random, prefix))
        }),
      )
    }
  }

  let mark = 0

  /**
   * Waits until all that the router has sent before is in the client: BGP and GoBGP's events keep their order.
   */
  async function settle(client: Gobgp): Promise<void> {
    const med = ++mark
    for (const sentinel of SENTINELS) {
      await edge.announce(sentinel, 0, attributes(sentinel.family === 4 ? '172.16.0.1' : '2001:db8:0:1::1', { med }))
      await until('the sentinel is in the route table', () =>
        client.covering('rtr1', sentinel).some((route) => route.paths.some((path) => path.med === med)))
    }
  }

  /** A fresh list of the Adj-RIB-In, one text a path. */
  async function listed(api: GobgpApi): Promise<string[]> {
    const texts: string[] = []
    for (const family of [4, 6] as const) {
      await api.listAdjIn(ROUTER_ADDRESS, family, (change) => {
        if (change.kind !== 'announced') throw new Error(`unexpected ${change.kind}`)
        const { prefix, pathId } = change
        texts.push(textOf({ ...unpackAttributes(change.attributes), prefix, pathId, rpki: 'unknown' }))
      })
    }
    return texts
  }

  async function expectEqualTables(...some: Gobgp[]): Promise<void> {
    const { api, close } = await connectGobgp(edge.gobgp.api, new AbortController().signal)
    for (const client of some) {
      await settle(client)
      const [expected, found] = [new Set(await listed(api)), new Set(tableOf(client))]
      expect([...found].filter((text) => !expected.has(text))).toEqual([])
      expect([...expected].filter((text) => !found.has(text))).toEqual([])
      const counts = client.stats().routers[0]!.families
      expect(counts[0]!.paths + counts[1]!.paths).toBe(expected.size)
      expect(expected.size).toBeGreaterThan(100)
    }
    close()
  }

  beforeAll(async () => {
    edge = await startEdge(build)
    const client = await startClient()
    await until('the session is up', () => client.session('rtr1').up, SESSION_DEADLINE_MS)
  }, SESSION_TEST_MS)

  afterAll(async () => {
    await Promise.all(clients.map((client) => client.stop()))
    await edge?.stop()
  })

  return {
    edge: () => edge,
    /** The first that was started. */
    client: () => clients[0]!,
    startClient, churn, expectEqualTables,
  }
}

describeEachGobgpd('paths come and go', (build) => {
  const { edge, client, startClient, churn, expectEqualTables } = prepare(build)

  test('a client that starts amid the churn ends with the same table', { timeout: SESSION_TEST_MS }, async () => {
    const first = client()
    await churn(3000)
    const churning = churn(3000)
    const later: Gobgp[] = []
    for (let i = 0; i < 5; i++) {
      const another = await startClient()
      later.push(another)
      await until('the table is in place', () => another.stats().resyncs === 1)
    }
    await churning
    await expectEqualTables(first, ...later)
    expect(first.stats().resyncs).toBe(1)
    await until('the table has settled', () => first.session('rtr1').up && first.session('rtr1').synced)
    await Promise.all(later.map((another) => another.stop()))
  })

  test('several paths of one prefix are all there', async () => {
    const prefix = parsePrefix('192.0.2.0/24')
    for (const pathId of [0, 1, 7]) await edge().announce(prefix, pathId, attributes(`172.16.9.${pathId}`))
    const paths = await until('three paths', () => {
      const found = client().longestMatch('rtr1', parseAddress('192.0.2.77'))?.paths
      return found?.length === 3 ? found : undefined
    })
    expect(new Set(paths.map((path) => path.nextHop.w0 & 255))).toEqual(new Set([0, 1, 7]))
    for (const pathId of [0, 1, 7]) await edge().withdraw(prefix, pathId)
    await until('gone', () => client().longestMatch('rtr1', parseAddress('192.0.2.77')) === undefined)
  })

  test('our own routes that come back are no routes', async () => {
    const prefix = parsePrefix('192.0.2.0/24')
    const reader = client()
    const echoes = (): number => reader.stats().routers[0]!.echoes
    await edge().announce(prefix, 0, attributes('172.16.9.1'))
    await until('the route', () => reader.longestMatch('rtr1', parseAddress('192.0.2.1')))
    const before = echoes()
    // The same path becomes an echo: what it was is gone, too.
    await edge().announce(prefix, 0, attributes('172.16.9.2', { communities: [MARKER] }))
    await until('the echo', () => echoes() === before + 1)
    expect(reader.longestMatch('rtr1', parseAddress('192.0.2.1'))).toBeUndefined()
    await edge().announce(prefix, 0, attributes('172.16.9.3'))
    await until('the route again', () => reader.longestMatch('rtr1', parseAddress('192.0.2.1')))
    await edge().withdraw(prefix, 0)
  })

  test('a path that GoBGP has but does not tell is found by counting, and no session seems down for it', async () => {
    const reader = await startClient()
    await until('the table has settled', () => reader.session('rtr1').up && reader.session('rtr1').synced)
    const prefix = parsePrefix('192.0.2.0/24')
    await edge().announce(prefix, 0, attributes('172.16.9.1', { asPath: [{ kind: 'sequence', asns: [65100, ASN, 65300] }] }))
    await until('the path', () => {
      expect(reader.session('rtr1')).toMatchObject({ up: true, synced: true })
      return reader.covering('rtr1', prefix).length === 1
    })
    expect(reader.session('rtr1')).toMatchObject({ up: true, synced: true })
    expect(reader.stats()).toMatchObject({ resyncs: 2, grpcErrors: 0 })
    await expectEqualTables(reader)
  })

  test('a peer that is deleted, which GoBGP tells nobody, is missed all the same', async () => {
    const reader = await startClient()
    await until('the session is up', () => reader.session('rtr1').up)
    expect(tableOf(reader)).not.toEqual([])
    await execute(build.gobgp, ['-p', edge().gobgp.api.split(':')[1]!, 'neighbor', 'del', ROUTER_ADDRESS])
    await until('it is missed', () => !reader.session('rtr1').up)
    await until('its paths are gone', () => tableOf(reader).length === 0)
  })
})

describeEachGobgpd('a router comes and goes', (build) => {
  const { edge, client, churn, expectEqualTables } = prepare(build)

  test('a session that goes takes its paths along, and brings them again', { timeout: SESSION_TEST_MS }, async () => {
    const reader = client()
    await churn(500)
    await expectEqualTables(reader)
    await edge().router.kill('SIGKILL')
    await until('the session is down', () => !reader.session('rtr1').up)
    expect(tableOf(reader)).toEqual([])
    expect([...reader.nextHops('rtr1')]).toEqual([])
    await edge().router.restart()
    await churn(1000)
    await until('the session is up again', () => reader.session('rtr1').up, SESSION_DEADLINE_MS)
    expect(reader.session('rtr1').synced).toBe(false)
    await churn(1000)
    await expectEqualTables(reader)
    expect(reader.stats().resyncs).toBe(1)
  })
})

describeEachGobgpd('gobgpd comes and goes', (build) => {
  const { edge, client, churn, expectEqualTables } = prepare(build)

  test('a gobgpd that is killed and comes back is read anew', { timeout: SESSION_TEST_MS }, async () => {
    const reader = client()
    await churn(500)
    await expectEqualTables(reader)
    const before = tableOf(reader)
    await edge().gobgp.kill('SIGKILL')
    await until('it is noticed', () => !reader.status().connected)
    expect(reader.session('rtr1')).toMatchObject({ up: false, synced: false })
    expect(tableOf(reader)).toEqual(before)
    await expect(reader.list('rtr1')).rejects.toThrow(`gobgpd at ${edge().gobgp.api}`)
    await churn(300)
    await edge().gobgp.restart()
    await until('it is connected', () => reader.status().connected)
    await until('the session is up', () => reader.session('rtr1').up, SESSION_DEADLINE_MS)
    await churn(1000)
    await expectEqualTables(reader)
    expect(reader.stats().resyncs).toBeGreaterThanOrEqual(2)
    expect(reader.status()).toMatchObject({ apiVersion: build.dialect.version, routerId: GOBGP_ROUTER_ID })
  })
})
