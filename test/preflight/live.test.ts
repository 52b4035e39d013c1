/**
 * `check --live` against real gobgpds and simulated edges: one as it should be, then with its ifindex renumbered,
 * and one whose router sends one path only, with itself as next hop, under an agent address that nobody has.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectGobgp } from '../../src/bgp/wire/connect-gobgp.ts'
import { renderGobgpdConfig } from '../../src/bgp/gobgpd-config.ts'
import { checkLiveCommand } from '../../src/commands/check-live.ts'
import { parseAddress } from '../../src/model/prefix.ts'
import { parseCommunity } from '../../src/model/route.ts'
import { renderEdgeGobgpd } from '../../src/simulator/edge-gobgpd-config.ts'
import { createEdge, type Edge, type Exit } from '../../src/simulator/edge.ts'
import { findFreePort, findFreeUdpPort } from '../../src/simulator/free-port.ts'
import { startGobgpd, type Gobgpd } from '../../src/simulator/gobgpd.ts'
import { startTied } from '../../src/simulator/tied-process.ts'
import { SESSION_DEADLINE_MS } from '../bgp/edge.ts'
import { until } from '../simulator/until.ts'

const HOST = '127.0.0.1'
const [RIGHT, WRONG] = ['127.0.0.2', '127.0.0.3']
const STRANGER = '127.0.0.9'
/** The router's own address on its link to the peer. */
const SELF = '172.16.0.0'
const PREFIXES = ['1.0.0.0/24', '2.0.0.0/24', '3.0.0.0/24']
const exit = (name: string, i: number, nextHop: string): Exit => ({
  name, ifIndex: 3 + i, speedBps: 1e8, nextHops: [nextHop], localPref: 200 - 100 * i, asPath: [33010 + i], prefixes: PREFIXES,
})

interface Site {
  readonly gobgp: Gobgpd
  readonly edgeGobgp: Gobgpd
  readonly edge: Edge
}

let folder: string
let sflowPort: number
let right: Site
let wrong: Site

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'spillway-live-'))
  sflowPort = await findFreeUdpPort('127.0.0.1')
  ;[right, wrong] = await Promise.all([
    startSite(RIGHT, RIGHT, [exit('peer', 0, '172.16.0.1'), exit('transit', 1, '172.17.0.1')], (config) => config),
    startSite(WRONG, STRANGER, [exit('peer', 0, SELF), exit('transit', 1, '172.17.0.1')], (config) =>
      config.replaceAll('send-max = 8', 'send-max = 0')),
  ])
  await Promise.all([right, wrong].map(({ gobgp }) => waitForSession(gobgp)))
}, SESSION_DEADLINE_MS + 30_000)
afterAll(async () => {
  for (const site of [right, wrong]) {
    await site?.edge.stop()
    await Promise.all([site?.gobgp.stop(), site?.edgeGobgp.stop()])
  }
  rmSync(folder, { recursive: true })
})

async function startSite(address: string, agent: string, exits: readonly Exit[], change: (config: string) => string): Promise<Site> {
  const listenPort = await findFreePort(HOST)
  const [gobgp, edgeGobgp] = await Promise.all([
    startGobgpd({
      config: renderGobgpdConfig({
        asn: 64512, routerId: HOST, listenPort, localAddresses: [parseAddress(HOST)], marker: parseCommunity('64512:100'),
        neighbors: [{ address: parseAddress(address), localAddress: parseAddress(HOST) }],
      }),
    }),
    startGobgpd({
      config: change(
        renderEdgeGobgpd({ asn: 64512, address, port: await findFreePort(address), controller: { address: HOST, port: listenPort } }),
      ),
    }),
  ])
  const edge = createEdge({
    agent, collector: { host: HOST, port: sflowPort }, samplingRate: 20, seed: 7, serversIfIndex: 1,
    counterIntervalMs: 1000, exits, gobgp: edgeGobgp.api,
  })
  await edge.start()
  edge.setFlows(['1.0.0.1', '2.0.0.1'].map((to) => ({ to, bps: 20e6, packetBytes: 1000 })))
  return { gobgp, edgeGobgp, edge }
}

async function waitForSession({ api: target }: Gobgpd): Promise<void> {
  const { api, close } = await connectGobgp(target, AbortSignal.timeout(10_000))
  await until('the session is up', async () => (await api.listPeers()).every(({ established }) => established), SESSION_DEADLINE_MS)
  await until('routes have come', async () => {
    const counts = await Promise.all((await api.listPeers()).map(({ address }) => api.countAdjIn(address, 4)))
    return counts.every((paths) => paths >= PREFIXES.length)
  })
  close()
}


/** A file with one router; the interfaces have the exits' next hops in their subnets. */
function writeConfig(name: string, address: string, { gobgp }: Site, apiPort = 1): string {
  const file = join(folder, name)
  const interfaces = ['peer', 'transit'].map((exitName, i) =>
    `{ name: ${exitName}, ifindex: ${3 + i}, address: 172.${16 + i}.0.0/31, speed: 100Mbps }`)
  writeFileSync(
    file,
    `sflow: { listen: "${HOST}:${sflowPort}" }
bgp: { gobgp: "${gobgp.api}", marker_community: "64512:100" }
routers: [ { name: edge1, address: ${address}, interfaces: [ ${interfaces.join(', ')} ] } ]
api: { listen: "${HOST}:${apiPort}", token: a-token-that-is-long-enough }
`,
  )
  return file
}

