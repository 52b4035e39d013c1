/** The edge beside a real gobgpd of its own, in a session with another one that plays the controller's. */
import { execFile } from 'node:child_process'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { promisify } from 'node:util'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { renderGobgpdConfig } from '../../src/bgp/gobgpd-config.ts'
import { SflowDecoder } from '../../src/collector/sflow/decoder.ts'
import { parseAddress } from '../../src/model/prefix.ts'
import { parseCommunity } from '../../src/model/route.ts'
import { renderEdgeGobgpd } from '../../src/simulator/edge-gobgpd-config.ts'
import { createEdge, type Edge } from '../../src/simulator/edge.ts'
import { findFreePort } from '../../src/simulator/free-port.ts'
import { startGobgpd, type Gobgpd } from '../../src/simulator/gobgpd.ts'
import { until } from './until.ts'

const execute = promisify(execFile)
const ROUTER = '127.0.0.4'
const CONTROLLER = '127.0.0.1'
const SAMPLING_RATE = 50

let controller: Gobgpd
let router: Gobgpd
let edge: Edge
let collector: Socket

/** What came over sFlow, as the collector would add it up. */
const heard = {
  flowBytes: new Map<number, number>(),
  counters: new Map<number, { octets: number; discards: number; up: boolean; uptimeMs: number }[]>(),
}
let uptimeMs = 0
const sequences: number[] = []
const rates = new Set<number>()
const bad: string[] = []

async function gobgp(target: Gobgpd, ...args: string[]): Promise<string> {
  const [host, port] = target.api.split(':') as [string, string]
  return (await execute('gobgp', ['-u', host, '-p', port, ...args])).stdout
}

function forget(): void {
  heard.flowBytes.clear()
  heard.counters.clear()
  sequences.length = 0
  rates.clear()
}

/** What was on its way before the next of these has then arrived. */
async function forgetAfterNext(kind: keyof typeof heard): Promise<void> {
  forget()
  await until(`the next ${kind}`, () => heard[kind].size > 0)
  forget()
}

function mbps(exit: string): number {
  return Math.round(edge.loads().find((load) => load.exit === exit)!.bps / 1e6)
}

beforeAll(async () => {
  const listenPort = await findFreePort(CONTROLLER)
  const localAddress = parseAddress(CONTROLLER)
  controller = await startGobgpd({
    config: renderGobgpdConfig({
      asn: 64512, routerId: CONTROLLER, listenPort, localAddresses: [localAddress], marker: parseCommunity('64512:100'),
      neighbors: [{ address: parseAddress(ROUTER), localAddress }],
    }),
  })
  router = await startGobgpd({
    config: renderEdgeGobgpd({
      asn: 64512, address: ROUTER, port: await findFreePort(ROUTER),
      controller: { address: CONTROLLER, port: listenPort },
    }),
  })
  collector = createSocket('udp4').bind(0, '127.0.0.1')
  await once(collector, 'listening')
  const decoder = new SflowDecoder({
    datagram: (header) => {
      uptimeMs = header.uptimeMs
      return sequences.push(header.sequence) > 0
    },
    flow: ({ egressIfIndex, frameLength, samplingRate }) => {
      rates.add(samplingRate)
      const bytes = (heard.flowBytes.get(egressIfIndex) ?? 0) + frameLength * samplingRate
      heard.flowBytes.set(egressIfIndex, bytes)
    },
    counters: ({ ifIndex, outOctets, outDiscards, status }) => {
      const list = heard.counters.get(ifIndex) ?? []
      const up = (status & 2) !== 0
      heard.counters.set(ifIndex, [...list, { octets: outOctets, discards: outDiscards, up, uptimeMs }])
    },
    malformed: (reason) => void bad.push(reason),
  })
  collector.on('message', (bytes) => decoder.decode(bytes))
  const shared = ['1.0.0.0/24', '2.0.0.0/16', '2400:100::/32']
  edge = createEdge({
    agent: ROUTER,
    collector: { host: '127.0.0.1', port: collector.address().port },
    samplingRate: SAMPLING_RATE,
    seed: 3,
    serversIfIndex: 1,
    counterIntervalMs: 300,
    gobgp: router.api,
    exits: [
      {
        name: 'peer', ifIndex: 3, speedBps: 100e6, nextHops: ['172.16.0.1', '2001:db8:0:16::1'],
        localPref: 200, asPath: [64601, 64603], prefixes: shared,
      },
      {
        name: 'transit', ifIndex: 4, speedBps: 100e6, nextHops: ['172.17.0.1', '2001:db8:0:17::1'],
        localPref: 100, asPath: [64701], prefixes: [...shared, '9.0.0.0/8'],
      },
    ],
  })
  await edge.start()
  await until('the session is up', async () => (await gobgp(controller, 'neighbor')).includes('Establ'))
})

