/**
 * The two demonstrations that the idea of a steered edge was first shown with, at their own figures: links of
 * 100 Mbps, watermarks of 80 and 65 %, prefixes above 30 Mbps are split. Real gobgpd, the service as it is;
 * the simulated router's own forwarding is the judge.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { awaitReady } from '../../src/demo/play.ts'
import { createRestClient, type RestClient } from '../../src/demo/rest-client.ts'
import { ROUTER_ADDRESS, startStage, type ServicePorts, type Stage } from '../../src/demo/stage.ts'
import type { Exit } from '../../src/simulator/edge.ts'
import type { Flow } from '../../src/simulator/flow.ts'

const MBPS = 1e6
const TARGET_BPS = 65 * MBPS
const THRESHOLD_BPS = 30 * MBPS
/** What sampling may miss the target by: 2 % of the link. */
const TOLERANCE_BPS = 2 * MBPS
const PREFIXES = [1, 2, 3, 4, 5, 6].map((i) => `${i}.0.0.0/24`)

const EXITS: readonly Exit[] = [
  {
    name: 'peer', ifIndex: 3, speedBps: 100 * MBPS, nextHops: ['172.16.0.1'], localPref: 200, asPath: [64601],
    prefixes: PREFIXES,
  },
  {
    name: 'transit', ifIndex: 4, speedBps: 100 * MBPS, nextHops: ['172.17.0.1'], localPref: 100,
    asPath: [64701, 64601], prefixes: PREFIXES,
  },
]

function renderConfig({ sflow, api, gobgp }: ServicePorts): string {
  const marks = 'speed: 100Mbps, high_watermark: 80, low_watermark: 65, per_prefix_threshold: 30Mbps'
  return `
sflow: { listen: 127.0.0.1:${sflow}, window: 5s }
bgp: { gobgp: "${gobgp}" }
controller: { interval: 1s, dry_run: false, min_hold: 4s, lease: 15s }
routers:
  - name: rtr1
    address: ${ROUTER_ADDRESS}
    max_prefix_length: { ipv4: 32 }
    interfaces:
      - { name: peer, ifindex: 3, address: 172.16.0.0/31, ${marks} }
      - { name: transit, ifindex: 4, address: 172.17.0.0/31, ${marks} }
api: { listen: 127.0.0.1:${api} }
`
}

let stage: Stage
let rest: RestClient
const failure = new AbortController()
let flows: readonly Flow[] = []

async function send(...rates: readonly (readonly [to: string, mbps: number])[]): Promise<void> {
  flows = rates.map(([to, mbps]) => ({ to, bps: mbps * MBPS, packetBytes: 1000 }))
  await stage.edge.tell({ kind: 'set_flows', flows })
}

/** What wants to leave by the exit, bit/s: the truth of the last second. */
function offered(exit: string): number {
  return stage.edge.state().loads.find((load) => load.exit === exit)!.offeredBps
}

/** What the router forwards by that its neighbors did not announce, with the traffic that it carries. */
function detours(): { prefix: string; exit: string; bps: number }[] {
  const { table } = stage.edge.state()
  const natural = (prefix: string, exit: number): boolean => PREFIXES.includes(prefix) && exit === 0
  return table
    .filter(({ prefix, exit }) => !natural(prefix, exit))
    .map(({ prefix, exit }) => {
      const inside = flows.filter(({ to }) => isIn(prefix, to))
      return { prefix, exit: EXITS[exit]!.name, bps: inside.reduce((sum, { bps }) => sum + bps, 0) }
    })
}

function isIn(prefix: string, address: string): boolean {
  const number = (text: string): number => text.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
  const [network, length] = prefix.split('/') as [string, string]
  const size = 2 ** (32 - Number(length))
  return Math.floor(number(network) / size) === Math.floor(number(address) / size)
}

/** Waits until the condition has held for two seconds. */
async function settled(what: string, holds: () => boolean, deadlineMs = 20_000): Promise<void> {
  const endMs = performance.now() + deadlineMs
  let sinceMs = performance.now()
  while (performance.now() - sinceMs < 2_000) {
    if (!holds()) sinceMs = performance.now()
    if (performance.now() > endMs) {
      const decisions = (await rest.decisions()).map(({ at, kind, reason }) => `${at} ${kind}: ${reason}`)
      const seen = [`not in ${deadlineMs} ms: ${what}`, JSON.stringify(detours()), ...decisions]
      throw new Error(seen.join('\n'))
    }
    await new Promise((resolve) => setTimeout(resolve, 100))
    failure.signal.throwIfAborted()
  }
}

async function expectHome(): Promise<void> {
  await settled('all is home', () => detours().length === 0 && offered('transit') === 0)
  expect(await rest.overrides()).toEqual([])
}

/** Relieved, and by nothing that is larger than allowed. */
async function expectRelief(): Promise<void> {
  const limit = TARGET_BPS + TOLERANCE_BPS
  await settled('both are relieved', () => Math.max(offered('peer'), offered('transit')) <= limit)
  expect(detours().length).toBeGreaterThan(0)
  for (const { exit, bps } of detours()) {
    expect(exit).toBe('transit')
    expect(bps).toBeGreaterThan(0)
    expect(bps).toBeLessThanOrEqual(THRESHOLD_BPS)
  }
  const prefixesOf = (list: readonly { prefix: string }[]): string[] =>
    list.map(({ prefix }) => prefix).toSorted()
  const installed = (await rest.overrides()).filter(({ state }) => state === 'installed')
  expect(prefixesOf(installed)).toEqual(prefixesOf(detours()))
}

beforeAll(async () => {
  stage = await startStage({ exits: EXITS, renderConfig, onDeath: (what) => failure.abort(new Error(what)) })
  rest = createRestClient(stage.restBase)
  await awaitReady(rest, failure.signal)
})

afterAll(() => stage?.stop())

describe('four prefixes', () => {
  const three = [['1.0.0.1', 20], ['2.0.0.1', 20], ['3.0.0.1', 20]] as const

  test('three streams of 20 Mbps fit', async () => {
    await send(...three)
    await settled('the peer carries 60 Mbps', () => Math.round(offered('peer') / MBPS) === 60)
    await expectHome()
  })

  test('a fourth of 25 Mbps is too much: the peer is relieved to its target', async () => {
    await send(...three, ['4.0.0.1', 25])
    await settled('85 Mbps come', () => Math.round((offered('peer') + offered('transit')) / MBPS) === 85)
    await expectRelief()
  })

  test('without it all come home', async () => {
    await send(...three)
    await expectHome()
    expect(Math.round(offered('peer') / MBPS)).toBe(60)
  })
})

describe('two prefixes with several hosts', () => {
  test('the peer is relieved to its target by pieces that are small enough', async () => {
    await send(['5.0.0.1', 20], ['5.0.0.129', 20], ['5.0.0.193', 20], ['6.0.0.1', 20], ['6.0.0.129', 10])
    await settled('90 Mbps come', () => Math.round((offered('peer') + offered('transit')) / MBPS) === 90)
    await expectRelief()
  })

  test('all come home when the traffic ends', async () => {
    await send(['5.0.0.1', 10], ['6.0.0.1', 10])
    await expectHome()
    expect(Math.round(offered('peer') / MBPS)).toBe(20)
  })
})
