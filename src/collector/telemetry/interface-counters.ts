/**
 * Interface counters of one egress interface: load, speed, errors, and how flows compare with them. Pure but
 * for its own state.
 */
import type { Contradiction } from '../../model/traffic.ts'
import { Cadence } from './cadence.ts'
import { FlowAgreement } from './flow-agreement.ts'
import { flowsBetween, type FlowMark } from './router-flows.ts'
import type { CounterSample } from '../sflow/samples.ts'
import { ToldSpeed } from './told-speed.ts'

/** What became of a counter sample. All but `counted`, `repeated` and `uncounted` start a new baseline. */
export type CounterOutcome =
  | 'counted'
  /** The first one. */
  | 'first'
  /** Not newer than the last one; left out. */
  | 'repeated'
  /** The agent does not count octets; left out. */
  | 'uncounted'
  /** The agent's uptime does not fit the time that passed: it restarted. */
  | 'restart'
  /** The octets went back. */
  | 'reset'
  /** More octets than the interface could have sent. */
  | 'absurd'

/** Load over the last counter intervals. */
export interface Load {
  readonly bps: number
  readonly startMs: number
  readonly endMs: number
  /** The router's flows at the start. */
  readonly startMark: FlowMark
}

interface Point {
  readonly uptimeMs: number
  readonly arrivalMs: number
  readonly outOctets: number
  readonly mark: FlowMark
}

/** One-second counters are averaged over three; slower ones need no averaging. */
const SHORTEST_LOAD_MS = 3000
/** Of counters that come faster still, not all are kept. */
const SHORTEST_STEP_MS = 250

/**
 * Uptime may advance by so much, or a tenth, less than arrivals do, for datagrams that wait and clocks that
 * drift.
 */
const UPTIME_JITTER_MS = 5000
const UPTIME_DRIFT = 0.1
/** And by so much more: a restart cannot do that, but datagrams that waited together do. */
const LONGEST_WAIT_MS = 60_000

/** Counters are read at slightly uneven times: only what exceeds the speed by more is absurd. */
const ABSURD_SHARE = 1.2

/** ifStatus: bit 1 is ifOperStatus. */
const OPER_UP = 2

const UNCOUNTED = 0xffffffff

/** 1.6 Tbit/s Ethernet (IEEE P802.3dj). */
const FASTEST_LINK_BPS = 1.6e12

export class InterfaceCounters {
  readonly #configuredSpeedBps: number | undefined
  readonly #cadence = new Cadence()
  readonly #totals = { inErrors: 0, outErrors: 0, inDiscards: 0, outDiscards: 0 }
  #last: CounterSample | undefined
  /** Oldest first; the load is that from the first to the last. */
  #points: Point[] = []
  #load: Load | undefined
  readonly #agreement = new FlowAgreement()
  readonly #speed = new ToldSpeed()

  constructor(configuredSpeedBps: number | undefined) {
    this.#configuredSpeedBps = configuredSpeedBps
  }

  /** The last load that was measured; undefined before the second sample. */
  get load(): Load | undefined {
    return this.#load
  }

  /** The usual time between counter samples, ms; undefined while unknown. */
  get intervalMs(): number | undefined {
    return this.#cadence.gapMs
  }

  /** Errors and discards since the first sample. */
  get totals(): Readonly<{ inErrors: number; outErrors: number; inDiscards: number; outDiscards: number }> {
    return this.#totals
  }

  /** ifOperStatus; undefined before the first sample. */
  get operUp(): boolean | undefined {
    return this.#last === undefined ? undefined : (this.#last.status & OPER_UP) !== 0
  }

  /** The smaller of the configured speed and ifSpeed, bit/s; undefined when neither is known. */
  get speedBps(): number | undefined {
    const speeds = this.#knownSpeeds()
    return speeds.length === 0 ? undefined : Math.min(...speeds)
  }

