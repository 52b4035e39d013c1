import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectGobgp } from '../../src/bgp/wire/connect-gobgp.ts'
import { createBgp, type Bgp } from '../../src/bgp/bgp.ts'
import { judgeSent } from '../../src/bgp/leaks/judge-sent.ts'
import type { Override } from '../../src/model/override.ts'
import { formatAddress, formatPrefix, parseAddress, parsePrefix, type Prefix } from '../../src/model/prefix.ts'
import { NO_EXPORT, parseCommunity, type PathAttributes } from '../../src/model/route.ts'
import type { Gobgpd } from '../../src/simulator/gobgpd.ts'
import { attributes, OTHER_ROUTER_ADDRESS, ROUTER_ADDRESS, SESSION_DEADLINE_MS, SESSION_TEST_MS, startEdge, until, type Edge } from './edge.ts'
import { describeEachGobgpd, GOBGPD_3, type GobgpdBuild } from './gobgpds.ts'

const MARKER = parseCommunity('64512:100')
const SINCE_MS = 1_800_000_000_000
const IPV4 = '203.0.113.0/24'
const IPV6 = '2001:db8:1::/48'
const FOREIGN = '192.0.2.0/24'
const FOLLOWED = attributes('172.16.0.2', {
  origin: 2, med: 7, asPath: [{ kind: 'sequence', asns: [65100, 4_200_000_000] }, { kind: 'set', asns: [1, 2] }],
})

const execute = promisify(execFile)

interface ToolPath {
  'neighbor-ip': string
  'attrs': { type: number; [key: string]: unknown }[]
}

function override(prefix: string, follows: PathAttributes = FOLLOWED): Override {
  return {
    router: 'rtr1', prefix: parsePrefix(prefix), parentPrefix: parsePrefix(prefix), fromInterface: 'swp1',
    toInterface: 'swp2', follows, sinceMs: SINCE_MS, reason: 'a test',
  }
}

/** Our gobgpd with two routers, for the tests that follow; `edge` and `bgp` are there once these run. */
function prepare(build: GobgpdBuild) {
  let edge: Edge
  let bgp: Bgp

  beforeAll(async () => {
    edge = await startEdge(build, [OTHER_ROUTER_ADDRESS])
    bgp = createBgp({
      routers: [{ name: 'rtr1', address: parseAddress(ROUTER_ADDRESS), gobgp: edge.gobgp.api }],
      localPref: 500,
      marker: MARKER,
      clock: Date.now,
      logger: pino({ level: 'silent' }),
    })
    await bgp.start()
    await gobgp(edge.gobgp, 'global', 'rib', 'add', FOREIGN, 'nexthop', '172.16.0.9')
    await until('both sessions are up', async () =>
      (await bgp.peers(edge.gobgp.api)).filter((peer) => peer.established).length === 2, SESSION_DEADLINE_MS)
    await until('ours is seen to be up', () => bgp.session('rtr1').up)
  }, SESSION_TEST_MS)

  afterAll(async () => {
    await bgp?.stop()
    await edge?.stop()
  })

  /** GoBGP's own command line tool, as an independent look. */
  async function gobgp(daemon: Gobgpd, ...args: string[]): Promise<string> {
    const tool = daemon === edge.gobgp ? build.gobgp : GOBGPD_3.gobgp
    return (await execute(tool, ['-p', daemon.api.split(':')[1]!, ...args])).stdout
  }

  /**
   * The attributes of the path that the router has from GoBGP: by RFC 4271's type code, undefined when there is
   * none.
   */
  async function atRouter(prefix: string, daemon: Gobgpd = edge.router): Promise<Record<number, unknown> | undefined> {
    const family = prefix.includes(':') ? 'ipv6' : 'ipv4'
    const table = JSON.parse(await gobgp(daemon, 'global', 'rib', '-a', family, '-j')) as Record<string, ToolPath[]>
    const path = table[prefix]?.find((candidate) => candidate['neighbor-ip'] === '127.0.0.1')
    return path && Object.fromEntries(path.attrs.map(({ type, ...rest }) => [type, rest]))
  }

  async function installed(): Promise<string[]> {
    return (await bgp.list('rtr1')).map(({ prefix }) => formatPrefix(prefix)).sort()
  }

  return { edge: () => edge, bgp: () => bgp, gobgp, atRouter, installed }
}

