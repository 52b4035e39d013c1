/** sFlow in, traffic out: the only part that knows of sFlow. */
import { randomInt } from 'node:crypto'
import type { RemoteInfo } from 'node:dgram'
import type { Logger } from 'pino'
import type { TrafficSource } from '../controller/ports.ts'
import type { Clock } from '../model/clock.ts'
import { formatAddress } from '../model/prefix.ts'
import type { Router } from '../model/topology.ts'
import type { RouterTraffic } from '../model/traffic.ts'
import { AgentTable } from './agent-table.ts'
import { readKernelDrops } from './kernel-drops.ts'
import { LimitedLog } from './limited-log.ts'
import { RouterTelemetry } from './router-telemetry.ts'
import { SequenceTracker } from './sequence-tracker.ts'
import { SflowDecoder } from './sflow/decoder.ts'
import {
  MALFORMED_REASONS,
  type CounterSample, type DatagramHeader, type FlowSample, type MalformedReason, type SflowSink,
} from './sflow/samples.ts'
import type { CollectorStats } from './stats.ts'
import { listenUdp, type UdpListener } from './udp-listener.ts'

export interface CollectorOptions {
  readonly listen: { readonly host: string; readonly port: number }
  /** Over which a destination's rate is computed. */
  readonly windowMs: number
  readonly routers: readonly Router[]
  readonly clock: Clock
  readonly logger: Logger
  /** Destinations remembered of each router; by default an equal share of 262,144. */
  readonly maxDestinationsPerRouter?: number
}

export interface Collector extends TrafficSource {
  /** Listens; rejects when the address cannot be used. */
  start(): Promise<void>
  stop(): Promise<void>
  /** UDP port that it listens on; that of the options before `start`. */
  readonly port: number
  readonly stats: CollectorStats
}

/** 268 bytes each, so 70 MB in all; tables grow as they fill. More would make pauses that cost datagrams. */
const MAX_DESTINATIONS = 2 ** 18
const FEWEST_DESTINATIONS = 2 ** 14
const MAX_SOURCES = 2 ** 16

/** A collector that is inert until `start`. */
export function createCollector(options: CollectorOptions): Collector {
  return new SflowCollector(options)
}

class SflowCollector implements Collector, SflowSink {
  readonly #options: CollectorOptions
  readonly #log: LimitedLog
  readonly #decoder = new SflowDecoder(this)
  readonly #agents: AgentTable
  readonly #routers: readonly RouterTelemetry[]
  readonly #routerByName: ReadonlyMap<string, RouterTelemetry>
  readonly #datagramNumbers: SequenceTracker
  readonly #flowNumbers: SequenceTracker
  readonly #counterNumbers: SequenceTracker
  #listener: UdpListener | undefined
  #kernelDrops = 0

  readonly #malformed = Object.fromEntries(MALFORMED_REASONS.map((reason) => [reason, 0])) as Record<
    MalformedReason,
    number
  >
  readonly #counterBaselines = { restart: 0, reset: 0, absurd: 0 }
  #datagrams = 0
  #flowSamples = 0
  #counterSamples = 0
  #agentDrops = 0
  #unknownAgent = 0
  #unknownInterfaces = 0
  #withoutInterface = 0

  /** The datagram at hand. */
  #nowMs = 0
  #from: RemoteInfo | undefined
  #agent = -1
  #router: RouterTelemetry | undefined
  #subAgent = 0
  #uptimeMs = 0

  constructor(options: CollectorOptions) {
    const { routers, windowMs } = options
    this.#options = options
    this.#log = new LimitedLog(options.logger, options.clock)
    const seed = randomInt(2 ** 31)
    const share = Math.max(FEWEST_DESTINATIONS, Math.floor(MAX_DESTINATIONS / routers.length))
    const destinations = options.maxDestinationsPerRouter ?? share
    this.#agents = new AgentTable(routers)
    this.#routers = routers.map((router) => new RouterTelemetry(router, windowMs, destinations, seed))
    this.#routerByName = new Map(routers.map(({ name }, i) => [name, this.#routers[i]!]))
    this.#datagramNumbers = new SequenceTracker(MAX_SOURCES, seed)
    this.#flowNumbers = new SequenceTracker(MAX_SOURCES, seed)
    this.#counterNumbers = new SequenceTracker(MAX_SOURCES, seed)
  }

