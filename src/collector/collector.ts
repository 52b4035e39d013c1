/** sFlow in, traffic out: the only part that knows of sFlow. */
import { randomInt } from 'node:crypto'
import type { Logger } from 'pino'
import type { TrafficSource } from '../controller/ports.ts'
import type { Clock } from '../model/clock.ts'
import { messageOf } from '../model/error-message.ts'
import type { Router } from '../model/topology.ts'
import type { RouterTraffic } from '../model/traffic.ts'
import { BatchTaker } from './batch-taker.ts'
import { BatchWriter } from './intake/batch-writer.ts'
import { addAgentStats, addStats } from './add-stats.ts'
import { IntakeWarnings } from './intake-warnings.ts'
import { countAll } from './intake/flow-batch.ts'
import { readKernelDrops } from './reception/kernel-drops.ts'
import { LimitedLog } from './limited-log.ts'
import { receiveByEvents, receiveByThreads, ThreadsImpossible, type Reception } from './reception/reception.ts'
import { judgeReceiveBuffer, tellReceiveBuffer, type ReceiveBuffer } from './reception/receive-buffer.ts'
import { RouterTelemetry } from './telemetry/router-telemetry.ts'
import { createIntakeMemory, SharedIntake, type IntakeMemory } from './intake/shared-intake.ts'
import type { CollectorStats } from './stats.ts'
import type { Listen } from './reception/udp-socket.ts'

export interface CollectorOptions {
  readonly listen: Listen
  /** Over which a destination's rate is computed. */
  readonly windowMs: number
  /** Threads that read datagrams; 0: each is an event in this one. */
  readonly workers?: number
  /** Wanted of the kernel, bytes. */
  readonly receiveBufferBytes?: number
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

/** Tables grow as they fill, to some 370 bytes for each. */
const MAX_DESTINATIONS = 2 ** 18
const FEWEST_DESTINATIONS = 2 ** 14
/** Of a batch: it tells half as many destinations apart, at 32 bytes each; there are two. */
const BATCH_SLOTS = 2 ** 19
/** Holds some 29,000 datagrams of full size: what comes in while the service pauses. */
const RECEIVE_BUFFER_BYTES = 32 * 2 ** 20
/** How often it is asked for what has come. */
const TAKE_INTERVAL_MS = 50

/** A collector that is inert until `start`. */
export function createCollector(options: CollectorOptions): Collector {
  return new SflowCollector(options)
}

class SflowCollector implements Collector {
  readonly #options: CollectorOptions
  readonly #log: LimitedLog
  readonly #warnings: IntakeWarnings
  readonly #seed = randomInt(2 ** 31)
  readonly #telemetry: readonly RouterTelemetry[]
  readonly #telemetryByName: ReadonlyMap<string, RouterTelemetry>
  readonly #memories: readonly IntakeMemory[]
  readonly #intakes: readonly SharedIntake[]
  /** Most bytes that one sample may stand for, per interface; threads read it. */
  readonly #mostBytes: Float64Array
  readonly #taker: BatchTaker
  readonly #counterBaselines = { restart: 0, reset: 0, absurd: 0 }
  #reception: Reception | undefined
  #receiveBuffer: ReceiveBuffer | undefined
  /** What events are counted by. */
  #writer: BatchWriter | undefined
  #takeTimer: NodeJS.Timeout | undefined
  #kernelDrops = 0
  #foldedSamples = 0
  #refusedSamples = 0

