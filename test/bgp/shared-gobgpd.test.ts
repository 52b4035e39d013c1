/** Three routers that share one gobgpd: each gets its own overrides, whatever happens to the others. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createBgp, type Bgp } from '../../src/bgp/bgp.ts'
import { connectGobgp } from '../../src/bgp/wire/connect-gobgp.ts'
import { judgeSent } from '../../src/bgp/leaks/judge-sent.ts'
import { judgeSetup } from '../../src/bgp/leaks/judge-setup.ts'
import { unpackAttributes } from '../../src/bgp/wire/packed-attributes.ts'
import { withdrawAll } from '../../src/bgp/withdraw-all.ts'
import { formatAddress, formatPrefix, parseAddress, parsePrefix } from '../../src/model/prefix.ts'
import { NO_EXPORT, parseCommunity } from '../../src/model/route.ts'
import { routerNumber } from '../../src/model/router-number.ts'
import type { Gobgpd } from '../../src/simulator/gobgpd.ts'
import { attributes, GOBGP_ADDRESS, SESSION_DEADLINE_MS, SESSION_TEST_MS, startEdge, until, type Edge } from './edge.ts'
import { describeEachGobgpd } from './gobgpds.ts'

const MARKER = parseCommunity('64512:100')
const ADDRESSES = ['127.0.0.3', '127.0.0.4', '127.0.0.5']
const NAMES = ['rtr1', 'rtr2', 'rtr3']
const [IPV4, IPV6] = ['203.0.113.0/24', '2001:db8:1::/48']
const PREFIXES = Array.from({ length: 40 }, (_, i) => (i % 3 === 0 ? `2001:db8:${(i + 16).toString(16)}::/48` : `198.51.${i}.0/24`))
const CHANGES = 400

describeEachGobgpd('routers that share a gobgpd', (build) => {
  let edge: Edge
  let bgp: Bgp
  /** By router: next hops by prefix. */
  const wanted = ADDRESSES.map(() => new Map<string, string>())
  const daemons = (): readonly Gobgpd[] => [edge.router, ...edge.others]
  const routers = () => ADDRESSES.map((address, i) => ({ name: NAMES[i]!, address: parseAddress(address), gobgp: edge.gobgp.api }))

  beforeAll(async () => {
    edge = await startEdge(build, ADDRESSES.slice(1), 'apart', '', true)
    bgp = createBgp({ routers: routers(), localPref: 500, marker: MARKER, clock: Date.now, logger: pino({ level: 'silent' }) })
    await bgp.start()
    await until('all sessions are up', () => NAMES.every((name) => bgp.session(name).up), SESSION_DEADLINE_MS)
  }, SESSION_TEST_MS)

  afterAll(async () => {
    await bgp?.stop()
    await edge?.stop()
  })

  async function add(router: number, prefix: string, nextHop: string): Promise<void> {
    wanted[router]!.set(prefix, nextHop)
    await bgp.add({
      router: NAMES[router]!, prefix: parsePrefix(prefix), parentPrefix: parsePrefix(prefix), fromInterface: 'swp1',
      toInterface: 'swp2', follows: attributes(nextHop, { localPref: 100 + router }), sinceMs: 0, reason: 'a test',
    }, 3)
  }

  async function withdraw(router: number, prefix: string): Promise<void> {
    wanted[router]!.delete(prefix)
    await bgp.withdraw({ router: NAMES[router]!, prefix: parsePrefix(prefix) })
  }

  /** All that a router has from our gobgpd: its own record, with every path of a prefix. */
  async function received(daemon: Gobgpd): Promise<string[]> {
    const { api, close } = await connectGobgp(daemon.api, new AbortController().signal)
    try {
      const found: string[] = []
      for (const family of [4, 6] as const) {
        await api.listAdjIn(GOBGP_ADDRESS, family, (change) => {
          if (change.kind !== 'announced') return void found.push(change.kind)
          const { nextHop } = unpackAttributes(change.attributes)
          found.push(`${formatPrefix(change.prefix)} ${formatAddress(nextHop)}`)
        })
      }
      return found.sort()
    } finally {
      close()
    }
  }

  const wantedOf = (router: number): string[] => [...wanted[router]!].map(([prefix, hop]) => `${prefix} ${hop}`).sort()

  /** Every router has exactly what is wanted for it. */
  async function settle(deadlineMs = 15_000): Promise<void> {
    let seen: string[][] = []
    await until('each router has its own', async () => {
      seen = await Promise.all(daemons().map(received))
      return seen.every((routes, i) => routes.join() === wantedOf(i).join())
    }, deadlineMs).catch(() => undefined)
    expect(seen).toEqual(wanted.map((_, i) => wantedOf(i)))
  }

  async function judgeAll(): Promise<string[]> {
    const found = judgeSetup(await bgp.setup(edge.gobgp.api), routers(), MARKER)
    for (const { address } of routers()) {
      const sent = await bgp.sentTo(edge.gobgp.api, formatAddress(address))
      const { findings, unsent } = judgeSent(formatAddress(address), sent, MARKER, routerNumber(address))
      found.push(...findings)
      expect(unsent).toEqual([])
    }
    return found.map(({ kind, what }) => `${kind}: ${what}`)
  }

  const gobgp = async (...args: string[]): Promise<string> =>
    (await promisify(execFile)(build.gobgp, ['-p', edge.gobgp.api.split(':')[1]!, ...args])).stdout

  test('one prefix by three exits at once: each router has its own, and only that', async () => {
    await Promise.all([0, 1, 2].flatMap((i) => [add(i, IPV4, `172.16.0.${i + 1}`), add(i, IPV6, `2001:db8::${i + 1}`)]))
    await settle()
    for (const name of NAMES) expect((await bgp.list(name)).map(({ prefix }) => formatPrefix(prefix)).sort()).toEqual([IPV6, IPV4])
    expect(await judgeAll()).toEqual([])
  })

  test('one is withdrawn, one changes its exit: the third does not notice', async () => {
    await withdraw(1, IPV4)
    await settle()
    await add(0, IPV4, '172.16.0.9')
    await settle()
    await add(1, IPV4, '172.16.0.2')
    await settle()
    expect(await bgp.list('rtr1')).toHaveLength(2)
    expect(await judgeAll()).toEqual([])
  })

  test(`${CHANGES} changes, and a router that dies and comes back among them`, async () => {
    let seed = 7
    const random = (below: number): number => {
      seed ^= seed << 13
      seed ^= seed >>> 17
      seed ^= seed << 5
      return (seed >>> 0) % below
    }
    const chains = new Map<string, Promise<void>>()
    for (let change = 0; change < CHANGES; change++) {
      const [router, prefix, hop, kind] = [random(3), PREFIXES[random(PREFIXES.length)]!, random(5) + 1, random(3)]
      const nextHop = prefix.includes(':') ? `2001:db8::${router + 1}:${hop}` : `172.16.${router}.${hop}`
      const key = `${router} ${prefix}`
      const made = (chains.get(key) ?? Promise.resolve()).then(() => (kind === 0 ? withdraw(router, prefix) : add(router, prefix, nextHop)))
      chains.set(key, made)
      if (change % 32 === 31) await Promise.all(chains.values())
      if (change === CHANGES / 2) await edge.others[0]!.kill('SIGKILL')
      if (change === (CHANGES * 3) / 4) await edge.others[0]!.restart()
    }
    await Promise.all(chains.values())
    await settle(SESSION_DEADLINE_MS)
    expect(await judgeAll()).toEqual([])
  }, SESSION_TEST_MS)

  test('gobgpd is restarted: what is put in again reaches each router, and nothing of before stays', async () => {
    await edge.gobgp.kill('SIGKILL')
    await edge.gobgp.restart()
    await until('the sessions are back', () => NAMES.every((name) => bgp.session(name).up), SESSION_DEADLINE_MS)
    for (const own of wanted) own.clear()
    // The other way round than before: GoBGP numbers its paths anew.
    for (const i of [2, 1, 0]) await add(i, IPV4, `172.16.1.${i + 1}`)
    await settle(SESSION_DEADLINE_MS)
    expect(await judgeAll()).toEqual([])
  }, SESSION_TEST_MS)

  test('a statement that does not keep them apart is found, and so is what it sends', async () => {
    await gobgp('policy', 'statement', 'loose', 'add')
    await gobgp('policy', 'statement', 'loose', 'add', 'condition', 'route-type', 'local')
    await gobgp('policy', 'statement', 'loose', 'add', 'action', 'accept')
    await gobgp('policy', 'add', 'loose', 'loose')
    await gobgp('global', 'policy', 'export', 'add', 'loose')
    const found = await judgeAll()
    expect(found[0]).toBe(
      'leak: export policy "loose", statement "loose", would send rtr1 the overrides of rtr2: rtr1, rtr2, rtr3 share gobgpd',
    )
    expect(found).toContain(`leak: GoBGP sends neighbor ${ADDRESSES[0]} ${IPV4}, the override of another router`)
    await gobgp('global', 'policy', 'export', 'del', 'loose')
    expect(await judgeAll()).toEqual([])
  })

  test('what is meant for none of them goes when it is swept, and nothing else', async () => {
    // As it is left of a router that is not configured any more, and from before gobgpd was shared.
    const { api, close } = await connectGobgp(edge.gobgp.api, new AbortController().signal)
    const [number] = [routerNumber(parseAddress('127.0.0.9'))]
    const left = attributes('172.16.9.1', { localPref: 500, communities: [MARKER, NO_EXPORT] })
    await api.addPath(parsePrefix(IPV4), { ...left, largeCommunities: [{ globalAdmin: MARKER >>> 16, data1: 3, data2: number }] }, number)
    await api.addPath(parsePrefix('198.51.99.0/24'), left, 0)
    await api.addPath(parsePrefix('198.51.98.0/24'), attributes('172.16.9.1'), 0)
    expect((await bgp.withdrawUnowned(edge.gobgp.api)).map(formatPrefix).sort()).toEqual(['198.51.99.0/24', IPV4])
    expect(await bgp.withdrawUnowned(edge.gobgp.api)).toEqual([])
    const held = (await api.listLocal(4)).map(({ prefix, pathId }) => `${formatPrefix(prefix)} ${pathId}`)
    expect(held.sort()).toEqual(['198.51.98.0/24 0', ...routers().map(({ address }) => `${IPV4} ${routerNumber(address)}`)].sort())
    await api.deletePath(parsePrefix('198.51.98.0/24'), 0)
    close()
    await settle()
  })

  test('all are withdrawn, with nothing but the gobgpd', async () => {
    const { withdrawn, left } = await withdrawAll(edge.gobgp.api, MARKER, new AbortController().signal)
    expect([withdrawn.length, left.length]).toEqual([3, 0])
    for (const own of wanted) own.clear()
    await settle()
  })
})
