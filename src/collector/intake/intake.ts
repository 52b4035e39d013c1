/** Datagrams in, sums out: what runs for every single sample, whichever thread and way they come by. */
import type { Router } from '../../model/topology.ts'
import { AgentTable } from './agent-table.ts'
import type { FlowBatch } from './flow-batch.ts'
import { AGENT_COUNT, COUNT, type IntakeStats } from './intake-stats.ts'
import { InterfaceTable, portsOf, type IndexedInterface } from './interface-table.ts'
import { SequenceTracker } from './sequence-tracker.ts'
import { SflowDecoder } from '../sflow/decoder.ts'
import type {
  CounterSample, DatagramHeader, FlowSample, MalformedReason, SflowSink,
} from '../sflow/samples.ts'

/** What the intake knows of a router; it crosses to other threads as it is. */
export type IntakeRouter = Pick<Router, 'sflowAgents'> & {
  readonly interfaces: readonly IndexedInterface[]
}

export interface IntakeOptions {
  readonly routers: readonly IntakeRouter[]
  /** Keeps outsiders from choosing what collides. */
  readonly seed: number
  /**
   * Most bytes that one sample may stand for, per interface, those of the first router first; others write
   * it.
   */
  readonly mostBytes: Float64Array
  readonly stats: IntakeStats
  /**
   * It sees all datagrams of an agent, so that what is missing in their numbers was lost, and is made up for.
   */
  readonly seesAll: boolean
}

const MAX_SOURCES = 2 ** 16

/** Counts into the batch that it was last given. */
export class Intake implements SflowSink {
  readonly #decoder = new SflowDecoder(this)
  readonly #agents: AgentTable
  readonly #interfaces: InterfaceTable
  readonly #ports: InterfaceTable
  readonly #mostBytes: Float64Array
  readonly #stats: IntakeStats
  readonly #datagramNumbers: SequenceTracker
  readonly #flowNumbers: SequenceTracker
  readonly #counterNumbers: SequenceTracker
  #batch: FlowBatch

  /** The datagram at hand. */
  #nowMs = 0
  #agent = -1
  #subAgent = 0
  #uptimeMs = 0
  /** How many datagrams it stands for. */
  #weight = 1
  #router = 0

  constructor({ routers, seed, mostBytes, stats, seesAll }: IntakeOptions, batch: FlowBatch) {
    this.#agents = new AgentTable(routers)
    this.#interfaces = new InterfaceTable(routers)
    this.#ports = new InterfaceTable(routers.map(({ interfaces }) => ({ interfaces: portsOf(interfaces) })))
    this.#mostBytes = mostBytes
    this.#stats = stats
    this.#datagramNumbers = new SequenceTracker(MAX_SOURCES, seed, seesAll)
    this.#flowNumbers = new SequenceTracker(MAX_SOURCES, seed)
    this.#counterNumbers = new SequenceTracker(MAX_SOURCES, seed)
    this.#batch = batch
  }

  /** From now on samples count into this batch. */
  countInto(batch: FlowBatch): void {
    this.#batch = batch
  }

  /** Takes the datagram in the first `end` bytes. */
  receive(bytes: Uint8Array, end: number, nowMs: number): void {
    this.#stats.add(COUNT.datagrams)
    this.#nowMs = nowMs
    this.#decoder.decode(bytes, end)
  }

  /** Writes what it counts of numbering to the stats; the rest is there at once. */
  publish(): void {
    this.#stats.setSequences('datagrams', this.#datagramNumbers.counts)
    this.#stats.setSequences('flowSamples', this.#flowNumbers.counts)
    this.#stats.setSequences('counterSamples', this.#counterNumbers.counts)
  }

  datagram(header: Readonly<DatagramHeader>): boolean {
    const agent = this.#agents.find(header)
    if (agent < 0) {
      this.#stats.meetStranger(header)
      return false
    }
    const { subAgent, sequence, uptimeMs } = header
    this.#agent = agent
    this.#subAgent = subAgent
    this.#uptimeMs = uptimeMs
    this.#router = this.#agents.routerOf(agent)
    const numbers = this.#datagramNumbers
    const { lost, duplicates, restarts } = numbers.counts
    const isNew = numbers.advance(agent, subAgent, 0, 0, sequence, uptimeMs)
    this.#stats.addOfAgent(agent, AGENT_COUNT.datagrams, 1)
    if (numbers.counts.lost !== lost) {
      this.#stats.addOfAgent(agent, AGENT_COUNT.lost, numbers.counts.lost - lost)
    }
    if (numbers.counts.duplicates !== duplicates) this.#stats.addOfAgent(agent, AGENT_COUNT.duplicates, 1)
    if (numbers.counts.restarts !== restarts) this.#stats.addOfAgent(agent, AGENT_COUNT.restarts, 1)
    if (!isNew) return false
    this.#weight = numbers.makeUp()
    return true
  }

  flow(sample: Readonly<FlowSample>): void {
    const { sourceType, sourceIndex, sequence, egressIfIndex, frameLength, samplingRate } = sample
    const numbers = this.#flowNumbers
    const { lost } = numbers.counts
    numbers.advance(this.#agent, this.#subAgent, sourceType, sourceIndex, sequence, this.#uptimeMs)
    if (numbers.counts.lost !== lost) {
      this.#stats.addOfAgent(this.#agent, AGENT_COUNT.lostSamples, numbers.counts.lost - lost)
    }
    const drops = numbers.growth(sample.drops)
    if (drops > 0) {
      numbers.owe(drops)
      this.#stats.add(COUNT.agentDrops, drops)
      this.#stats.addOfAgent(this.#agent, AGENT_COUNT.dropped, drops)
    }
    const bytes = frameLength * samplingRate
    const interfaceNumber = this.#interfaces.find(this.#router, egressIfIndex)
    if (interfaceNumber >= 0 && bytes > this.#mostBytes[interfaceNumber]!) {
      return this.malformed('absurd')
    }
    this.#stats.add(COUNT.flowSamples)
    this.#batch.hearFlows(this.#agent, this.#nowMs)
    if (interfaceNumber < 0) {
      this.#stats.add(egressIfIndex === 0 ? COUNT.withoutInterface : COUNT.unknownInterfaces)
      return
    }
    const isEgress =
      sourceType === 0 &&
      (sourceIndex === egressIfIndex || this.#interfaces.find(this.#router, sourceIndex) === interfaceNumber)
    const weight = this.#weight * numbers.makeUp()
    this.#batch.add(interfaceNumber, isEgress, sample, weight === 1 ? bytes : Math.round(bytes * weight))
  }

  counters(sample: Readonly<CounterSample>): void {
    const { sourceType, sourceIndex, sequence, ifIndex } = sample
    const uptimeMs = this.#uptimeMs
    this.#stats.add(COUNT.counterSamples)
    this.#counterNumbers.advance(this.#agent, this.#subAgent, sourceType, sourceIndex, sequence, uptimeMs)
    if (ifIndex === 0) return
    this.#batch.hearCounters(this.#agent, this.#nowMs)
    const port = this.#ports.find(this.#router, ifIndex)
    if (port < 0) return
    this.#batch.keepCounters(port, this.#agent, sample, uptimeMs, this.#nowMs)
  }

  malformed(reason: MalformedReason): void {
    this.#stats.refuse(reason)
  }
}