describeEachGobgpd('overrides', (build) => {
  const { edge, bgp, gobgp, atRouter, installed } = prepare(build)

  async function localPrefixes(): Promise<string[]> {
    const tables = [await gobgp(edge().gobgp, 'global', 'rib', '-j'), await gobgp(edge().gobgp, 'global', 'rib', '-a', 'ipv6', '-j')]
    return tables.flatMap((text) => Object.keys(JSON.parse(text) as object)).sort()
  }

  test('the peers tell what they have agreed on', async () => {
    const peer = (await bgp().peers(edge().gobgp.api)).find(({ address }) => address === ROUTER_ADDRESS)!
    expect(peer.ours).toEqual({
      families: [4, 6], addPathSend: [], addPathReceive: [4, 6],
      software: build.dialect.version === 'v4' ? expect.stringMatching(/^GoBGP\/4\./) as string : undefined,
    })
    expect(peer.theirs).toEqual({ families: [4, 6], addPathSend: [4, 6], addPathReceive: [], software: undefined })
  })

  test('an IPv4 override reaches the router as what it follows, and carries the guards', async () => {
    await bgp().add(override(IPV4), 3)
    const path = await until('it is there', () => atRouter(IPV4))
    expect(path[1]).toEqual({ value: 2 })
    expect(path[2]).toMatchObject({
      as_paths: [{ segment_type: 2, asns: [65100, 4_200_000_000] }, { segment_type: 1, asns: [1, 2] }],
    })
    expect(path[3]).toEqual({ nexthop: '172.16.0.2' })
    expect(path[4]).toEqual({ metric: 7 })
    expect(path[5]).toEqual({ value: 500 })
    expect(path[8]).toEqual({ communities: [MARKER, NO_EXPORT] })
    expect(path[32]).toEqual({
      value: [
        { ASN: 64512, LocalData1: 1, LocalData2: SINCE_MS / 1000 },
        { ASN: 64512, LocalData1: 2, LocalData2: 3 },
      ],
    })
  })

  test('an IPv6 override has its next hop in MP_REACH_NLRI', async () => {
    await bgp().add(override(IPV6, attributes('2001:db8:0:1::2', { localPref: 100 })), 4)
    const path = await until('it is there', () => atRouter(IPV6))
    expect(path[14]).toMatchObject({ nexthop: '2001:db8:0:1::2' })
    expect(path[5]).toEqual({ value: 500 })
    expect(path[8]).toEqual({ communities: [MARKER, NO_EXPORT] })
  })

  test('what leaves towards a router is found to be what was injected, and nothing else', async () => {
    const sent = await bgp().sentTo(edge().gobgp.api, ROUTER_ADDRESS)
    expect(sent.local.map(({ prefix }) => formatPrefix(prefix)).sort()).toEqual([FOREIGN, IPV6, IPV4])
    const leaving = sent.sent.flatMap((path) => (path.kind === 'announced' ? [formatPrefix(path.prefix)] : []))
    expect(leaving.sort()).toEqual([IPV6, IPV4])
    expect(judgeSent(ROUTER_ADDRESS, sent, MARKER)).toEqual({ findings: [], unsent: [] })
  })

  test('what was injected is read back, with what a restart must know', async () => {
    expect(await installed()).toEqual([IPV6, IPV4])
    const found = (await bgp().list('rtr1')).find(({ prefix }) => prefix.family === 4)!
    expect(found).toEqual({
      router: 'rtr1',
      prefix: parsePrefix(IPV4),
      fromIfIndex: 3,
      sinceMs: SINCE_MS,
      attributes: {
        ...FOLLOWED,
        localPref: 500,
        communities: [MARKER, NO_EXPORT],
        largeCommunities: [
          { globalAdmin: 64512, data1: 1, data2: SINCE_MS / 1000 },
          { globalAdmin: 64512, data1: 2, data2: 3 },
        ],
      },
    })
  })

  test('adding again changes nothing, and adding with another exit replaces', async () => {
    await bgp().add(override(IPV4), 3)
    expect(await installed()).toEqual([IPV6, IPV4])
    await bgp().add(override(IPV4, attributes('172.16.0.4')), 3)
    await until('the other next hop', async () => (await atRouter(IPV4))?.[3])
    await until('the other next hop', async () => JSON.stringify((await atRouter(IPV4))?.[3]).includes('172.16.0.4'))
    expect(await installed()).toEqual([IPV6, IPV4])
  })

  test('withdrawing what is not there leaves all else', async () => {
    const before = await localPrefixes()
    expect(before).toEqual([FOREIGN, IPV6, IPV4])
    for (const absent of ['203.0.113.0/25', '203.0.112.0/23', '10.0.0.0/8', '2001:db8:1::/49', FOREIGN]) {
      await bgp().withdraw({ router: 'rtr1', prefix: parsePrefix(absent) })
    }
    expect(await localPrefixes()).toEqual(before)
  })

  test('an override that an import policy drops is not taken for one that is in', async () => {
    await gobgp(edge().gobgp, 'global', 'policy', 'import', 'del')
    await expect(bgp().add(override('198.51.100.0/25'), 3)).rejects.toThrow(
      `override 198.51.100.0/25 dropped: the import policy of gobgpd at ${edge().gobgp.api} must accept local routes`,
    )
    await gobgp(edge().gobgp, 'global', 'policy', 'import', 'set', 'local-only', 'default', 'reject')
    await bgp().add(override('198.51.100.0/25'), 3)
    await bgp().withdraw({ router: 'rtr1', prefix: parsePrefix('198.51.100.0/25') })
  })

  test('a foreign local route is neither listed nor replaced', async () => {
    expect(await installed()).not.toContain(FOREIGN)
    await expect(bgp().add(override(FOREIGN), 3)).rejects.toThrow(`${FOREIGN} refused`)
    expect(await gobgp(edge().gobgp, 'global', 'rib')).toContain('172.16.0.9')
  })

  test('a marked route of another identifier is ours, and goes', async () => {
    const add = ['global', 'rib', 'add', '198.51.100.0/24', 'identifier', '7', 'nexthop', '172.16.0.9', 'community', '64512:100']
    await gobgp(edge().gobgp, ...add)
    expect(await installed()).toContain('198.51.100.0/24')
    await bgp().add(override('198.51.100.0/24'), 3)
    const lines = (await gobgp(edge().gobgp, 'global', 'rib')).split('\n').filter((line) => line.includes('198.51.100.0/24'))
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain('172.16.0.2')
    await gobgp(edge().gobgp, ...add)
    await bgp().withdraw({ router: 'rtr1', prefix: parsePrefix('198.51.100.0/24') })
    expect(await localPrefixes()).toEqual([FOREIGN, IPV6, IPV4])
  })

  test('what must never be injected is refused', async () => {
    await expect(bgp().add(override('0.0.0.0/0'), 3)).rejects.toThrow('default route')
    await expect(bgp().add(override(IPV4, attributes('2001:db8::1')), 3)).rejects.toThrow('2001:db8::1 is not IPv4')
    await expect(bgp().add(override(IPV6, attributes('172.16.0.2')), 3)).rejects.toThrow('172.16.0.2 is not IPv6')
    await expect(bgp().add(override(IPV4, attributes('0.0.0.0')), 3)).rejects.toThrow('next hop')
    await expect(bgp().add(override(IPV4), -1)).rejects.toThrow('32-bit')
  })

  test('what one router told is told to no other, and overrides win all the same', async () => {
    const prefix = parsePrefix(IPV4)
    await edge().announce(prefix, 0, attributes('172.16.0.0', { localPref: 900 }))
    await edge().announce(parsePrefix('198.51.100.0/24'), 0, attributes('172.16.0.0'))
    const route = await until('GoBGP has it', () => bgp().longestMatch('rtr1', parseAddress('203.0.113.1')))
    expect(route.paths.map((path) => path.localPref)).toEqual([900])
    await until('GoBGP has the other', () => bgp().longestMatch('rtr1', parseAddress('198.51.100.1')))
    await bgp().add(override('203.0.114.0/24'), 3)
    // Sent after anything that the learned routes could have caused.
    await until('the last override is there', () => atRouter('203.0.114.0/24', edge().others[0]))
    expect(await atRouter('198.51.100.0/24', edge().others[0])).toBeUndefined()
    expect((await atRouter(IPV4, edge().others[0]))?.[5]).toEqual({ value: 500 })
    expect(await atRouter(IPV4)).toBeDefined()
  })

  test('withdrawing takes an override back from the router, twice is once', async () => {
    for (const prefix of [IPV4, IPV6, IPV4]) await bgp().withdraw({ router: 'rtr1', prefix: parsePrefix(prefix) })
    await until('both are gone', async () => !(await atRouter(IPV4)) && !(await atRouter(IPV6)))
    expect(await installed()).toEqual(['203.0.114.0/24'])
    expect((await atRouter('203.0.114.0/24'))?.[3]).toEqual({ nexthop: '172.16.0.2' })
  })

  test('many at once', async () => {
    const prefixes = Array.from({ length: 500 }, (_, i) => `100.64.${i >> 1}.${(i & 1) * 128}/25`)
    await Promise.all(prefixes.map((prefix) => bgp().add(override(prefix), 3)))
    expect(await installed()).toHaveLength(501)
    await Promise.all(prefixes.map((prefix) => bgp().withdraw({ router: 'rtr1', prefix: parsePrefix(prefix) })))
    expect(await installed()).toEqual(['203.0.114.0/24'])
  })
})