async function check(file: string, seconds: number): Promise<{ code: number; lines: string[]; bad: string[] }> {
  let out = ''
  const code = await checkLiveCommand(file, seconds, { env: {}, out: (text) => (out += text), err: () => {} })
  const lines = out.trimEnd().split('\n')
  return { code, lines, bad: lines.filter((line) => line.startsWith('bad ')) }
}

test('an edge as it should be: nothing is bad, and it says what it saw', async () => {
  const { code, lines, bad } = await check(writeConfig('right.yaml', RIGHT, right), 20)
  expect(bad.filter((line) => !line.includes(STRANGER))).toEqual([])
  expect(code).toBe(0)
  const text = lines.join('\n')
  expect(text).toContain(`good      gobgpd ${right.gobgp.api}: answers with API v3, AS 64512`)
  expect(text).toContain('good      router edge1: session established, IPv4 with all paths (add-path)')
  expect(text).toContain('good      router edge1: 3 IPv4 prefixes received with 6 paths; 0 (0 %) have one path only')
  expect(text).toContain('good      router edge1: all 6 paths leave by a configured interface')
  expect(text).toMatch(/good {6}router edge1 peer: sampled where packets come in \(0 egress, \d+ ingress; 1 in 20\)/)
  expect(text).toMatch(/good {6}router edge1 peer: interface counters every 1\.\d s/)
  expect(text).toMatch(/good {6}router edge1 peer: counters tell [\d.]+ Mbps, flows [\d.]+ Mbps ± \d+ %/)
  expect(text).toMatch(/doubtful {2}router edge1: by default, override same_length: .*-> choose/)
  // The other edge's sFlow comes to the same port.
  expect(text).toContain(`datagrams of agent ${STRANGER}, which no router has -> add ${STRANGER} to the sflow_agent`)
  expect(lines.at(-1)).toMatch(/^\d+ good, \d+ doubtful, 0 bad$/)
}, 60_000)

test('a renumbered ifindex is bad, and the other one is named', async () => {
  right.edge.renumber('peer', 77)
  const { code, bad } = await check(writeConfig('right.yaml', RIGHT, right), 3)
  right.edge.renumber('peer', 3)
  expect(code).toBe(1)
  expect(bad).toEqual([
    'bad       router edge1 peer: ifindex 3 was in no sample and no counters -> samples leave by 77, which no interface has: correct ifindex',
  ])
}, 60_000)

test('one path only, next-hop-self, and an agent that nobody has: each is bad, and says what to do', async () => {
  const { code, bad } = await check(writeConfig('wrong.yaml', WRONG, wrong), 3)
  expect(code).toBe(1)
  const text = bad.join('\n')
  expect(text).toContain('the router does not send several paths of a prefix (add-path) in IPv4 -> have it send all paths')
  expect(text).toContain(`3 of 3 paths (100 %) have the router itself as next hop (${SELF}: 3, as`)
  expect(text).toContain('no next-hop-self towards gobgpd')
  expect(text).toContain(`sFlow agent ${WRONG} sent nothing in 3 s`)
  expect(text).toContain(`of agent ${STRANGER}, which no router has -> add ${STRANGER}`)
}, 60_000)

test('a gobgpd that is not there, and one that does not know the router', async () => {
  const file = writeConfig('nobody.yaml', '127.0.0.7', right)
  expect((await check(file, 1)).bad.join('\n')).toContain(`127.0.0.7 is no neighbor of gobgpd ${right.gobgp.api} -> add it`)
}, 60_000)

test('beside the running service it asks that what it sees', async () => {
  const apiPort = await findFreePort(HOST)
  const file = writeConfig('right.yaml', RIGHT, right, apiPort)
  const service = startTied(fileURLToPath(new URL('../../bin/spillway', import.meta.url)), ['run', '-c', file], {
    env: { ...process.env, SPILLWAY_NODE: process.execPath },
  })
  try {
    await until('it has samples and counters', async () => {
      const response = await fetch(`http://${HOST}:${apiPort}/api/v1/status`).catch(() => undefined)
      const text = (await response?.text()) ?? ''
      return ['last_flow_sample', 'last_counter_sample'].every((what) => text.includes(`"${what}":"`))
    }, 30_000)
    const { code, lines } = await check(file, 1)
    const text = lines.join('\n')
    expect(text).toContain(`good      sFlow: the service at http://${HOST}:${apiPort} listens there`)
    expect(text).toContain(`good      router edge1: sFlow agent ${RIGHT} sends samples and counters`)
    expect(text).toMatch(/good {6}router edge1 peer: carries \d+\.\d Mbps/)
    expect({ code, bad: lines.filter((line) => line.startsWith('bad ')) }).toEqual({ code: 0, bad: [] })
  } finally {
    await service.stop()
  }
}, 60_000)
