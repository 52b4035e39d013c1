/** The service as a process of its own, between a real gobgpd and a simulated edge whose gobgpd is real, too. */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { renderGobgpdConfig } from '../../src/bgp/gobgpd-config.ts'
import { parseAddress } from '../../src/model/prefix.ts'
import { parseCommunity } from '../../src/model/route.ts'
import { renderEdgeGobgpd } from '../../src/simulator/edge-gobgpd-config.ts'
import { createEdge, type Edge, type Exit } from '../../src/simulator/edge.ts'
import { findFreePort, findFreeUdpPort } from '../../src/simulator/free-port.ts'
import { startGobgpd, type Gobgpd } from '../../src/simulator/gobgpd.ts'
import type { TiedProcess } from '../../src/simulator/tied-process.ts'
import { putMode, startServiceProcess, TOKEN } from './service-process.ts'
import { findWatchdogs } from './watchdogs.ts'

export const MBPS = 1e6
const ASN = 64512
const [HOST, ROUTER] = ['127.0.0.1', '127.0.0.2']

export interface InterfaceJson {
  readonly name: string
  readonly out_bps: number | null
  readonly natural_bps: number | null
  readonly planned_bps: number | null
  readonly state: string
}

export interface OverrideJson {
  readonly id: string
  readonly prefix: string
  readonly from_interface: string
  readonly to_interface: string
  readonly bps: number
  readonly since: string
  readonly reason: string
  readonly state: string
}

export interface Lab {
  readonly edge: Edge
  readonly gobgp: Gobgpd
  /** The router's own. */
  readonly edgeGobgp: Gobgpd
  readonly service: TiedProcess
  /** Starts the service, again after it has ended; resolves when it listens. */
  startService(): Promise<void>
  /** Writes the configuration anew, with lines put under `controller:`. */
  configure(controller: Readonly<Record<string, string | number | boolean>>): void
  /** Breaks the configuration file. */
  breakConfig(): void
  get<T>(path: string): Promise<T>
  status(path: string): Promise<number>
  setMode(mode: string): Promise<number>
  overrides(): Promise<readonly OverrideJson[]>
  /** What gobgpd itself says that it holds, asked with its own client. */
  rib(): Promise<readonly string[]>
  /** What the edge forwards by each exit now, bit/s. */
  carried(): Readonly<Record<string, number>>
  readonly file: string
  /** `http://HOST:PORT` of the service. */
  readonly base: string
  stop(): Promise<void>
}

/**
 * `exits` use next hops in 172.(16 + index).0.0/31, or in a subnet of another length, and in 2001:db8:INDEX::/64; their
 * interfaces are configured to fit. `gobgpdConfig`: further TOML for the controller's gobgpd. Without `workers`, of
 * which to get going takes most of what a start costs, sFlow comes by events.
 */
