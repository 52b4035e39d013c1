/** From a batch to what each router tells. */
import type { Router } from '../model/topology.ts'
import { AgentTable } from './intake/agent-table.ts'
import type { DestinationBatch } from './intake/destination-batch.ts'
import type { FlowBatch } from './intake/flow-batch.ts'
import type { CounterOutcome } from './telemetry/interface-counters.ts'
import { portsOf } from './intake/interface-table.ts'
import type { RouterTelemetry } from './telemetry/router-telemetry.ts'

/** Next hops of an interface in one batch. */
const MOST_NEXT_HOPS = 32

/** Told of every counter sample of a configured interface. */
export type CounterObserver = (outcome: CounterOutcome, router: Router, ifIndex: number) => void

/** Hands batches to the routers' telemetry, and remembers how their agents and interfaces are numbered. */
export class BatchTaker {
  readonly #routers: readonly Router[]
  readonly #telemetry: readonly RouterTelemetry[]
  readonly #agents: AgentTable
  /** Per interface, of all routers: its router, and its place there. */
  readonly #routerOf: readonly number[]
  readonly #placeOf: readonly number[]
  /** Per port, of all routers: its router. */
  readonly #routerOfPort: readonly number[]
  /** Per router. */
  readonly #lastFlowMs: number[]
  /** Per batch: where each of its destinations is kept by its router; a guess, when it is another by now. */
  readonly #kept = new WeakMap<DestinationBatch, Uint32Array>()
  readonly #mostBytes: Float64Array
  readonly #onCounters: CounterObserver

  /** Keeps `mostBytes` as the intake needs it: the most that a sample may stand for, per interface. */
  constructor(
    routers: readonly Router[],
    telemetry: readonly RouterTelemetry[],
    mostBytes: Float64Array,
    onCounters: CounterObserver,
  ) {
    this.#routers = routers
    this.#telemetry = telemetry
    this.#agents = new AgentTable(routers)
    this.#routerOf = routers.flatMap(({ interfaces }, router) => interfaces.map(() => router))
    this.#placeOf = routers.flatMap(({ interfaces }) => interfaces.map((_, place) => place))
    this.#routerOfPort = routers.flatMap(({ interfaces }, router) => portsOf(interfaces).map(() => router))
    this.#lastFlowMs = routers.map(() => 0)
    this.#mostBytes = mostBytes
    this.#onCounters = onCounters
    this.#setMostBytes()
  }

  /**
   * Takes all of a batch, as if it had come at once, when the last of it came: what agents collect for up to
   * a second comes so anyway.
   */
  take(batch: FlowBatch): void {
    this.#hearFlows(batch)
    this.#addFlows(batch)
    this.#takeCounters(batch)
  }

  #hearFlows(batch: FlowBatch): void {
    for (let agent = 0; agent < this.#agents.size; agent++) {
      const lastMs = batch.lastFlowMs(agent)
      if (lastMs === 0) continue
      const router = this.#agents.routerOf(agent)
      this.#telemetry[router]!.hearFlows(this.#agents.placeOf(agent), lastMs)
      this.#lastFlowMs[router] = Math.max(this.#lastFlowMs[router]!, lastMs)
    }
  }

  #addFlows(batch: FlowBatch): void {
    for (const [n, router] of this.#routerOf.entries()) {
      const telemetry = this.#telemetry[router]!
      const place = this.#placeOf[n]!
      for (const isEgress of [false, true]) {
        const sum = batch.sum(n, isEgress)
        if (sum.samples > 0) telemetry.addFlows(place, isEgress, sum)
      }
      this.#addNextHops(batch, n)
    }
    if (batch.destinations.folded > 0) for (const telemetry of this.#telemetry) telemetry.expectFolded()
    const kept = this.#keptOf(batch)
    batch.destinations.read((entry, tag, w0, w1, w2, w3, bytes, samples) => {
      const n = tag >>> 2
      const family = (tag & 1) === 0 ? 4 : 6
      kept[entry] = this.#telemetry[this.#routerOf[n]!]!.addDestination(
        this.#placeOf[n]!, (tag & 2) !== 0, family, w0, w1, w2, w3, bytes, samples, kept[entry],
      )
    })
  }

  #keptOf({ destinations }: FlowBatch): Uint32Array {
    let kept = this.#kept.get(destinations)
    if (kept === undefined) this.#kept.set(destinations, (kept = new Uint32Array(destinations.capacity)))
    return kept
  }

  /** So many of a batch as are enough to judge by, in the proportion in which they came. */
  #addNextHops(batch: FlowBatch, n: number): void {
    const router = this.#routerOf[n]!
    const hops = batch.nextHops(n)
    const total = hops.reduce((sum, { samples }) => sum + samples, 0)
    const share = Math.min(1, MOST_NEXT_HOPS / total)
    for (const { hop, samples } of hops) {
      for (let i = Math.ceil(samples * share); i > 0; i--) {
        this.#telemetry[router]!.addNextHop(this.#placeOf[n]!, hop, this.#lastFlowMs[router]!)
      }
    }
  }

  #takeCounters(batch: FlowBatch): void {
    const all = this.#routerOfPort.flatMap((router, port) => {
      const counters = batch.counters(port)
      return counters === undefined ? [] : [{ ...counters, router }]
    })
    for (const { sample, agent, uptimeMs, arrivalMs, router } of all.sort(
      (a, b) => a.arrivalMs - b.arrivalMs,
    )) {
      const place = this.#agents.placeOf(agent)
      const outcome = this.#telemetry[router]!.counters(sample, uptimeMs, arrivalMs, place)
      if (outcome !== undefined) this.#onCounters(outcome, this.#routers[router]!, sample.ifIndex)
    }
    if (all.length > 0) this.#setMostBytes()
    for (let agent = 0; agent < this.#agents.size; agent++) {
      const lastMs = batch.lastCounterMs(agent)
      if (lastMs > 0) {
        this.#telemetry[this.#agents.routerOf(agent)]!.hearCounters(this.#agents.placeOf(agent), lastMs)
      }
    }
  }

  #setMostBytes(): void {
    for (const [n, router] of this.#routerOf.entries()) {
      this.#mostBytes[n] = this.#telemetry[router]!.mostBytes(this.#placeOf[n]!)
    }
  }
}
