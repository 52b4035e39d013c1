/** All that came of all routers over a short span of time, in memory that threads can share. */
import { DestinationBatch } from './destination-batch.ts'
import { portsOf, type IndexedInterface } from './interface-table.ts'
import type { CounterSample, FlowSample, NextHop } from '../sflow/samples.ts'

/** How much there is to tell apart. */
export interface BatchShape {
  readonly agents: number
  /** Of all routers. */
  readonly interfaces: number
  /** Of all routers: interfaces and members of LAGs. */
  readonly ports: number
  /** Slots for destinations, a power of two. */
  readonly slots: number
  /** Keeps outsiders from choosing addresses that collide. */
  readonly seed: number
}

/** What there is of all these routers. */
export function countAll(
  routers: readonly { readonly sflowAgents: readonly unknown[]; readonly interfaces: readonly IndexedInterface[] }[],
): Pick<BatchShape, 'agents' | 'interfaces' | 'ports'> {
  return {
    agents: routers.reduce((sum, { sflowAgents }) => sum + sflowAgents.length, 0),
    interfaces: routers.reduce((sum, { interfaces }) => sum + interfaces.length, 0),
    ports: routers.reduce((sum, { interfaces }) => sum + portsOf(interfaces).length, 0),
  }
}

/** Per interface and side: bytes, their squares, samples. */
const SUMS = 3
/**
 * Per interface: next hops that are told apart, each with its family, its words and the samples that it had.
 */
const HOPS = 4
const HOP_WORDS = 6
/** Per port: arrival (0: none), agent, uptime, and the sample. */
const COUNTER_FIELDS = [
  'sequence',
  'sourceType',
  'sourceIndex',
  'ifIndex',
  'speedBps',
  'status',
  'outOctets',
  'inDiscards',
  'inErrors',
  'outDiscards',
  'outErrors',
] as const satisfies readonly (keyof CounterSample)[]
const COUNTERS = 3 + COUNTER_FIELDS.length
/** Per agent: when samples and when counters last came; 0: not at all. */
const TIMES = 2

export class FlowBatch {
  readonly destinations: DestinationBatch
  readonly #shape: BatchShape
  readonly #times: Float64Array
  readonly #sums: Float64Array
  readonly #counters: Float64Array
  readonly #hops: Uint32Array

  /** Bytes of memory for a batch. */
  static size({ agents, interfaces, ports, slots }: BatchShape): number {
    const doubles = agents * TIMES + interfaces * 2 * SUMS + ports * COUNTERS
    return 8 * doubles + 4 * interfaces * HOPS * HOP_WORDS + DestinationBatch.size(slots)
  }

