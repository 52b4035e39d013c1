/** Tables of a size that shows: what they take, and that the event loop stays free. Made without a compiler. */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { startSpeaker, type Speaker } from '../../bench/routes/bgp-speaker.ts'
import { fillTable } from '../../bench/routes/fill-table.ts'
import { FullFeed, hash, type PrefixTable } from '../../bench/routes/full-feed.ts'
import { connectGobgp } from '../../src/bgp/wire/connect-gobgp.ts'
import { createGobgp } from '../../src/bgp/gobgp.ts'
import { renderGobgpdConfig } from '../../src/bgp/gobgpd-config.ts'
import { unpackAttributes } from '../../src/bgp/wire/packed-attributes.ts'
import { RouteTable } from '../../src/bgp/table/route-table.ts'
import { formatPrefix, parseAddress, type Prefix } from '../../src/model/prefix.ts'
import { parseCommunity } from '../../src/model/route.ts'
import { findFreePort } from '../../src/simulator/free-port.ts'
import { startGobgpd } from '../../src/simulator/gobgpd.ts'
import { ASN, GOBGP_ADDRESS, GOBGP_ROUTER_ID, ROUTER_ADDRESS, until } from './edge.ts'
import { describeEachGobgpd } from './gobgpds.ts'

const SHAPE = { paths: 3, exits: 60, prefixesPerGroup: 6 }

/** So many different prefixes, nested and of mixed lengths. */
function tables(ipv4: number, ipv6: number): PrefixTable[] {
  const four = new Map<number, readonly number[]>()
  for (let n = 0; four.size < ipv4; n++) {
    const length = 16 + (hash(n * 3) % 9)
    const address = ((0x0b000000 + (hash(n) % 0x40000000)) & (-1 << (32 - length))) >>> 0
    four.set(address * 64 + length, [address, length])
  }
  const six = new Map<number, readonly number[]>()
  for (let n = 0; six.size < ipv6; n++) {
    const length = 33 + (hash(n * 5) % 16)
    const words = [0x2a000000 + (hash(n) % 0x10000), (hash(n * 7) & (-1 << (64 - length))) >>> 0]
    six.set(words[0]! * 2 ** 20 + (words[1]! >>> 16) * 64 + length, [...words, 0, 0, length])
  }
  return [
    { family: 4, rows: Uint32Array.from([...four.values()].flat()) },
    { family: 6, rows: Uint32Array.from([...six.values()].flat()) },
  ]
}

test('a path takes some 50 bytes, and none is left of a session that goes', () => {
  const feeds = tables(100_000, 20_000).map((table) => new FullFeed(table, SHAPE))
  const used = (): number => {
    globalThis.gc?.()
    return process.memoryUsage().arrayBuffers
  }
  const table = new RouteTable()
  const before = used()
  const paths = fillTable(table, feeds, SHAPE.paths)
  expect(paths).toBe(360_000)
  expect(table.paths).toBe(paths)
  // Arrays double as they grow: up to twice what it takes is there, and not touched yet.
  expect((used() - before) / paths).toBeLessThan(120)
  const startedMs = performance.now()
  table.clear()
  expect(performance.now() - startedMs).toBeLessThan(100)
  expect(table.paths).toBe(0)
})

describeEachGobgpd('a table of 60,000 paths', (build) => {
  test('comes in while the loop stays free, and is GoBGP\'s after changes and a flap', { timeout: 240_000 }, async () => {
    const listenPort = await findFreePort(GOBGP_ADDRESS)
    const neighbors = [{ address: parseAddress(ROUTER_ADDRESS), localAddress: parseAddress(GOBGP_ADDRESS) }]
    const marker = parseCommunity('64512:100')
    const gobgp = await startGobgpd({
      command: build.gobgpd,
      config: renderGobgpdConfig({
        asn: ASN, routerId: GOBGP_ROUTER_ID, listenPort, marker, localAddresses: [parseAddress(GOBGP_ADDRESS)], neighbors,
      }),
    })
    const client = createGobgp({
      target: gobgp.api, routers: [{ name: 'rtr1', address: parseAddress(ROUTER_ADDRESS) }], localPref: 500, marker,
      clock: Date.now, logger: pino({ level: 'silent' }),
    })
    const connect = (): Promise<Speaker> =>
      startSpeaker({ asn: ASN, address: ROUTER_ADDRESS, peer: { address: GOBGP_ADDRESS, port: listenPort } })
    let speaker: Speaker | undefined
    try {
      await client.start()
      const feeds = tables(16_000, 4_000).map((table) => new FullFeed(table, SHAPE))
      const held = (): number => client.stats().routers[0]!.families.reduce((sum, { paths }) => sum + paths, 0)
      const announce = async (): Promise<void> => {
        speaker = await connect()
        for (const feed of feeds) await speaker.send(feed.announcements())
        await until('all paths are in', () => held() === 60_000, 100_000)
      }
      // The longest turn of the loop by the CPU that it used: a busy machine has no part in it.
      const threadMs = (): number => process.threadCpuUsage().user / 1000
      const delay = monitorEventLoopDelay({ resolution: 5 })
      delay.enable()
      let [before, longestTurnMs] = [threadMs(), 0]
      const timer = setInterval(() => {
        const now = threadMs()
        longestTurnMs = Math.max(longestTurnMs, now - before)
        before = now
      }, 5)
      await announce()
      clearInterval(timer)
      delay.disable()
      expect(longestTurnMs).toBeLessThan(250)
      expect(delay.percentile(50) / 1e6).toBeLessThan(100)

      for (let n = 0; n < 300; n++) {
        const feed = feeds[n % 2]!
        const group = hash(n) % feed.groups
        await speaker!.send(n % 3 === 0 ? feed.withdraw(group, n % 2) : feed.announce(group, n % 2, n))
      }
      speaker!.close()
      await until('all paths are gone', () => held() === 0)
      await announce()

      const { api, close } = await connectGobgp(gobgp.api, new AbortController().signal)
      const listed = new Map<string, string>()
      const prefixes: Prefix[] = []
      for (const family of [4, 6] as const) {
        await api.listAdjIn(ROUTER_ADDRESS, family, (change) => {
          if (change.kind !== 'announced') throw new Error(change.kind)
          const { prefix, pathId, attributes } = change
          listed.set(`${formatPrefix(prefix)} ${pathId}`, JSON.stringify(unpackAttributes(attributes)))
          if (pathId === 1) prefixes.push(prefix)
        })
      }
      close()
      expect(listed.size).toBe(60_000)
      const differing = prefixes.flatMap((prefix) => {
        const [route] = client.covering('rtr1', prefix)
        return route!.paths.filter(({ prefix: own, pathId, ...path }) => {
          const { nextHop, origin, asPath, med, localPref, communities, largeCommunities, originatorId } = path
          const attributes = { nextHop, origin, asPath, med, localPref, communities, largeCommunities, originatorId }
          return listed.get(`${formatPrefix(own)} ${pathId}`) !== JSON.stringify(attributes)
        })
      })
      expect(differing).toEqual([])
    } finally {
      speaker?.close()
      await client.stop()
      await gobgp.stop()
    }
  })
})
