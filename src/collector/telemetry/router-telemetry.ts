/** All that one router's samples tell. Pure but for its own state. */
import type { EgressInterface, Router } from '../../model/topology.ts'
import type { AgentTelemetry, Contradiction, InterfaceTraffic, RouterTraffic } from '../../model/traffic.ts'
import { Cadence } from './cadence.ts'
import { estimateOut, type CounterReading, type Estimate, type FlowReading } from './estimate.ts'
import { InterfaceCounters, type CounterOutcome } from './interface-counters.ts'
import { MemberCounters, type WholeSample } from './member-counters.ts'
import { NextHopCheck } from './next-hop-check.ts'
import type { FlowSum } from './flow-sum.ts'
import { RouterFlows } from './router-flows.ts'
import type { CounterSample, NextHop } from '../sflow/samples.ts'

/** Shortest interval that is reported. */
const SHORTEST_INTERVAL_MS = 1000
/** Flows that come no more are asked about after so many usual gaps. */
const MISSED_GAPS = 2
/** With fewer samples than this to be expected, their absence is no wonder: e⁻³ is 5 %. */
const EXPECTED_SAMPLES = 3
/** A link may be offered so many times its speed; one whose counters show this share of it is full. */
const MOST_OFFERED = 2
const FULL_SHARE = 0.9

/** When an agent's samples and counters come. */
interface AgentCadence {
  readonly flows: Cadence
  readonly counters: Cadence
}

export class RouterTelemetry {
  readonly #router: Router
  readonly #windowMs: number
  readonly #indexOf: ReadonlyMap<number, number>
  readonly #flows: RouterFlows
  readonly #counters: InterfaceCounters[]
  /** Of LAGs that have not sent counters of their own. */
  readonly #members: (MemberCounters | undefined)[]
  readonly #counterCadence = new Cadence()
  readonly #agents: readonly AgentCadence[]
  /** The agent that sends the counters of each interface, by its place among the router's. */
  readonly #counterAgents: (number | undefined)[]
  readonly #nextHops: NextHopCheck

