/** The edge as it runs: routers, gobgpd, sFlow, the server's traffic, the service; and how to look at it. */
import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createRestClient, type RestClient } from '../src/demo/rest-client.ts'
import { messageOf } from '../src/model/error-message.ts'
import type { OverrideStyle } from '../src/model/topology.ts'
import { startGobgpd, type Gobgpd } from '../src/simulator/gobgpd.ts'
import { startTied, type TiedProcess } from '../src/simulator/tied-process.ts'
import {
  buildNetwork, CONTROLLER, CUSTOMER, ISP1, ISP2, NFLOG_GROUP, PREFIXES, ROUTER2, SERVER,
} from './edge-network.ts'
import { FOLDER } from './enclosure.ts'
import type { ExporterOptions } from './exporter.ts'
import { FRR } from './frr.ts'
import { renderNeighbors, type Neighbor } from './frr-config.ts'
import { parseInterfaceTotals } from './interface-totals.ts'
import { KernelRoutes, parseRouteChange } from './kernel-routes.ts'
import { StepFailed } from './step-failed.ts'
import type { RouterSoftware, Start } from './router-software.ts'
import type { Stream } from './sender.ts'
import { API_PORT, renderServiceConfig, SFLOW_PORT } from './service-config.ts'
import { until } from './until.ts'

export interface EdgeOptions {
  /** What the router runs; its neighbors run FRR. */
  readonly software: RouterSoftware
  readonly counterIntervalMs: number
  readonly samplingRate: number
  /** Called once, when a process ends by itself: which, how, and what it printed last. */
  readonly onDeath: (what: string) => void
}

/** Kernels whose routes are followed. */
export type Watched = 'router' | 'customer' | 'router2'

export interface Edge {
  /** Sets the server's streams; resolves with the time at which that took effect, ms since the epoch. */
  send(streams: readonly Stream[]): Promise<number>
  /** What the router's links to both ISPs carry, bit/s, by the kernel's counters over so long from now. */
  measure(ms: number): Promise<Loads>
  /** Routing tables of the kernels, as they are now and as they changed. */
  readonly routes: Readonly<Record<Watched, KernelRoutes>>
  /** See RouterSoftware; rejects where the router knows no weight. */
  setWeight(weight: number): Promise<void>
  /** Prefixes of the paths that a neighbor of the router has. */
  learned(neighbor: Neighbor): Promise<readonly string[]>
  /** Resolves when the service listens. */
  startService(style: OverrideStyle): Promise<void>
  stopService(): Promise<void>
  /** Takes out of GoBGP what a service that has stopped left there. */
  withdrawOverrides(): Promise<void>
  readonly rest: RestClient
  readonly gobgpd: Gobgpd
  /** Prefixes of what was injected, asked of gobgpd with its own client; rejects when it does not answer. */
  overridesInGobgp(): Promise<readonly string[]>
  /** GoBGP's session with the router is established. */
  isSessionUp(): Promise<boolean>
}

export interface Loads {
  readonly isp1Bps: number
  readonly isp2Bps: number
}

const GOBGPD_PORT = 50051
/** As GoBGP's API has it. */
const ESTABLISHED = 6
const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

