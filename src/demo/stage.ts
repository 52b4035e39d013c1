/** An edge and all that belongs to it: two gobgpd, the simulated router, the service; a process for each. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { renderGobgpdConfig } from '../bgp/gobgpd-config.ts'
import { parseAddress } from '../model/prefix.ts'
import { parseCommunity } from '../model/route.ts'
import type { Exit } from '../simulator/edge.ts'
import { renderEdgeGobgpd } from '../simulator/edge-gobgpd-config.ts'
import { findFreePort, findFreeUdpPort } from '../simulator/free-port.ts'
import { startGobgpd, type Gobgpd } from '../simulator/gobgpd.ts'
import { startEdgeProcess, type EdgeProcess } from '../simulator/start-edge-process.ts'
import { startTied, type TiedProcess } from '../simulator/tied-process.ts'

/** Where the service finds the others, and they find it. */
export interface ServicePorts {
  /** UDP port for sFlow, and TCP port for REST, on 127.0.0.1. */
  readonly sflow: number
  readonly api: number
  /** gRPC target of the controller's gobgpd. */
  readonly gobgp: string
}

export interface StageOptions {
  readonly exits: readonly Exit[]
  /** The service's configuration, YAML. */
  readonly renderConfig: (ports: ServicePorts) => string
  /** Called once, when a process ends by itself: which, how, and what it printed last. */
  readonly onDeath: (what: string) => void
}

export interface Stage {
  readonly edge: EdgeProcess
  /** `http://HOST:PORT` of the service. */
  readonly restBase: string
  readonly pids: Readonly<Record<string, number>>
  /** Ends all processes and removes the folder. */
  stop(): Promise<void>
}

export const ASN = 64512
/** BGP and sFlow address of the edge router, and the one of the controller's gobgpd. */
export const ROUTER_ADDRESS = '127.0.0.2'
const CONTROLLER_ADDRESS = '127.0.0.1'
const SERVERS_IF_INDEX = 1

const SPILLWAY = fileURLToPath(new URL('../../bin/spillway', import.meta.url))
const LIVENESS_INTERVAL_MS = 250

/** Starts all; when one part fails, what runs already is ended before this rejects. */
export async function startStage({ exits, renderConfig, onDeath }: StageOptions): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-demo-'))
  const removeFolder = (): void => rmSync(folder, { recursive: true, force: true })
  // Also when an exception ends this process.
  process.once('exit', removeFolder)
  const stops: (() => Promise<void>)[] = []
  let stopping = false

  const stop = async (): Promise<void> => {
    stopping = true
    await Promise.all(stops.map((end) => end()))
    removeFolder()
    process.off('exit', removeFolder)
  }
  const reportDeath = (what: string): void => {
    if (stopping) return
    stopping = true
    onDeath(what)
  }
  const keepTied = <T extends TiedProcess>(name: string, child: T): T => {
    stops.push(() => child.stop())
    void child.ended.then((how) => reportDeath(`the ${name} ended by ${how}\n${child.output}`))
    return child
  }
  const keepGobgpd = (name: string, gobgpd: Gobgpd): Gobgpd => {
    const watching = setInterval(() => {
      if (!isAlive(gobgpd.pid)) reportDeath(`the ${name} has ended\n${gobgpd.output}`)
    }, LIVENESS_INTERVAL_MS)
    stops.push(() => {
      clearInterval(watching)
      return gobgpd.stop()
    })
    return gobgpd
  }

  try {
    const controllerPort = await findFreePort(CONTROLLER_ADDRESS)
    const address = parseAddress(ROUTER_ADDRESS)
    const localAddress = parseAddress(CONTROLLER_ADDRESS)
    const controllerConfig = renderGobgpdConfig({
      asn: ASN,
      routerId: CONTROLLER_ADDRESS,
      listenPort: controllerPort,
      marker: parseCommunity(`${ASN}:100`),
      localAddresses: [localAddress],
      neighbors: [{ address, localAddress }],
    })
    const controller = keepGobgpd("controller's gobgpd", await startGobgpd({ config: controllerConfig }))
    const routerConfig = renderEdgeGobgpd({
      asn: ASN,
      address: ROUTER_ADDRESS,
      port: await findFreePort(ROUTER_ADDRESS),
      controller: { address: CONTROLLER_ADDRESS, port: controllerPort },
    })
    const router = keepGobgpd("edge router's gobgpd", await startGobgpd({ config: routerConfig }))

    const sflow = await findFreeUdpPort('127.0.0.1')
    const api = await findFreePort('127.0.0.1')
    const file = join(folder, 'spillway.yaml')
    writeFileSync(file, renderConfig({ sflow, api, gobgp: controller.api }))
    const env = { ...process.env, SPILLWAY_NODE: process.execPath }
    const service = keepTied('service', startTied(SPILLWAY, ['run', '-c', file], { env }))

    const edge = await startEdgeProcess({
      agent: ROUTER_ADDRESS,
      collector: { host: '127.0.0.1', port: sflow },
      samplingRate: 10,
      seed: 1,
      serversIfIndex: SERVERS_IF_INDEX,
      counterIntervalMs: 1_000,
      exits,
      gobgp: router.api,
    })
    keepTied('simulated edge', edge)
    return {
      edge,
      restBase: `http://127.0.0.1:${api}`,
      pids: { controller: controller.pid, router: router.pid, service: service.pid, edge: edge.pid },
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}


function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