afterAll(async () => {
  await edge?.stop()
  await Promise.all([controller?.stop(), router?.stop()])
  collector?.close()
})

beforeEach(() => {
  edge.setFlows([
    { to: '1.0.0.0/24', bps: 40e6, packetBytes: 1000, hosts: 4 },
    { to: '2400:100::1', bps: 20e6, packetBytes: 1400 },
    { to: '9.1.1.1', bps: 10e6, packetBytes: 500 },
  ])
})

describe('routes', () => {
  test('every exit\'s path reaches the controller, with its own attributes', async () => {
    await until('both paths are there', async () => {
      const text = await gobgp(controller, 'neighbor', ROUTER, 'adj-in')
      return /1\.0\.0\.0\/24 +172\.16\.0\.1 +64601 64603 .*LocalPref: 200/.test(text) &&
        /1\.0\.0\.0\/24 +172\.17\.0\.1 +64701 .*LocalPref: 100/.test(text)
    })
    const v6 = await gobgp(controller, 'neighbor', ROUTER, 'adj-in', '-a', 'ipv6')
    expect(v6).toMatch(/2400:100::\/32 +2001:db8:0:16::1/)
    expect(v6).toMatch(/2400:100::\/32 +2001:db8:0:17::1/)
  })

  test('the best path tells the exit, by longest match', () => {
    expect(['1.0.0.9', '2400:100::9', '9.9.9.9', '8.8.8.8'].map((one) => edge.exitOf(one)))
      .toEqual(['peer', 'peer', 'transit', undefined])
  })

  test('an override of the controller moves its traffic, and goes with it', async () => {
    await until('all at the peer', () => mbps('peer') === 60 && mbps('transit') === 10)
    const more = ['1.0.0.128/25', 'nexthop', '172.17.0.1', 'local-pref', '500', 'community', '64512:100,no-export']
    await gobgp(controller, 'global', 'rib', 'add', ...more)
    await until('half of the prefix moves', () => mbps('peer') === 40 && mbps('transit') === 30)
    expect([edge.exitOf('1.0.0.1'), edge.exitOf('1.0.0.129')]).toEqual(['peer', 'transit'])
    await gobgp(controller, 'global', 'rib', 'del', '1.0.0.128/25')
    await until('it comes home', () => mbps('peer') === 60 && mbps('transit') === 10)
    expect(edge.table().map(({ prefix }) => prefix)).not.toContain('1.0.0.128/25')
  })

  test('withdrawn and announced again', async () => {
    await edge.withdraw('peer', ['1.0.0.0/24'])
    await until('the transit takes it', () => edge.exitOf('1.0.0.1') === 'transit')
    const text = await gobgp(controller, 'neighbor', ROUTER, 'adj-in')
    expect(text).not.toMatch(/1\.0\.0\.0\/24 +172\.16\.0\.1/)
    expect(text).toMatch(/2\.0\.0\.0\/16 +172\.16\.0\.1/)
    await edge.announce('peer')
    await until('the peer has it again', () => edge.exitOf('1.0.0.1') === 'peer')
  })

  test('an exit that is down carries nothing, whatever an override says', async () => {
    const override = ['1.0.0.0/25', 'nexthop', '172.16.0.1', 'local-pref', '500', 'community', '64512:100']
    await gobgp(controller, 'global', 'rib', 'add', ...override)
    await until('the override is there', () => edge.table().some(({ prefix }) => prefix === '1.0.0.0/25'))
    await edge.setExitUp('peer', false)
    await until('all leave by the transit', () => mbps('peer') === 0 && mbps('transit') === 70)
    expect(edge.table().find(({ prefix }) => prefix === '1.0.0.0/25')).toBeUndefined()
    await until('the counters say so', () => heard.counters.get(3)?.at(-1)?.up === false)
    await edge.setExitUp('peer', true)
    await gobgp(controller, 'global', 'rib', 'del', '1.0.0.0/25')
    await until('the peer is back', () => mbps('peer') === 60 && heard.counters.get(3)?.at(-1)?.up === true)
  })

  test('a gobgpd that comes back empty gets all routes again', async () => {
    await router.restart()
    await until('the routes are back', async () => {
      const text = await gobgp(router, 'global', 'rib')
      return /1\.0\.0\.0\/24 +172\.16\.0\.1/.test(text) && /9\.0\.0\.0\/8 +172\.17\.0\.1/.test(text)
    })
    await until('the edge forwards again', () => edge.exitOf('1.0.0.1') !== undefined)
    expect(['1.0.0.9', '9.9.9.9'].map((one) => edge.exitOf(one))).toEqual(['peer', 'transit'])
  })
})

