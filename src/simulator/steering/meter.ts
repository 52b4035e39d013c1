/**
 * What sFlow would tell of a virtual edge: windows of samples, and counters that come late. No clock, no I/O.
 */
import { estimateOut } from '../../collector/telemetry/estimate.ts'
import { findChange, type FlowSum } from '../../collector/telemetry/flow-sum.ts'
import { Rates, type DestinationRate } from '../../model/rates.ts'
import type { RouterTraffic } from '../../model/traffic.ts'
import type { Trace } from './trace.ts'
import type { EdgeSecond } from './virtual-edge.ts'

/** The long window, and those nested in it that show a change; seconds. */
const WINDOW = 30
const WINDOWS = [2, 4, 7, 12, 20, WINDOW]
/** A destination's rate has changed when its newer samples are so many standard deviations off. */
const CHANGE_SIGMAS = 4
/** Fewer samples tell of no change. */
const FEWEST_TO_TELL = 8

interface Counters {
  startSecond: number
  endSecond: number
  bps: number
  /** Bits since the last reading. */
  bits: number
  /** Bits dropped, ever, and packets of them at the last reading. */
  droppedBits: number
  discards: number
}

export class Meter {
  readonly #trace: Trace
  /** By destination, its seconds side by side: a destination is read far more often than a second. */
  readonly #samples: Uint16Array
  readonly #exits: Uint8Array
  /** By second, its interfaces side by side. */
  readonly #taken: Float64Array
  readonly #count: number
  readonly #counters: readonly Counters[]
  readonly #addresses: readonly DestinationRate['address'][]
  /** Seconds that telemetry came from; the ring holds the last of them. */
  #heard = 0
  #lastHeardSecond = -1
  #lastCounterSecond = -1

  constructor(trace: Trace) {
    this.#trace = trace
    this.#addresses = trace.prefixes.flatMap(({ destinations }) => destinations.map(({ address }) => address))
    this.#count = this.#addresses.length
    this.#samples = new Uint16Array(this.#count * WINDOW)
    this.#exits = new Uint8Array(this.#count * WINDOW)
    this.#taken = new Float64Array(trace.router.interfaces.length * WINDOW)
    this.#counters = trace.router.interfaces.map(() => ({ startSecond: -1, endSecond: -1, bps: 0, bits: 0, droppedBits: 0, discards: 0 }))
  }