  /** What of its telemetry cannot be true. */
  get contradictions(): Contradiction[] {
    const found: (Contradiction | undefined)[] = [this.#agreement.contradiction, this.#speed.contradiction]
    return found.filter((one) => one !== undefined)
  }

  /** What the wire can carry, bit/s; that of the fastest links as long as nobody tells. */
  get wireSpeedBps(): number {
    return Math.min(this.#highestSpeedBps(), FASTEST_LINK_BPS)
  }

  /**
   * Counters over flows: the ratio of sums over the same counter intervals, older ones forgotten
   * exponentially; within 0.5 … 2, and 1 as long as there are too few samples to tell.
   */
  get flowScale(): number {
    return this.#agreement.scale
  }

  /**
   * Takes a counter sample.
   *
   * @param uptimeMs the datagram's uptime: 32 bits, wraps after 49.7 days. The time between two samples is
   * told by it, as datagrams may have waited on their way
   * @param mark the router's flows at this moment
   * @param isSurelySlower its speed is less than before, and beyond doubt
   */
  observe(
    sample: Readonly<CounterSample>, uptimeMs: number, nowMs: number, mark: FlowMark, isSurelySlower = false,
  ): CounterOutcome {
    const point: Point = { uptimeMs, arrivalMs: nowMs, outOctets: sample.outOctets, mark }
    const before = this.#points.at(-1)
    const outcome = before === undefined ? 'first' : this.#compare(before, point)
    if (outcome === 'repeated') return outcome
    if (outcome === 'counted') this.#countErrors(sample)
    this.#speed.hear(sample.speedBps, outcome === 'restart', isSurelySlower)
    this.#last = { ...sample }
    this.#cadence.observe(nowMs)
    if (sample.outOctets < 0) return this.#forget('uncounted')
    if (outcome !== 'counted') return this.#forget(outcome, point)
    return this.#count(before!, point)
  }

  /** What comes next is no continuation: there is no load until the sample after it; the last one stays. */
  startOver(): void {
    this.#points = []
  }

  #compare(before: Point, point: Point): CounterOutcome {
    const uptimeStepMs = (point.uptimeMs - before.uptimeMs) | 0
    const arrivalStepMs = point.arrivalMs - before.arrivalMs
    if (uptimeStepMs <= 0 && uptimeStepMs > -UPTIME_JITTER_MS) return 'repeated'
    const toleranceMs = Math.max(UPTIME_JITTER_MS, arrivalStepMs * UPTIME_DRIFT)
    const aheadMs = uptimeStepMs - arrivalStepMs
    if (uptimeStepMs < 0 || aheadMs < -toleranceMs || aheadMs > LONGEST_WAIT_MS) return 'restart'
    return point.outOctets < before.outOctets ? 'reset' : 'counted'
  }

  #count(before: Point, point: Point): CounterOutcome {
    const points = [...this.#points]
    if (points.length > 1 && spanMs(points.at(-2)!, before) < SHORTEST_STEP_MS) points.pop()
    points.push(point)
    while (points.length > 2 && spanMs(points[1]!, point) >= SHORTEST_LOAD_MS) points.shift()
    const start = points[0]!
    const durationMs = spanMs(start, point)
    const bps = ((point.outOctets - start.outOctets) * 8000) / durationMs
    if (bps > ABSURD_SHARE * this.#highestSpeedBps()) return this.#forget('absurd', point)
    this.#points = points
    this.#load = {
      bps,
      startMs: point.arrivalMs - durationMs,
      endMs: point.arrivalMs,
      startMark: start.mark,
    }
    this.#compareFlows(before, point)
    return 'counted'
  }

  /** Starts over from `baseline`; the last load stays until there is a new one. */
  #forget(outcome: CounterOutcome, baseline?: Point): CounterOutcome {
    this.#points = baseline === undefined ? [] : [baseline]
    return outcome
  }

  /** Intervals in which the router was silent, or sampling changed its direction, tell nothing. */
  #compareFlows(before: Point, point: Point): void {
    if (before.mark.slot !== point.mark.slot) return
    const flows = flowsBetween(before.mark, point.mark)
    const durationMs = spanMs(before, point)
    if (flows.ms < durationMs / 2) return
    this.#agreement.observe(durationMs, point.outOctets - before.outOctets, flows, this.#highestSpeedBps())
  }

  #countErrors(sample: Readonly<CounterSample>): void {
    if (this.#last === undefined) return
    this.#totals.inErrors += growth(this.#last.inErrors, sample.inErrors)
    this.#totals.outErrors += growth(this.#last.outErrors, sample.outErrors)
    this.#totals.inDiscards += growth(this.#last.inDiscards, sample.inDiscards)
    this.#totals.outDiscards += growth(this.#last.outDiscards, sample.outDiscards)
  }

  /**
   * What the wire can carry, bit/s. A configured speed below ifSpeed is a contract or a shaper, and traffic
   * above it is an overload to be seen, not a fault of the counters.
   */
  #highestSpeedBps(): number {
    return Math.max(...this.#knownSpeeds(), 0) || Infinity
  }

  #knownSpeeds(): number[] {
    return [this.#configuredSpeedBps ?? 0, this.#speed.bps ?? 0].filter((bps) => bps > 0)
  }
}

function spanMs(start: Point, end: Point): number {
  return (end.uptimeMs - start.uptimeMs) >>> 0
}

/** Growth of a 32-bit total that wraps; what looks like going back is a reset and counts nothing. */
function growth(before: number, now: number): number {
  if (before === UNCOUNTED || now === UNCOUNTED) return 0
  return Math.max(0, (now - before) | 0)
}
