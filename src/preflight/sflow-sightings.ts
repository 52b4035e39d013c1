/**
 * What sFlow shows of routers, agents and interfaces, told apart as the collector does. Pure but for its own
 * state.
 */
import { AgentTable } from '../collector/intake/agent-table.ts'
import type { CounterSample, DatagramHeader, FlowSample, SflowSink } from '../collector/sflow/samples.ts'
import { formatAddress, type Address } from '../model/prefix.ts'
import type { Router } from '../model/topology.ts'
import type { Comparison, InterfaceSflow, RouterSflow } from './facts.ts'

/** Agents and ifIndexes come from the network: so many are told apart. */
const MOST_STRANGERS = 1_000
const MOST_INTERFACES = 10_000

/** Of samples: how many, the bytes that they stand for, and the sum of those squared. */
interface Sums {
  readonly samples: number
  readonly bytes: number
  readonly squares: number
}

interface CounterMark {
  readonly atMs: number
  readonly outOctets: number
  readonly egress: Sums
  readonly ingress: Sums
}

interface Sighting {
  egress: Sums
  ingress: Sums
  readonly samplingRates: Set<number>
  counterSamples: number
  first: CounterMark | undefined
  last: CounterMark | undefined
}

const NOTHING: Sums = { samples: 0, bytes: 0, squares: 0 }
/** For 95 % of a normal distribution. */
const SIGMAS = 1.96

export class SflowSightings implements SflowSink {
  readonly #routers: readonly Router[]
  readonly #agents: AgentTable
  readonly #datagramsOf: number[]
  /** By router, then by ifIndex. */
  readonly #sightings: readonly Map<number, Sighting>[]
  readonly #strangers = new Map<string, number>()
  #router = 0
  #nowMs = 0
  datagrams = 0
  malformedCount = 0

  constructor(routers: readonly Router[]) {
    this.#routers = routers
    this.#agents = new AgentTable(routers)
    this.#datagramsOf = routers.flatMap(({ sflowAgents }) => sflowAgents.map(() => 0))
    this.#sightings = routers.map(() => new Map<number, Sighting>())
  }

  /** When what the decoder tells next came in, ms. */
  set nowMs(nowMs: number) {
    this.#nowMs = nowMs
  }

  get strangers(): { agent: string; datagrams: number }[] {
    return [...this.#strangers].map(([agent, datagrams]) => ({ agent, datagrams }))
  }

  datagram(header: Readonly<DatagramHeader>): boolean {
    this.datagrams++
    const agent = this.#agents.find(header)
    if (agent < 0) {
      const text = formatAddress(header)
      if (this.#strangers.has(text) || this.#strangers.size < MOST_STRANGERS) {
        this.#strangers.set(text, (this.#strangers.get(text) ?? 0) + 1)
      }
      return false
    }
    this.#datagramsOf[agent]!++
    this.#router = this.#agents.routerOf(agent)
    return true
  }

  flow({ sourceType, sourceIndex, egressIfIndex, samplingRate, frameLength }: Readonly<FlowSample>): void {
    if (egressIfIndex === 0) return
    const sighting = this.#sighting(egressIfIndex)
    if (sighting === undefined) return
    const direction = sourceType === 0 && sourceIndex === egressIfIndex ? 'egress' : 'ingress'
    const { samples, bytes, squares } = sighting[direction]
    const stood = samplingRate * frameLength
    sighting[direction] = { samples: samples + 1, bytes: bytes + stood, squares: squares + stood ** 2 }
    sighting.samplingRates.add(samplingRate)
  }

  counters({ ifIndex, outOctets }: Readonly<CounterSample>): void {
    if (ifIndex === 0) return
    const sighting = this.#sighting(ifIndex)
    if (sighting === undefined) return
    const { egress, ingress } = sighting
    sighting.counterSamples++
    if (outOctets < 0) return
    sighting.last = { atMs: this.#nowMs, outOctets, egress, ingress }
    sighting.first ??= sighting.last
  }

  malformed(): void {
    this.malformedCount++
  }

  /** In the order of the configuration. */
  routers(): RouterSflow[] {
    let agent = 0
    return this.#routers.map(({ name, sflowAgents }, i) => ({
      name,
      agents: sflowAgents.map((address: Address) => ({
        agent: address,
        datagrams: this.#datagramsOf[agent++]!,
      })),
      interfaces: [...this.#sightings[i]!].map(([ifIndex, sighting]) => present(ifIndex, sighting)),
    }))
  }

  #sighting(ifIndex: number): Sighting | undefined {
    const seen = this.#sightings[this.#router]!
    let sighting = seen.get(ifIndex)
    if (sighting === undefined && seen.size < MOST_INTERFACES) {
      sighting = {
        egress: NOTHING,
        ingress: NOTHING,
        samplingRates: new Set(),
        counterSamples: 0,
        first: undefined,
        last: undefined,
      }
      seen.set(ifIndex, sighting)
    }
    return sighting
  }
}

function present(ifIndex: number, sighting: Sighting): InterfaceSflow {
  const { egress, ingress, samplingRates, counterSamples, first, last } = sighting
  const spanMs = first === undefined || last === undefined ? 0 : last.atMs - first.atMs
  return {
    ifIndex,
    egressSamples: egress.samples,
    ingressSamples: ingress.samples,
    samplingRates: [...samplingRates].toSorted((a, b) => a - b),
    counterSamples,
    counterIntervalMs: counterSamples < 2 || spanMs === 0 ? undefined : spanMs / (counterSamples - 1),
    comparison: compare(sighting),
  }
}

/** Egress samples where there are any, as the collector chooses; undefined without two counters that rose. */
function compare({ egress, first, last }: Sighting): Comparison | undefined {
  if (first === undefined || last === undefined || last.atMs <= first.atMs) return undefined
  const octets = last.outOctets - first.outOctets
  if (octets < 0) return undefined
  const direction = egress.samples > 0 ? 'egress' : 'ingress'
  const bytes = last[direction].bytes - first[direction].bytes
  const squares = last[direction].squares - first[direction].squares
  const perSecond = 8000 / (last.atMs - first.atMs)
  return {
    countersBps: octets * perSecond,
    flowsBps: bytes * perSecond,
    samples: last[direction].samples - first[direction].samples,
    errorShare: bytes === 0 ? Infinity : (SIGMAS * Math.sqrt(squares)) / bytes,
  }
}