  take(second: number, { samples, exits, offeredBps, carriedBps }: Readonly<EdgeSecond>): void {
    this.#counters.forEach((c, i) => {
      c.bits += carriedBps[i]!
      c.droppedBits += offeredBps[i]! - carriedBps[i]!
    })
    if (!this.#trace.isHeard(second)) return
    const slot = this.#heard % WINDOW
    const width = this.#counters.length
    this.#taken.fill(0, slot * width, (slot + 1) * width)
    for (let d = 0; d < this.#count; d++) {
      const taken = samples[d]!
      this.#samples[d * WINDOW + slot] = taken
      this.#exits[d * WINDOW + slot] = exits[d]!
      if (taken > 0) this.#taken[slot * width + exits[d]!]! += taken
    }
    this.#heard++
    this.#lastHeardSecond = second
    const { counterIntervalSeconds } = this.#trace
    this.#counters.forEach((c, i) => {
      // Each interface at another moment.
      if ((second + i) % counterIntervalSeconds !== 0) return
      const startSecond = c.endSecond < 0 ? 0 : c.endSecond
      if (second + 1 > startSecond) c.bps = c.bits / (second + 1 - startSecond)
      c.startSecond = startSecond
      c.endSecond = second + 1
      c.bits = 0
      c.discards = Math.round(c.droppedBits / (8 * this.#trace.frameBytes))
      this.#lastCounterSecond = second
    })
  }

  traffic(): RouterTraffic {
    const { router, counterIntervalSeconds } = this.#trace
    const endMs = (this.#lastHeardSecond + 1) * 1000
    return {
      router: router.name,
      rates: new Rates(this.#rates()),
      interfaces: router.interfaces.map(({ name, speedBps }, i) => {
        const { startSecond, endSecond, bps, discards } = this.#counters[i]!
        const windows = WINDOWS.map((seconds) => this.#interfaceSum(i, seconds)) as [FlowSum, ...FlowSum[]]
        const since = Math.min(WINDOW, this.#lastHeardSecond + 1 - startSecond)
        const counters = endSecond < 0 ? undefined : {
          bps, startMs: startSecond * 1000, endMs: endSecond * 1000,
          intervalMs: counterIntervalSeconds * 1000, flows: this.#interfaceSum(i, since),
        }
        return {
          name,
          ...estimateOut(counters, { windows, endMs }, 1),
          speedBps,
          operUp: !this.#trace.isDown(i, this.#lastHeardSecond),
          inErrors: 0, outErrors: 0, inDiscards: 0, outDiscards: discards,
          flowScale: 1,
          lastCounterMs: endSecond < 0 ? undefined : endSecond * 1000,
          counterIntervalMs: counterIntervalSeconds * 1000,
          contradictions: [],
        }
      }),
      telemetry: {
        lastFlowMs: endMs,
        flowIntervalMs: 1000,
        lastCounterMs: this.#lastCounterSecond < 0 ? undefined : (this.#lastCounterSecond + 1) * 1000,
        counterIntervalMs: Math.max(1000, (counterIntervalSeconds * 1000) / router.interfaces.length),
        agents: [],
      },
    }
  }

  /** Sum over the last seconds of an interface. */
  #interfaceSum(i: number, seconds: number): FlowSum {
    const covered = Math.min(seconds, this.#heard)
    let samples = 0
    for (let age = 0; age < covered; age++) {
      samples += this.#taken[((this.#heard - 1 - age) % WINDOW) * this.#counters.length + i]!
    }
    return this.#sumOf(samples, covered)
  }

  #sumOf(samples: number, seconds: number): FlowSum {
    const bytes = this.#trace.frameBytes * this.#trace.samplingRate
    return { ms: seconds * 1000, bytes: samples * bytes, squares: samples * bytes * bytes, samples }
  }

  /** Each destination by the interface of its last sample, over the time since its rate changed. */
  *#rates(): Iterable<DestinationRate> {
    const covered = Math.min(WINDOW, this.#heard)
    if (covered === 0) return
    const bitsPerSample = this.#trace.frameBytes * this.#trace.samplingRate * 8
    const newest = (this.#heard - 1) % WINDOW
    const running = new Float64Array(WINDOW)
    const byExit = new Float64Array(this.#counters.length)
    for (let d = 0; d < this.#count; d++) {
      byExit.fill(0)
      let samples = 0
      for (let age = 0, slot = newest; age < covered; age++, slot = slot === 0 ? WINDOW - 1 : slot - 1) {
        const taken = this.#samples[d * WINDOW + slot]!
        running[age] = samples += taken
        if (taken === 0) continue
        byExit[this.#exits[d * WINDOW + slot]!]! += taken
      }
      if (samples === 0) continue
      const whole = this.#sumOf(samples, covered)
      const windows =
        samples < FEWEST_TO_TELL
          ? []
          : WINDOWS.filter((w) => w <= covered).map((w) => this.#sumOf(running[w - 1]!, w))
      const change = findChange(windows, whole, CHANGE_SIGMAS)
      const window = change === undefined ? whole : windows[change]!
      const share = window.samples / samples
      for (let interfaceIndex = 0; interfaceIndex < byExit.length; interfaceIndex++) {
        const taken = byExit[interfaceIndex]!
        if (taken === 0) continue
        const bps = (taken * share * bitsPerSample) / (window.ms / 1000)
        yield { address: this.#addresses[d]!, interfaceIndex, bps, samples: Math.round(taken * share) }
      }
    }
  }
}