/** Resolves when BGP has converged and samples flow; the service is not started yet. */
export async function startEdge(options: EdgeOptions): Promise<Edge> {
  const { software, counterIntervalMs, samplingRate, onDeath } = options
  const keep = (name: string, child: TiedProcess): TiedProcess => {
    void child.ended.then((how) => onDeath(`the ${name} ended by ${how}\n${child.output}`))
    return child
  }
  const start: Start = (machine, command, env) => {
    const options = { readsStdout: true, ...(env !== undefined && { env }) }
    const child = startTied('ip', ['netns', 'exec', machine, ...command], options)
    return keep(`${command[0]} of ${machine}`, child)
  }

  buildNetwork({ rate: samplingRate, group: NFLOG_GROUP })
  const routes = {
    router: followRoutes('router', start),
    customer: followRoutes('customer', start),
    router2: followRoutes('router2', start),
  }
  const gobgpdConfig = readFileSync(file('../docs/gobgpd.toml'), 'utf8')
  const gobgpd = await startGobgpd({ config: gobgpdConfig, apiPort: GOBGPD_PORT, args: ['-r'] })
  const neighbors = Object.entries(renderNeighbors()) as [Neighbor, string][]
  // They wait for the router to connect, and so begin.
  await Promise.all(neighbors.map(([neighbor, config]) => FRR.start(neighbor, config, start)))
  const daemon = await software.start('router', software.renderRouter(), start)

  const exporterOptions: ExporterOptions = {
    agent: CONTROLLER.address,
    collector: { host: CONTROLLER.remote, port: SFLOW_PORT },
    group: NFLOG_GROUP,
    samplingRate,
    counterIntervalMs,
    interfaces: [ISP1, ISP2, SERVER, CONTROLLER, CUSTOMER, ROUTER2].map(({ name }) => name),
  }
  const exporter = start('router', [process.execPath, file('./exporter.ts'), JSON.stringify(exporterOptions)])
  exporter.process.stdout!.resume()
  const sender = start('server', [process.execPath, file('./sender.ts')])
  const answers = createInterface({ input: sender.process.stdout! })[Symbol.asyncIterator]()

  const readTotals = (): Reading => {
    // /proc/PID/net is that of the process's own namespace.
    const totals = parseInterfaceTotals(readFileSync(`/proc/${daemon.pid}/net/dev`, 'utf8'))
    const bytes = (name: string): number => totals.get(name)!.outBytes
    return { atMs: performance.now(), isp1: bytes(ISP1.name), isp2: bytes(ISP2.name) }
  }
  const learned: Edge['learned'] = async (neighbor) => [...(await FRR.countPaths(neighbor)).keys()].toSorted()
  let lacking: readonly string[] = PREFIXES
  const converges = async (): Promise<boolean> => {
    const paths = await software.countPaths('router')
    const told = await Promise.all([learned('customer'), learned('router2')])
    const isComplete = (prefix: string): boolean =>
      paths.get(prefix) === 2 && routes.router.has(prefix) && told.every((prefixes) => prefixes.includes(prefix))
    lacking = PREFIXES.filter((prefix) => !isComplete(prefix))
    return lacking.length === 0
  }
  await until('BGP converges', converges, () => `${lacking.join(', ')} not known everywhere`)

  const config = `${FOLDER}/spillway.yaml`
  const env = { ...process.env, SPILLWAY_NODE: process.execPath }
  const spillway = (command: string): TiedProcess => startTied(file('../bin/spillway'), [command, '-c', config], { env })
  let service: TiedProcess | undefined
  const rest = createRestClient(`http://127.0.0.1:${API_PORT}`)
  return {
    send: async (streams) => {
      sender.process.stdin!.write(`${JSON.stringify(streams)}\n`)
      return Number((await answers.next()).value)
    },
    measure: async (ms) => {
      const start = readTotals()
      await sleep(ms)
      const end = readTotals()
      const bps = (bytes: number): number => (bytes * 8000) / (end.atMs - start.atMs)
      return { isp1Bps: bps(end.isp1 - start.isp1), isp2Bps: bps(end.isp2 - start.isp2) }
    },
    routes,
    learned,
    setWeight: async (weight) => {
      if (software.setWeight === undefined) throw new StepFailed(`${software.name} knows no weight: play it with --router frr`)
      await software.setWeight('router', weight)
    },
    startService: async (style) => {
      writeFileSync(config, renderServiceConfig(style))
      service = spillway('run')
      const mine = service
      void mine.ended.then((how) => {
        if (service === mine) onDeath(`the service ended by ${how}\n${mine.output}`)
      })
      let missing: string | undefined
      const isReady = async (): Promise<boolean> => (missing = await rest.notReady()) === undefined
      await until('the service is ready', isReady, () => missing).catch(async (error: unknown) => {
        throw new Error(`${messageOf(error)}\nits sFlow: ${await rest.sflow()}\nits log:\n${mine.output}`)
      })
    },
    stopService: async () => {
      const ending = service
      service = undefined
      await ending?.stop()
    },
    withdrawOverrides: async () => {
      const command = spillway('withdraw')
      const how = await command.ended
      if (how !== 'exit code 0') throw new StepFailed(`withdraw ended by ${how}\n${command.output}`)
    },
    rest,
    gobgpd,
    overridesInGobgp: async () => {
      const tables = await Promise.all(['ipv4', 'ipv6'].map((family) => askGobgpd('global', 'rib', '-a', family)))
      return tables.flatMap((table) => Object.keys(table as object)).toSorted()
    },
    isSessionUp: async () => {
      const peers = (await askGobgpd('neighbor')) as { state: { session_state: number } }[]
      return peers.every(({ state }) => state.session_state === ESTABLISHED)
    },
  }
}

async function askGobgpd(...what: readonly string[]): Promise<unknown> {
  const { stdout } = await promisify(execFile)('gobgp', ['-p', String(GOBGPD_PORT), '-j', ...what])
  return JSON.parse(stdout)
}

interface Reading {
  readonly atMs: number
  readonly isp1: number
  readonly isp2: number
}

/** Before any route is there. */
function followRoutes(machine: Watched, start: Start): KernelRoutes {
  const routes = new KernelRoutes()
  const monitor = start(machine, ['ip', '-tshort', 'monitor', 'route'], { ...process.env, TZ: 'UTC' })
  createInterface({ input: monitor.process.stdout! }).on('line', (line) => {
    const change = parseRouteChange(line)
    if (change !== undefined) routes.apply(change)
  })
  return routes
}