const CHURNED = Array.from({ length: 64 }, (_, i) => [`100.64.${i}.0/24`, `2001:db8:${(i + 1).toString(16)}::/48`]).flat()

/** Our gobgpd with two routers, and overrides that come and go at random. */
function prepareChurn(build: GobgpdBuild) {
  const prepared = prepare(build)
  const { edge, bgp, gobgp } = prepared
  /** Next hops by prefix. */
  const wanted = new Map<string, string>()
  let state = 1

  function random(below: number): number {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }

  /** Adds, replaces and withdraws at random, many at a time. */
  async function churn(rounds: number): Promise<void> {
    for (let i = 0; i < rounds; i++) {
      const some = new Set(Array.from({ length: 16 }, () => CHURNED[random(CHURNED.length)]!))
      await Promise.all([...some].map((prefix) => {
        const nextHop = `${prefix.includes(':') ? '2001:db8:0:1::' : '172.16.0.'}${1 + random(4)}`
        if (random(3) === 0) {
          wanted.delete(prefix)
          return bgp().withdraw({ router: 'rtr1', prefix: parsePrefix(prefix) })
        }
        wanted.set(prefix, nextHop)
        return bgp().add(override(prefix, attributes(nextHop)), 3)
      }))
    }
  }

  function textsOf(overrides: Iterable<{ prefix: Prefix; attributes: PathAttributes }>): string[] {
    return [...overrides].map(({ prefix, attributes: { nextHop } }) => `${formatPrefix(prefix)} ${formatAddress(nextHop)}`).sort()
  }

  /** What the router has from GoBGP. */
  async function toldToRouter(): Promise<string[]> {
    const tables = await Promise.all(['ipv4', 'ipv6'].map((family) => gobgp(edge().router, 'global', 'rib', '-a', family, '-j')))
    return tables
      .flatMap((text) => Object.entries(JSON.parse(text) as Record<string, ToolPath[]>))
      .filter(([prefix]) => prefix !== FOREIGN)
      .flatMap(([prefix, paths]) => paths
        .filter((path) => path['neighbor-ip'] === '127.0.0.1')
        .map(({ attrs }) => `${prefix} ${String(attrs.find(({ type }) => type === 3 || type === 14)?.['nexthop'])}`))
      .sort()
  }

  async function expectWanted(): Promise<void> {
    const expected = [...wanted].map((entry) => entry.join(' ')).sort()
    expect(expected.length).toBeGreaterThan(40)
    expect(textsOf(await bgp().list('rtr1'))).toEqual(expected)
    const { api, close } = await connectGobgp(edge().gobgp.api, new AbortController().signal)
    const listed = [...(await api.listLocal(4)), ...(await api.listLocal(6))]
    close()
    expect(textsOf(listed.filter(({ prefix }) => formatPrefix(prefix) !== FOREIGN))).toEqual(expected)
    await until('the router has them', async () => (await toldToRouter()).join() === expected.join())
  }

  return { ...prepared, wanted, churn, expectWanted }
}