  /** Memory of `size(shape)` bytes, all zero at first. */
  constructor(memory: SharedArrayBuffer, shape: BatchShape) {
    const { agents, interfaces, ports, slots, seed } = shape
    let at = 0
    const doubles = (length: number): Float64Array => {
      const section = new Float64Array(memory, at, length)
      at += section.byteLength
      return section
    }
    this.#shape = shape
    this.#times = doubles(agents * TIMES)
    this.#sums = doubles(interfaces * 2 * SUMS)
    this.#counters = doubles(ports * COUNTERS)
    this.#hops = new Uint32Array(memory, at, interfaces * HOPS * HOP_WORDS)
    this.destinations = new DestinationBatch(memory, at + this.#hops.byteLength, slots, seed)
  }

  /** Flow samples of an agent came, whatever interface they left by. */
  hearFlows(agent: number, nowMs: number): void {
    this.#times[agent * TIMES] = nowMs
  }

  /** Counter samples of an agent came, whatever interface they were of. */
  hearCounters(agent: number, nowMs: number): void {
    this.#times[agent * TIMES + 1] = nowMs
  }

  /** When the agent's flow samples last came, ms; 0 when there are none. */
  lastFlowMs(agent: number): number {
    return this.#times[agent * TIMES]!
  }

  /** When the agent's counter samples last came, ms; 0 when there are none. */
  lastCounterMs(agent: number): number {
    return this.#times[agent * TIMES + 1]!
  }

  /**
   * Counts a sample that left by an interface.
   *
   * @param bytes what it stands for, whole
   */
  add(interfaceNumber: number, isEgress: boolean, sample: Readonly<FlowSample>, bytes: number): void {
    const side = interfaceNumber * 2 + (isEgress ? 1 : 0)
    const sums = this.#sums
    sums[side * SUMS]! += bytes
    sums[side * SUMS + 1]! += bytes * bytes
    sums[side * SUMS + 2]!++
    const { family, w0, w1, w2, w3, nextHop } = sample
    if (family !== 0) this.destinations.add(side * 2 + (family === 6 ? 1 : 0), w0, w1, w2, w3, bytes)
    if (nextHop.family !== 0) this.#addHop(interfaceNumber, nextHop)
  }

  /** Keeps a counter sample: the last one of each port, as more in so short a time tell nothing. */
  keepCounters(
    port: number,
    agent: number,
    sample: Readonly<CounterSample>,
    uptimeMs: number,
    nowMs: number,
  ): void {
    const counters = this.#counters
    const at = port * COUNTERS
    counters[at] = nowMs
    counters[at + 1] = agent
    counters[at + 2] = uptimeMs
    for (let i = 0; i < COUNTER_FIELDS.length; i++) counters[at + 3 + i] = sample[COUNTER_FIELDS[i]!]
  }

  /** What came by one side of an interface: bytes, their squares, and samples. */
  sum(interfaceNumber: number, isEgress: boolean): { bytes: number; squares: number; samples: number } {
    const at = (interfaceNumber * 2 + (isEgress ? 1 : 0)) * SUMS
    return { bytes: this.#sums[at]!, squares: this.#sums[at + 1]!, samples: this.#sums[at + 2]! }
  }

  /** Next hops of the interface's samples, each with the number of its samples. */
  nextHops(interfaceNumber: number): { hop: NextHop; samples: number }[] {
    const found = []
    for (let i = 0; i < HOPS; i++) {
      const at = (interfaceNumber * HOPS + i) * HOP_WORDS
      const [family, w0, w1, w2, w3, samples] = this.#hops.subarray(at, at + HOP_WORDS) as unknown as number[]
      if (samples === 0) break
      found.push({ hop: { family: family as 4 | 6, w0: w0!, w1: w1!, w2: w2!, w3: w3! }, samples: samples! })
    }
    return found
  }

  /** The port's counter sample, if one came. */
  counters(
    port: number,
  ): { sample: CounterSample; agent: number; uptimeMs: number; arrivalMs: number } | undefined {
    const fields = this.#counters.subarray(port * COUNTERS, (port + 1) * COUNTERS)
    const [arrivalMs, agent, uptimeMs] = fields as unknown as [number, number, number]
    if (arrivalMs === 0) return undefined
    const sample = Object.fromEntries(COUNTER_FIELDS.map((field, i) => [field, fields[3 + i]!]))
    return { sample: sample as unknown as CounterSample, agent, uptimeMs, arrivalMs }
  }

  clear(): void {
    this.#times.fill(0)
    this.#sums.fill(0)
    this.#hops.fill(0)
    for (let i = 0; i < this.#shape.ports; i++) this.#counters[i * COUNTERS] = 0
    this.destinations.clear()
  }

  /** More next hops than there is room for are rare, and what they tell is told by the others. */
  #addHop(interfaceNumber: number, { family, w0, w1, w2, w3 }: Readonly<NextHop>): void {
    const hops = this.#hops
    for (let i = 0; i < HOPS; i++) {
      const at = (interfaceNumber * HOPS + i) * HOP_WORDS
      const samples = hops[at + 5]!
      if (samples === 0) {
        hops[at] = family
        hops[at + 1] = w0
        hops[at + 2] = w1
        hops[at + 3] = w2
        hops[at + 4] = w3
      } else if (
        hops[at] !== family ||
        hops[at + 1] !== w0 ||
        hops[at + 2] !== w1 ||
        hops[at + 3] !== w2 ||
        hops[at + 4] !== w3
      ) {
        continue
      }
      hops[at + 5] = samples + 1
      return
    }
  }
}