describe('sFlow', () => {
  test('counters tell exactly what was sent, flows the same within sampling error', async () => {
    await until('all at the peer', () => mbps('peer') === 60 && mbps('transit') === 10)
    forget()
    await until('there are some counters', () => (heard.counters.get(3)?.length ?? 0) >= 8)
    const first = heard.counters.get(3)!.at(0)!
    const last = heard.counters.get(3)!.at(-1)!
    const counted = last.octets - first.octets
    const sent = (60e6 / 8) * ((last.uptimeMs - first.uptimeMs) / 1000)
    expect(counted / sent).toBeCloseTo(1, 1)
    // Some 280 samples: three standard errors are 18 %, and the edges of the interval a little more.
    expect(heard.flowBytes.get(3)! / counted).toBeGreaterThan(0.7)
    expect(heard.flowBytes.get(3)! / counted).toBeLessThan(1.3)
    expect(bad).toEqual([])
    expect(sequences).toEqual(sequences.map((_, i) => sequences[0]! + i))
  })

  test('an overfull link sends its speed and counts the rest as discards', async () => {
    edge.setFlows([{ to: '1.0.0.0/24', bps: 150e6, packetBytes: 1000, hosts: 4 }])
    await until('the link is full', () => mbps('peer') === 100)
    const before = heard.counters.get(3)!.at(-1)!.discards
    await until('discards grow', () => heard.counters.get(3)!.at(-1)!.discards > before + 3_000)
    expect(Math.max(...edge.loads().map(({ bps }) => bps))).toBeLessThanOrEqual(100e6)
  })

  test('can be made to fall silent, to repeat itself, and to change its rate and its numbers', async () => {
    edge.setFaults({ withoutFlows: true })
    await forgetAfterNext('counters')
    await until('counters only', () => (heard.counters.get(3)?.length ?? 0) >= 2)
    expect(heard.flowBytes.size).toBe(0)

    edge.setFaults({ withoutFlows: false, withoutCounters: true })
    await forgetAfterNext('flowBytes')
    await until('flows only', () => (heard.flowBytes.get(3) ?? 0) > 1e6)
    expect(heard.counters.size).toBe(0)

    edge.setFaults({ withoutCounters: false, duplicateDatagrams: true })
    await until('some come twice', () => new Set(sequences).size < sequences.length)
    edge.setFaults({ duplicateDatagrams: false })

    edge.setSamplingRate(10)
    forget()
    await until('the new rate is in the samples', () => rates.has(10))
    edge.setSamplingRate(SAMPLING_RATE)

    edge.renumber('peer', 33)
    await until('samples carry the new ifIndex', () => heard.flowBytes.has(33) && heard.counters.has(33))
    edge.renumber('peer', 3)
  })
})

test('what does not exist is refused', async () => {
  await expect(edge.setExitUp('ix', true)).rejects.toThrow('the edge has no exit "ix"')
  expect(() => edge.setSamplingRate(0)).toThrow(RangeError)
  expect(() => edge.setFlows([{ to: '1.0.0.1', bps: -1, packetBytes: 100 }])).toThrow(RangeError)
})