describeEachGobgpd('overrides, and a router that comes and goes', (build) => {
  const { edge, bgp, churn, expectWanted } = prepareChurn(build)

  test('they are those that were wanted, in GoBGP and in the router', async () => {
    await churn(40)
    await expectWanted()
  })

  test('a router that comes back gets them all', { timeout: SESSION_TEST_MS }, async () => {
    await edge().router.kill('SIGKILL')
    await churn(5)
    await edge().router.restart()
    await churn(5)
    await until('the session is up', () => bgp().session('rtr1').up, SESSION_DEADLINE_MS)
    await expectWanted()
  })
})

describeEachGobgpd('overrides, and a gobgpd that comes and goes', (build) => {
  const { edge, bgp, installed, wanted, churn, expectWanted } = prepareChurn(build)

  test('a gobgpd that comes back has none, and takes them again', { timeout: SESSION_TEST_MS }, async () => {
    await churn(20)
    await edge().gobgp.kill('SIGKILL')
    await until('it is noticed', () => !bgp().status()[0]!.connected)
    await edge().gobgp.restart()
    await until('it is connected', () => bgp().status()[0]!.connected)
    expect(await installed()).toEqual([])
    wanted.clear()
    await churn(20)
    await until('the session is up', () => bgp().session('rtr1').up, SESSION_DEADLINE_MS)
    await expectWanted()
  })
})

