/** All that one router's samples tell. Pure but for its own state. */
import { Rates } from '../model/rates.ts'
import type { EgressInterface, Router } from '../model/topology.ts'
import type { InterfaceTraffic, RouterTraffic } from '../model/traffic.ts'
import { Cadence } from './cadence.ts'
import { estimateOut, type CounterReading, type FlowReading } from './estimate.ts'
import { InterfaceCounters, type CounterOutcome } from './interface-counters.ts'
import { RouterFlows } from './router-flows.ts'
import type { CounterSample, FlowSample } from './sflow/samples.ts'

/** What became of a flow sample. */
export type FlowOutcome =
  | 'counted'
  /** It left by none of the configured interfaces. */
  | 'elsewhere'
  /** It stands for more than its interface could send in the whole window; left out. */
  | 'absurd'

/** Shortest interval that is reported. */
const SHORTEST_INTERVAL_MS = 1000
/** Flows that come no more are asked about after so many usual gaps. */
const MISSED_GAPS = 2
/** With fewer samples than this to be expected, their absence is no wonder: e⁻³ is 5 %. */
const EXPECTED_SAMPLES = 3

export class RouterTelemetry {
  readonly #router: Router
  readonly #windowMs: number
  readonly #indexOf: ReadonlyMap<number, number>
  readonly #flows: RouterFlows
  readonly #counters: readonly InterfaceCounters[]
  readonly #counterCadence = new Cadence()

  constructor(router: Router, windowMs: number, maxDestinations: number, seed: number) {
    this.#router = router
    this.#windowMs = windowMs
    this.#indexOf = new Map(router.interfaces.map(({ ifIndex }, i) => [ifIndex, i]))
    this.#flows = new RouterFlows(router.interfaces.length, windowMs, maxDestinations, seed)
    this.#counters = router.interfaces.map(({ speedBps }) => new InterfaceCounters(speedBps))
  }

  /** Destinations that were folded into their /24 or /48, and that had to go, for want of room. */
  get crowding(): { folded: number; evicted: number } {
    return this.#flows.crowding
  }

  /**
   * Takes a flow sample. An absurd one would outweigh thousands of good ones, in running sums for good: it counts
   * as silence.
   */
  flow(sample: Readonly<FlowSample>, nowMs: number): FlowOutcome {
    const i = this.#indexOf.get(sample.egressIfIndex)
    if (i !== undefined && this.#isAbsurd(sample, this.#counters[i]!.wireSpeedBps)) return 'absurd'
    this.#flows.advance(nowMs)
    if (i === undefined) return 'elsewhere'
    this.#flows.add(i, sample)
    return 'counted'
  }

  /** Takes a counter sample; undefined when it is of none of the configured interfaces. */
  counters(sample: Readonly<CounterSample>, uptimeMs: number, nowMs: number): CounterOutcome | undefined {
    const i = this.#indexOf.get(sample.ifIndex)
    if (i === undefined) return undefined
    this.#counterCadence.observe(nowMs)
    const outcome = this.#counters[i]!.observe(sample, uptimeMs, nowMs, this.#flows.mark(i))
    if (this.#isQuiet(nowMs)) this.#flows.passQuietly(nowMs)
    return outcome
  }

  /** Everything as of the last telemetry. */
  traffic(): RouterTraffic {
    const scales = this.#counters.map(({ flowScale }) => flowScale)
    const { lastMs, gapMs } = this.#counterCadence
    return {
      router: this.#router.name,
      rates: new Rates(this.#flows.rates(scales)),
      interfaces: this.#router.interfaces.map((one, i) => this.#interfaceTraffic(one, i)),
      telemetry: {
        lastFlowMs: this.#flows.lastMs,
        flowIntervalMs: this.#flows.intervalMs,
        lastCounterMs: lastMs,
        counterIntervalMs: gapMs === undefined ? undefined : Math.max(gapMs, SHORTEST_INTERVAL_MS),
      },
    }
  }

  #isAbsurd({ frameLength, samplingRate }: Readonly<FlowSample>, wireSpeedBps: number): boolean {
    return frameLength * samplingRate * 8000 > wireSpeedBps * this.#windowMs
  }

  #interfaceTraffic({ name }: EgressInterface, i: number): InterfaceTraffic {
    const counters = this.#counters[i]!
    const { flowScale, operUp, speedBps, totals } = counters
    return {
      name,
      ...estimateOut(this.#counterReading(i), this.#flowReading(i), flowScale),
      speedBps,
      operUp,
      ...totals,
      flowScale,
    }
  }

  #counterReading(i: number): CounterReading | undefined {
    const { load, intervalMs } = this.#counters[i]!
    if (load === undefined) return undefined
    const { bps, startMs, endMs, startMark } = load
    return { bps, startMs, endMs, intervalMs, flows: this.#flows.since(i, startMark) }
  }

  /** Undefined for an interface that was never sampled: perhaps its agent does not. */
  #flowReading(i: number): FlowReading | undefined {
    const endMs = this.#flows.lastMs
    if (endMs === undefined || this.#flows.mark(i).samples === 0) return undefined
    return { windows: this.#flows.windows(i), endMs }
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