  async start(): Promise<void> {
    if (this.#listener !== undefined) throw new Error('the collector is already started')
    const { listen, logger } = this.#options
    this.#listener = await listenUdp(listen, logger, (bytes, from) => this.#receive(bytes, from))
    logger.info({ host: listen.host, port: this.#listener.port }, 'listening for sFlow')
  }

  async stop(): Promise<void> {
    this.#readKernelDrops()
    const listener = this.#listener
    this.#listener = undefined
    await listener?.close()
  }

  get port(): number {
    return this.#listener?.port ?? this.#options.listen.port
  }

  /** Traffic as of the router's last telemetry; throws RangeError for a router that is not configured. */
  traffic(router: string): RouterTraffic {
    const telemetry = this.#routerByName.get(router)
    if (telemetry === undefined) throw new RangeError(`no router "${router}" is configured`)
    return telemetry.traffic()
  }

  get stats(): CollectorStats {
    this.#readKernelDrops()
    const [datagrams, flowSamples, counterSamples] = [
      this.#datagramNumbers.counts, this.#flowNumbers.counts, this.#counterNumbers.counts,
    ]
    return {
      datagrams: this.#datagrams,
      flowSamples: this.#flowSamples,
      counterSamples: this.#counterSamples,
      malformed: { ...this.#malformed },
      dropped: {
        kernel: this.#kernelDrops,
        sequence: datagrams.lost,
        agent: this.#agentDrops,
        unknownAgent: this.#unknownAgent,
      },
      sequences: {
        datagrams: { ...datagrams },
        flowSamples: { ...flowSamples },
        counterSamples: { ...counterSamples },
      },
      restarts: datagrams.restarts,
      unknownInterfaces: this.#unknownInterfaces,
      withoutInterface: this.#withoutInterface,
      counterBaselines: { ...this.#counterBaselines },
      foldedKeys: this.#routers.reduce((sum, { crowding }) => sum + crowding.folded, 0),
      evictedKeys: this.#routers.reduce((sum, { crowding }) => sum + crowding.evicted, 0),
    }
  }

  datagram(header: Readonly<DatagramHeader>): boolean {
    const agent = this.#agents.find(header)
    if (agent < 0) {
      this.#unknownAgent++
      this.#log.warn('unknown_agent', 'sFlow from an agent that no router has as its sflow_agent', () => ({
        agent: formatAddress(header), from: this.#from?.address,
      }))
      return false
    }
    const { subAgent, sequence, uptimeMs } = header
    this.#agent = agent
    this.#subAgent = subAgent
    this.#uptimeMs = uptimeMs
    this.#router = this.#routers[this.#agents.routerOf(agent)]
    return this.#datagramNumbers.advance(agent, subAgent, 0, 0, sequence, uptimeMs)
  }

  flow(sample: Readonly<FlowSample>): void {
    const { sourceType, sourceIndex, sequence } = sample
    this.#flowNumbers.advance(this.#agent, this.#subAgent, sourceType, sourceIndex, sequence, this.#uptimeMs)
    this.#agentDrops += this.#flowNumbers.growth(sample.drops)
    const outcome = this.#router!.flow(sample, this.#nowMs)
    if (outcome === 'absurd') return this.malformed('absurd')
    this.#flowSamples++
    if (outcome === 'counted') return
    if (sample.egressIfIndex === 0) this.#withoutInterface++
    else this.#unknownInterfaces++
  }

  counters(sample: Readonly<CounterSample>): void {
    const { sourceType, sourceIndex, sequence, ifIndex } = sample
    const uptimeMs = this.#uptimeMs
    this.#counterSamples++
    this.#counterNumbers.advance(this.#agent, this.#subAgent, sourceType, sourceIndex, sequence, uptimeMs)
    if (ifIndex === 0) return
    const outcome = this.#router!.counters(sample, uptimeMs, this.#nowMs)
    if (outcome !== 'restart' && outcome !== 'reset' && outcome !== 'absurd') return
    this.#counterBaselines[outcome]++
    this.#log.warn(`counters_${outcome}`, 'interface counters start over', () => ({
      outcome, ifIndex, from: this.#from?.address,
    }))
  }

  malformed(reason: MalformedReason): void {
    this.#malformed[reason]++
    this.#log.warn(`malformed_${reason}`, 'refused an sFlow datagram or sample', () => ({
      reason, from: this.#from?.address,
    }))
  }

  #receive(bytes: Uint8Array, from: RemoteInfo): void {
    this.#datagrams++
    this.#nowMs = this.#options.clock()
    this.#from = from
    this.#decoder.decode(bytes)
  }

  #readKernelDrops(): void {
    if (this.#listener !== undefined) this.#kernelDrops = readKernelDrops(this.#listener.port)
  }
}