export async function startLab({
  exits,
  maxPrefixLength = 32,
  counterIntervalMs = 1000,
  linkLength = 31,
  gobgpdConfig = '',
  workers = 0,
}: {
  exits: readonly Exit[]
  maxPrefixLength?: number
  counterIntervalMs?: number
  linkLength?: number
  gobgpdConfig?: string
  workers?: number
}): Promise<Lab> {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-lab-'))
  const file = join(folder, 'spillway.yaml')
  const [bgpPort, apiPort, sflowPort] = [await findFreePort(HOST), await findFreePort(HOST), await findFreeUdpPort('127.0.0.1')]
  const [router, host] = [parseAddress(ROUTER), parseAddress(HOST)]
  const gobgp = await startGobgpd({
    config: gobgpdConfig + renderGobgpdConfig({
      asn: ASN, routerId: HOST, listenPort: bgpPort, localAddresses: [host], neighbors: [{ address: router, localAddress: host, passive: true }],
      marker: parseCommunity(`${ASN}:100`), restartSeconds: 60,
    }),
    args: ['-r'],
  })
  const edgeGobgp = await startGobgpd({
    config: renderEdgeGobgpd({
      asn: ASN, address: ROUTER, port: await findFreePort(ROUTER), controller: { address: HOST, port: bgpPort },
    }),
  })
  const edge = createEdge({
    agent: ROUTER,
    collector: { host: HOST, port: sflowPort },
    samplingRate: 20,
    seed: 7,
    serversIfIndex: 1,
    counterIntervalMs,
    exits,
    gobgp: edgeGobgp.api,
  })
  await edge.start()

  const configure: Lab['configure'] = (controller) => {
    const interfaces = exits.map(
      ({ name, ifIndex, speedBps }, i) =>
        `      - { name: ${name}, ifindex: ${ifIndex}, address: [172.${16 + i}.0.0/${linkLength}, "2001:db8:${i}::2/64"], speed: ${speedBps}, per_prefix_threshold: 30Mbps }`,
    )
    const settings = { interval: '500ms', dry_run: false, min_hold: '3s', stale_after: '5s', withdraw_after: '10s', lease: '20s', ...controller }
    writeFileSync(
      file,
      `sflow: { listen: "${HOST}:${sflowPort}", window: 5s, workers: ${workers} }
bgp: { gobgp: "${gobgp.api}", marker_community: "${ASN}:100" }
controller:
${Object.entries(settings).map(([key, value]) => `  ${key}: ${value}`).join('\n')}
routers:
  - name: edge1
    address: ${ROUTER}
    max_prefix_length: { ipv4: ${maxPrefixLength}, ipv6: 64 }
    interfaces:
${interfaces.join('\n')}
api: { listen: "${HOST}:${apiPort}", token: ${TOKEN} }
`,
    )
  }
  configure({})

  const families = exits.some(({ nextHops }) => nextHops.some((hop) => hop.includes(':'))) ? ['ipv4', 'ipv6'] : ['ipv4']
  const base = `http://${HOST}:${apiPort}`
  let service: TiedProcess | undefined
  const running = (): TiedProcess => {
    if (service === undefined) throw new Error('the service was never started')
    return service
  }
  const get = async <T>(path: string): Promise<T> => {
    const response = await fetch(`${base}${path}`, { signal: AbortSignal.timeout(5000) })
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
    return (await response.json()) as T
  }
  return {
    edge,
    gobgp,
    edgeGobgp,
    file,
    base,
    get service() {
      return running()
    },
    startService: async () => {
      const started = startServiceProcess(file, base)
      service = started.service
      await started.listens
    },
    configure,
    breakConfig: () => writeFileSync(file, 'routers: nonsense\n'),
    get,
    status: async (path) => (await fetch(`${base}${path}`, { signal: AbortSignal.timeout(5000) })).status,
    setMode: (mode) => putMode(base, mode, 5000),
    overrides: () => get('/api/v1/overrides'),
    rib: async () => {
      const ribs = await Promise.all(families.map((family) => readRib(gobgp, family)))
      return ribs.flatMap((rib) => Object.keys(rib)).sort()
    },
    carried: () => Object.fromEntries(edge.loads().map((load) => [load.exit, load.bps])),
    stop: async () => {
      await service?.stop()
      await edge.stop()
      for (const pid of findWatchdogs(gobgp.api)) process.kill(pid, 'SIGKILL')
      await Promise.all([gobgp.stop(), edgeGobgp.stop()])
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** What a gobgpd says that it holds, asked with its own client: the attributes of each path, by prefix. */
export async function readRib({ api }: Gobgpd, family = 'ipv4'): Promise<Readonly<Record<string, readonly unknown[]>>> {
  const [host, port] = api.split(':') as [string, string]
  const { stdout } = await promisify(execFile)('gobgp', ['-u', host, '-p', port, '-j', 'global', 'rib', '-a', family])
  return JSON.parse(stdout) as Record<string, unknown[]>
}

