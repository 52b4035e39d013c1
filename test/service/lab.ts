/** The service as a process of its own, between a real gobgpd and a simulated edge whose gobgpd is real, too. */
import { execFile } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { renderGobgpdConfig } from '../../src/bgp/gobgpd-config.ts'
import { parseAddress } from '../../src/model/prefix.ts'
import { renderEdgeGobgpd } from '../../src/simulator/edge-gobgpd-config.ts'
import { createEdge, type Edge, type Exit } from '../../src/simulator/edge.ts'
import { findFreePort, startGobgpd, type Gobgpd } from '../../src/simulator/gobgpd.ts'
import { startTied, type TiedProcess } from '../../src/simulator/tied-process.ts'
import { until } from '../simulator/until.ts'

export const MBPS = 1e6
export const TOKEN = 'a-token-that-is-long-enough'
const ASN = 64512
const [HOST, ROUTER] = ['127.0.0.1', '127.0.0.2']
const SPILLWAY = fileURLToPath(new URL('../../bin/spillway', import.meta.url))

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
  stop(): Promise<void>
}

/** `exits` use next hops in 172.(16 + index).0.0/31; their interfaces are configured to fit. */
export async function startLab({
  exits,
  maxPrefixLength = 32,
  counterIntervalMs = 1000,
}: {
  exits: readonly Exit[]
  maxPrefixLength?: number
  counterIntervalMs?: number
}): Promise<Lab> {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-lab-'))
  const file = join(folder, 'spillway.yaml')
  const [bgpPort, apiPort, sflowPort] = [await findFreePort(HOST), await findFreePort(HOST), await findFreeUdpPort()]
  const [router, host] = [parseAddress(ROUTER), parseAddress(HOST)]
  const gobgp = await startGobgpd({
    config: renderGobgpdConfig({
      asn: ASN, routerId: HOST, listenPort: bgpPort, localAddresses: [host], neighbors: [{ address: router, localAddress: host }],
    }),
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
        `      - { name: ${name}, ifindex: ${ifIndex}, address: 172.${16 + i}.0.0/31, speed: ${speedBps}, per_prefix_threshold: 30Mbps }`,
    )
    const settings = { interval: '500ms', dry_run: false, min_hold: '3s', stale_after: '5s', withdraw_after: '10s', lease: '20s', ...controller }
    writeFileSync(
      file,
      `sflow: { listen: "${HOST}:${sflowPort}", window: 5s }
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
    get service() {
      return running()
    },
    startService: async () => {
      service = startTied(SPILLWAY, ['run', '-c', file], { env: { ...process.env, SPILLWAY_NODE: process.execPath } })
      let endedBy: string | undefined
      void service.ended.then((how) => (endedBy = how))
      await until('the service listens', async () => {
        if (endedBy !== undefined) throw new Error(`the service ended by ${endedBy}\n${service?.output}`)
        return (await fetch(`${base}/healthz`).catch(() => undefined))?.ok === true
      })
    },
    configure,
    breakConfig: () => writeFileSync(file, 'routers: nonsense\n'),
    get,
    status: async (path) => (await fetch(`${base}${path}`, { signal: AbortSignal.timeout(5000) })).status,
    setMode: async (mode) => {
      const response = await fetch(`${base}/api/v1/mode`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` },
        body: JSON.stringify({ mode }),
        signal: AbortSignal.timeout(5000),
      })
      return response.status
    },
    overrides: () => get('/api/v1/overrides'),
    rib: async () => {
      const [api, port] = gobgp.api.split(':') as [string, string]
      const { stdout } = await promisify(execFile)('gobgp', ['-u', api, '-p', port, '-j', 'global', 'rib'])
      return Object.keys(JSON.parse(stdout) as object).sort()
    },
    carried: () => Object.fromEntries(edge.loads().map((load) => [load.exit, load.bps])),
    stop: async () => {
      await service?.stop()
      await edge.stop()
      await Promise.all([gobgp.stop(), edgeGobgp.stop()])
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function findFreeUdpPort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, HOST)
  await once(socket, 'listening')
  const { port } = socket.address()
  socket.close()
  await once(socket, 'close')
  return port
}
