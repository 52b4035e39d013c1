/** Three simulated edges, each with a gobgpd as its own router's, beside one controller. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { unpackAttributes } from '../../src/bgp/wire/packed-attributes.ts'
import { connectGobgp } from '../../src/bgp/wire/connect-gobgp.ts'
import { renderGobgpdConfig } from '../../src/bgp/gobgpd-config.ts'
import { formatAddress, formatPrefix, parseAddress } from '../../src/model/prefix.ts'
import { parseCommunity } from '../../src/model/route.ts'
import { renderEdgeGobgpd } from '../../src/simulator/edge-gobgpd-config.ts'
import { createEdge, type Edge, type Exit } from '../../src/simulator/edge.ts'
import { findFreePort, findFreeUdpPort } from '../../src/simulator/free-port.ts'
import { startGobgpd, type Gobgpd } from '../../src/simulator/gobgpd.ts'
import type { TiedProcess } from '../../src/simulator/tied-process.ts'
import { MBPS, type OverrideJson } from './lab.ts'
import { putMode, startServiceProcess, TOKEN } from './service-process.ts'
import { findWatchdogs } from './watchdogs.ts'

const ASN = 64512
const HOST = '127.0.0.1'

export interface SimulatedRouter {
  readonly name: string
  readonly edge: Edge
  /** The controller's gobgpd beside it, perhaps shared. */
  readonly gobgp: Gobgpd
  /** What its own gobgpd has from the controller's: `PREFIX NEXT-HOP`, every path. */
  received(): Promise<string[]>
  /** What REST tells of it as installed, in the same words. */
  installed(): Promise<string[]>
}

export interface SeveralRouters {
  readonly routers: readonly SimulatedRouter[]
  readonly gobgps: readonly Gobgpd[]
  startService(): Promise<void>
  get<T>(path: string): Promise<T>
  setMode(mode: string): Promise<number>
  output(): string
  stop(): Promise<void>
}

/** `exitsOf`: by the router's number; `moreOf`: further settings of an interface, as YAML in braces. */
export async function startSeveralRouters(
  { command, shared, exitsOf, deny = [], moreOf = () => '' }: {
    readonly command: string
    readonly shared: boolean
    readonly deny?: readonly string[]
    readonly exitsOf: (router: number) => readonly Exit[]
    readonly moreOf?: (router: number, exit: Exit) => string
  },
): Promise<SeveralRouters> {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-routers-'))
  const file = join(folder, 'spillway.yaml')
  const addresses = [0, 1, 2].map((i) => `127.0.${shared ? 2 : 3}.${10 + i}`)
  const [apiPort, sflowPort] = [await findFreePort(HOST), await findFreeUdpPort('127.0.0.1')]
  const localAddress = parseAddress(HOST)
  const groups = shared ? [addresses] : addresses.map((address) => [address])
  const gobgps = await Promise.all(groups.map(async (own) => {
    const listenPort = await findFreePort(HOST)
    const config = renderGobgpdConfig({
      asn: ASN, routerId: HOST, listenPort, localAddresses: [localAddress], marker: parseCommunity(`${ASN}:100`), restartSeconds: 60,
      neighbors: own.map((address) => ({ address: parseAddress(address), localAddress, passive: true })),
    })
    return { listenPort, gobgp: await startGobgpd({ command, config, args: ['-r'] }) }
  }))
  const edges = await Promise.all(addresses.map(async (address, i) => {
    const own = gobgps[shared ? 0 : i]!
    const edgeGobgp = await startGobgpd({
      config: renderEdgeGobgpd({
        asn: ASN, address, port: await findFreePort(address), controller: { address: HOST, port: own.listenPort },
      }),
    })
    const edge = createEdge({
      agent: address, collector: { host: HOST, port: sflowPort }, samplingRate: 20, seed: 7 + i, serversIfIndex: 1,
      counterIntervalMs: 1000, exits: exitsOf(i), gobgp: edgeGobgp.api,
    })
    await edge.start()
    return { edge, edgeGobgp, gobgp: own.gobgp }
  }))
  const blocks = addresses.map((address, i) => {
    const interfaces = exitsOf(i).map((exit) =>
      `      - { name: ${exit.name}, ifindex: ${exit.ifIndex}, next_hops: [${exit.nextHops.join(', ')}], speed: ${exit.speedBps}, ` +
      `per_prefix_threshold: 90Mbps${moreOf(i, exit)} }`)
    return `  - name: edge${i + 1}\n    address: ${address}\n    gobgp: "${edges[i]!.gobgp.api}"\n    interfaces:\n${interfaces.join('\n')}`
  })
  writeFileSync(file, `sflow: { listen: "${HOST}:${sflowPort}", window: 5s, workers: 0 }
bgp: { gobgp: "${gobgps[0]!.gobgp.api}", marker_community: "${ASN}:100" }
controller: { interval: 500ms, dry_run: false, min_hold: 3s, stale_after: 30s, withdraw_after: 90s, lease: 60s, deny: [${deny.join(', ')}] }
routers:
${blocks.join('\n')}
api: { listen: "${HOST}:${apiPort}", token: ${TOKEN} }
`)
  const base = `http://${HOST}:${apiPort}`
  const get = async <T>(path: string): Promise<T> => {
    const response = await fetch(`${base}${path}`, { signal: AbortSignal.timeout(20_000) })
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
    return (await response.json()) as T
  }
  let service: TiedProcess | undefined
  return {
    gobgps: gobgps.map(({ gobgp }) => gobgp),
    routers: edges.map(({ edge, edgeGobgp, gobgp }, i) => ({
      name: `edge${i + 1}`, edge, gobgp,
      received: async () => {
        const { api, close } = await connected(edgeGobgp.api)
        try {
          const found: string[] = []
          for (const family of [4, 6] as const) {
            await api.listAdjIn(HOST, family, (change) => {
              if (change.kind !== 'announced') return void found.push(change.kind)
              found.push(`${formatPrefix(change.prefix)} ${formatAddress(unpackAttributes(change.attributes).nextHop)}`)
            })
          }
          return found.sort()
        } finally {
          close()
        }
      },
      installed: async () => (await get<(OverrideJson & { next_hop: string })[]>(`/api/v1/overrides?router=edge${i + 1}`))
        .filter(({ state }) => state === 'installed').map(({ prefix, next_hop }) => `${prefix} ${next_hop}`).sort(),
    })),
    startService: async () => {
      const started = startServiceProcess(file, base)
      service = started.service
      await started.listens
    },
    get,
    setMode: (mode) => putMode(base, mode, 8000),
    output: () => service?.output ?? '',
    stop: async () => {
      await service?.stop()
      await Promise.all(edges.map(({ edge }) => edge.stop()))
      for (const { gobgp } of gobgps) for (const pid of findWatchdogs(gobgp.api)) process.kill(pid, 'SIGKILL')
      await Promise.all([...gobgps.map(({ gobgp }) => gobgp.stop()), ...edges.map(({ edgeGobgp }) => edgeGobgp.stop())])
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** A busy machine may not answer in time. */
async function connected(target: string, tries = 5): ReturnType<typeof connectGobgp> {
  return connectGobgp(target, new AbortController().signal).catch(async (error: unknown) => {
    if (tries <= 1) throw error
    return connected(target, tries - 1)
  })
}

export const flowTo = (to: string, mbps: number) => ({ to, bps: mbps * MBPS, packetBytes: 1000 })