  constructor(options: CollectorOptions) {
    const { routers, windowMs, workers = 0 } = options
    this.#options = options
    this.#log = new LimitedLog(options.logger, options.clock)
    this.#warnings = new IntakeWarnings(this.#log)
    const share = Math.max(FEWEST_DESTINATIONS, Math.floor(MAX_DESTINATIONS / routers.length))
    const destinations = options.maxDestinationsPerRouter ?? share
    this.#telemetry = routers.map((router) => new RouterTelemetry(router, windowMs, destinations, this.#seed))
    this.#telemetryByName = new Map(routers.map(({ name }, i) => [name, this.#telemetry[i]!]))
    const shape = { ...countAll(routers), slots: BATCH_SLOTS, seed: this.#seed }
    this.#memories = Array.from({ length: Math.max(1, workers) }, () => createIntakeMemory(shape))
    this.#intakes = this.#memories.map((memory) => new SharedIntake(memory))
    this.#mostBytes = new Float64Array(new SharedArrayBuffer(8 * shape.interfaces))
    this.#taker = new BatchTaker(routers, this.#telemetry, this.#mostBytes, (outcome, router, ifIndex) => {
      if (outcome !== 'restart' && outcome !== 'reset' && outcome !== 'absurd') return
      this.#counterBaselines[outcome]++
      this.#log.warn(`counters_${outcome}`, 'interface counters start over', 1, () => ({
        outcome, ifIndex, router: router.name,
      }))
    })
  }

  async start(): Promise<void> {
    if (this.#reception !== undefined) throw new Error('the collector is already started')
    const { listen, clock, logger, receiveBufferBytes = RECEIVE_BUFFER_BYTES } = this.#options
    const reception = await this.#receive(receiveBufferBytes)
    this.#reception = reception
    this.#takeTimer = setInterval(() => {
      this.#writer?.handOverDue(clock())
      this.#takeBatches()
    }, TAKE_INTERVAL_MS)
    logger.info({ host: listen.host, port: reception.port, way: reception.way }, 'listening for sFlow')
    this.#receiveBuffer = judgeReceiveBuffer(reception.toldBufferBytes, receiveBufferBytes)
    tellReceiveBuffer(this.#receiveBuffer, logger)
  }

  async stop(): Promise<void> {
    this.#readKernelDrops()
    clearInterval(this.#takeTimer)
    const reception = this.#reception
    this.#reception = undefined
    await reception?.stop()
    this.#take()
  }

  get port(): number {
    return this.#reception?.port ?? this.#options.listen.port
  }

  /** Traffic as of the router's last telemetry; throws RangeError for a router that is not configured. */
  traffic(router: string): RouterTraffic {
    const telemetry = this.#telemetryByName.get(router)
    if (telemetry === undefined) throw new RangeError(`no router "${router}" is configured`)
    this.#take()
    return telemetry.traffic()
  }

  get stats(): CollectorStats {
    this.#take()
    this.#readKernelDrops()
    const { foldedKeys, evictedKeys } = this.#telemetry.reduce(
      (sum, { crowding }) => ({
        foldedKeys: sum.foldedKeys + crowding.folded,
        evictedKeys: sum.evictedKeys + crowding.evicted,
      }),
      { foldedKeys: this.#foldedSamples, evictedKeys: this.#refusedSamples },
    )
    const intakes = this.#intakes.map(({ stats }) => stats)
    return {
      ...addStats(intakes, this.#kernelDrops),
      agents: this.#options.routers
        .flatMap(({ name: router, sflowAgents }) => sflowAgents.map((agent) => ({ router, agent })))
        .map((one, number) => ({ ...one, ...addAgentStats(intakes, number) })),
      counterBaselines: { ...this.#counterBaselines },
      foldedKeys,
      evictedKeys,
      reception: this.#presentReception(),
    }
  }

  /** Threads where they can be had, and events else. */
  async #receive(receiveBufferBytes: number): Promise<Reception> {
    const { listen, workers = 0, routers, clock, logger } = this.#options
    const order = {
      listen,
      receiveBufferBytes,
      routers,
      seed: this.#seed,
      mostBytes: this.#mostBytes,
      seesAll: true,
    }
    if (workers > 0) {
      try {
        // Datagrams of one source come to one thread, but an agent may have several sources.
        const orders = this.#memories.map((memory) => ({ ...order, memory, seesAll: workers === 1 }))
        return await receiveByThreads(orders, this.#intakes, clock)
      } catch (error) {
        if (!(error instanceof ThreadsImpossible)) throw error
        logger.warn(
          { reason: messageOf(error) },
          'sFlow is received by events: threads cannot read the socket here',
        )
      }
    }
    const writer = new BatchWriter(this.#intakes[0]!, order)
    this.#writer = writer
    return receiveByEvents(
      listen,
      receiveBufferBytes,
      (bytes) => {
        const nowMs = clock()
        if (writer.handOverDue(nowMs)) this.#takeBatches()
        writer.receive(bytes, bytes.length, nowMs)
      },
      (error) => logger.error({ err: error }, 'the sFlow socket reports an error'),
    )
  }

  /** Takes what has come until now. */
  #take(): void {
    this.#writer?.handOver()
    this.#takeBatches()
  }

  #takeBatches(): void {
    for (const intake of this.#intakes) {
      intake.take((batch) => {
        this.#taker.take(batch)
        this.#foldedSamples += batch.destinations.folded
        this.#refusedSamples += batch.destinations.refused
      })
    }
    this.#warnings.tell(this.#intakes.map(({ stats }) => stats))
  }

  #presentReception(): CollectorStats['reception'] {
    if (this.#reception === undefined || this.#receiveBuffer === undefined) return undefined
    const { way } = this.#reception
    return {
      way,
      workers: way === 'threads' ? this.#memories.length : 0,
      datagrams: this.#intakes.map(({ stats }) => stats.count('datagrams')),
      receiveBuffer: this.#receiveBuffer,
    }
  }

  #readKernelDrops(): void {
    if (this.#reception !== undefined) this.#kernelDrops = readKernelDrops(this.#reception.port)
  }
}