  constructor(router: Router, windowMs: number, maxDestinations: number, seed: number) {
    this.#router = router
    this.#windowMs = windowMs
    this.#indexOf = new Map(
      router.interfaces.flatMap(({ ifIndex, members = [] }, i) => [ifIndex, ...members].map((index) => [index, i])),
    )
    this.#flows = new RouterFlows(router.interfaces.length, windowMs, maxDestinations, seed)
    this.#counters = router.interfaces.map(({ speedBps }) => new InterfaceCounters(speedBps))
    this.#members = router.interfaces.map(({ ifIndex, members = [] }) =>
      members.length > 0 ? new MemberCounters(ifIndex, members) : undefined)
    this.#agents = router.sflowAgents.map(() => ({ flows: new Cadence(), counters: new Cadence() }))
    this.#counterAgents = router.interfaces.map(() => undefined)
    this.#nextHops = new NextHopCheck(router)
  }

  /** Destinations that were folded into their /24 or /48, and that had to go, for want of room. */
  get crowding(): { folded: number; evicted: number } {
    return this.#flows.crowding
  }

  /** Flow samples of one of the router's agents came, whatever interface they left by: time goes on. */
  hearFlows(agent: number, nowMs: number): void {
    this.#flows.advance(nowMs)
    this.#agents[agent]!.flows.observe(nowMs)
  }

  /** Counts samples that left by an interface, all of them taken on one side; `hearFlows` comes first. */
  addFlows(interfaceIndex: number, isEgress: boolean, sum: Omit<FlowSum, 'ms'>): void {
    this.#flows.add(interfaceIndex, isEgress, sum)
  }

  /**
   * Counts where samples went that `addFlows` has counted; returns where the destination is kept, which makes
   * it quicker next time as `likely`.
   */
  addDestination(
    interfaceIndex: number, isEgress: boolean, family: 4 | 6, w0: number, w1: number, w2: number, w3: number,
    bytes: number, samples: number, likely = 0,
  ): number {
    return this.#flows.addDestination(
      interfaceIndex, isEgress, family, w0, w1, w2, w3, bytes, samples, likely,
    )
  }

  /** Destinations that come may stand for their /24 or /48. */
  expectFolded(): void {
    this.#flows.expectFolded()
  }

  /** Takes the next hop of a sample of an interface. */
  addNextHop(interfaceIndex: number, nextHop: Readonly<NextHop>, nowMs: number): void {
    this.#nextHops.observe(interfaceIndex, nextHop, nowMs)
  }

  /**
   * Most bytes that one sample may stand for: what the interface could send in the whole window. A sample of
   * more would outweigh thousands of good ones, in running sums for good.
   */
  mostBytes(interfaceIndex: number): number {
    return (this.#counters[interfaceIndex]!.wireSpeedBps * this.#windowMs) / 8000
  }

  /** Counter samples of one of the router's agents came, whatever interface they were of. */
  hearCounters(agent: number, nowMs: number): void {
    this.#agents[agent]!.counters.observe(nowMs)
  }

  /**
   * Takes a counter sample; undefined when it counts for none of the configured interfaces, or not yet: those of
   * a LAG's members count together, as long as the LAG itself sends none.
   */
  counters(
    sample: Readonly<CounterSample>,
    uptimeMs: number,
    nowMs: number,
    agent = 0,
  ): CounterOutcome | undefined {
    this.hearCounters(agent, nowMs)
    const i = this.#indexOf.get(sample.ifIndex)
    const whole = i === undefined ? undefined : this.#wholeOf(i, sample, uptimeMs, nowMs)
    if (i === undefined || whole === undefined) return undefined
    this.#counterCadence.observe(nowMs)
    this.#counterAgents[i] = agent
    if (!whole.continues) this.#counters[i]!.startOver()
    const outcome = this.#counters[i]!.observe(whole.sample, whole.uptimeMs, nowMs, this.#flows.mark(i), whole.isSurelySlower)
    if (this.#isQuiet(nowMs)) {
      this.#flows.passQuietly(nowMs)
      for (const { flows } of this.#agents) if (flows.lastMs !== undefined) flows.excuse(nowMs)
    }
    return outcome
  }

  /** The sample of the whole interface. */
  #wholeOf(i: number, sample: Readonly<CounterSample>, uptimeMs: number, nowMs: number): WholeSample | undefined {
    const { ifIndex, speedBps } = this.#router.interfaces[i]!
    if (sample.ifIndex !== ifIndex) return this.#members[i]?.add(sample, uptimeMs, nowMs)
    if (this.#members[i] !== undefined) {
      // It sends its own after all, which are no continuation of the sums.
      this.#members[i] = undefined
      this.#counters[i] = new InterfaceCounters(speedBps)
    }
    return { sample, uptimeMs, continues: true, isSurelySlower: false }
  }

  /** Everything as of the last telemetry. */
  traffic(): RouterTraffic {
    const scales = this.#counters.map(({ flowScale }) => flowScale)
    const windows = this.#router.interfaces.map((_, i) => this.#flows.windows(i))
    const { lastMs, gapMs } = this.#counterCadence
    return {
      router: this.#router.name,
      rates: this.#flows.rates(scales, windows),
      interfaces: this.#router.interfaces.map((one, i) => this.#interfaceTraffic(one, i, windows[i]!)),
      telemetry: {
        lastFlowMs: this.#flows.lastMs,
        flowIntervalMs: this.#flows.intervalMs,
        lastCounterMs: lastMs,
        counterIntervalMs: intervalOf(gapMs),
        agents: this.#agents.map((_, place) => this.#agentTelemetry(place)),
      },
    }
  }

  #interfaceTraffic({ name }: EgressInterface, i: number, windows: FlowReading['windows']): InterfaceTraffic {
    const counters = this.#counters[i]!
    const { flowScale, operUp, speedBps, totals } = counters
    const estimate = estimateOut(this.#counterReading(i), this.#flowReading(i, windows), flowScale)
    const { endMs } = counters.load ?? {}
    return {
      name,
      ...estimate,
      lastCounterMs: endMs,
      counterIntervalMs: endMs === undefined ? undefined : intervalOf(counters.intervalMs),
      contradictions: [
        ...counters.contradictions,
        this.#nextHops.contradiction(i, this.#flows.lastMs ?? 0),
        this.#excess(i, estimate),
      ].filter((one) => one !== undefined),
      speedBps,
      operUp,
      ...totals,
      flowScale,
      missingMembers: this.#members[i]?.missing ?? [],
    }
  }

  #agentTelemetry(place: number): AgentTelemetry {
    const { flows, counters } = this.#agents[place]!
    return {
      agent: this.#router.sflowAgents[place]!,
      lastFlowMs: flows.lastMs,
      flowIntervalMs: intervalOf(flows.gapMs),
      lastCounterMs: counters.lastMs,
      counterIntervalMs: intervalOf(counters.gapMs),
      interfaces: this.#router.interfaces.map((_, i) => i).filter((i) => this.#counterAgents[i] === place),
    }
  }

  /**
   * Flows that surely claim more than a link could be offered. Samples taken where packets come in see what
   * the link then drops, so up to twice its speed is an overload, and more is when the counters say that it
   * is full.
   */
  #excess(i: number, { source, outBps = 0, errorBps }: Estimate): Contradiction | undefined {
    const { wireSpeedBps, load } = this.#counters[i]!
    if (source !== 'flows' || outBps - errorBps <= MOST_OFFERED * wireSpeedBps) return undefined
    const isFull = load !== undefined && load.bps >= FULL_SHARE * wireSpeedBps
    return isFull
      ? undefined
      : { kind: 'flows_disagree', countersBps: undefined, flowsBps: outBps, isTrusted: false }
  }

  #counterReading(i: number): CounterReading | undefined {
    const { load, intervalMs } = this.#counters[i]!
    if (load === undefined) return undefined
    const { bps, startMs, endMs, startMark } = load
    return { bps, startMs, endMs, intervalMs, flows: this.#flows.since(i, startMark) }
  }

  /** Undefined for an interface that was never sampled: perhaps its agent does not. */
  #flowReading(i: number, windows: FlowReading['windows']): FlowReading | undefined {
    const endMs = this.#flows.lastMs
    if (endMs === undefined || this.#flows.mark(i).samples === 0) return undefined
    return { windows, endMs }
  }

  /**
   * True when no flow samples come, and the counters of every interface that used to have some say why: what
   * was sent since would hardly have been sampled.
   */
  #isQuiet(nowMs: number): boolean {
    const lastMs = this.#flows.lastMs
    if (lastMs === undefined) return false
    const silentMs = nowMs - lastMs
    if (silentMs <= MISSED_GAPS * (this.#flows.intervalMs ?? SHORTEST_INTERVAL_MS)) return false
    let expected = 0
    for (const [i, counters] of this.#counters.entries()) {
      const { bytes, samples } = this.#flows.mark(i)
      if (samples === 0) continue
      const { load } = counters
      if (load === undefined || load.endMs <= lastMs) return false
      expected += (load.bps / 8000) * silentMs * (samples / bytes)
    }
    return expected < EXPECTED_SAMPLES
  }
}

function intervalOf(gapMs: number | undefined): number | undefined {
  return gapMs === undefined ? undefined : Math.max(gapMs, SHORTEST_INTERVAL_MS)
}