describeEachGobgpd('overrides, and a gobgpd that hangs', (build) => {
  const { edge, bgp, installed } = prepare(build)

  test('a gobgpd that hangs does not hang the caller, and is found again', { timeout: SESSION_TEST_MS }, async () => {
    await bgp().add(override(IPV4), 3)
    await edge().announce(parsePrefix('198.51.100.0/24'), 0, attributes('172.16.0.0'))
    await until('GoBGP has it', () => bgp().longestMatch('rtr1', parseAddress('198.51.100.1')))
    process.kill(edge().gobgp.pid, 'SIGSTOP')
    // A signal is delivered when the kernel gets round to it.
    await until('it is stopped', () => / T /.test(readFileSync(`/proc/${edge().gobgp.pid}/stat`, 'utf8')))
    try {
      const begunMs = Date.now()
      // Not a change: GoBGP may carry out what has reached its socket, when it wakes up.
      await expect(bgp().list('rtr1')).rejects.toThrow(edge().gobgp.api)
      expect(Date.now() - begunMs).toBeLessThan(11_000)
      await until('the connection is given up', () => !bgp().session('rtr1').up)
    } finally {
      process.kill(edge().gobgp.pid, 'SIGCONT')
    }
    await until('it is connected again', () => bgp().session('rtr1').up, SESSION_DEADLINE_MS)
    expect(await installed()).toEqual([IPV4])
    expect([...bgp().nextHops('rtr1')].map(formatAddress)).toEqual(['172.16.0.0'])
    // Its routes are GoBGP's, whatever became of our connection.
    const { api, close } = await connectGobgp(edge().gobgp.api, new AbortController().signal)
    expect((await api.listLocal(4)).map(({ prefix }) => formatPrefix(prefix)).sort()).toEqual([FOREIGN, IPV4])
    close()
  })
})
