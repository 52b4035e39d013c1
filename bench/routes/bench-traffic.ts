/** Traffic of one router with 64 interfaces, towards so many of the prefixes that it has told. */
import { rankPaths } from '../../src/controller/plan/best-path.ts'
import { interfaceIndexOf } from '../../src/controller/plan/exits.ts'
import type { RouteSource } from '../../src/controller/ports.ts'
import type { Address } from '../../src/model/prefix.ts'
import { parseAddress, parsePrefix } from '../../src/model/prefix.ts'
import { Rates, type RateColumns } from '../../src/model/rates.ts'
import { KEY_WORDS } from '../../src/model/sort-destinations.ts'
import type { EgressInterface, Router } from '../../src/model/topology.ts'
import type { RouterTraffic } from '../../src/model/traffic.ts'
import { createRandom } from './random.ts'

export const EXITS = 64
const SPEED_SHARE = { overloaded: 0.9, calm: 0.5 }
const TOTAL_BPS = 1e12

export function benchRouter(address: string): Router {
  const interfaces = Array.from({ length: EXITS }, (_, n): EgressInterface => ({
    router: 'rtr1', name: `exit${n}`, ifIndex: n + 1,
    addresses: [
      { address: parseAddress(`172.16.${n}.2`), subnet: parsePrefix(`172.16.${n}.0/24`) },
      { address: parseAddress(`2001:db8:${n.toString(16)}::2`), subnet: parsePrefix(`2001:db8:${n.toString(16)}::/48`) },
    ],
    nextHops: [], speedBps: undefined, highWatermark: 0.8, lowWatermark: 0.65, reliefTarget: 0.65,
    perPrefixThresholdBps: TOTAL_BPS / 1000, monitor: true, detourTarget: true, dryRun: false,
  }))
  return {
    name: 'rtr1', address: parseAddress(address), sflowAgents: [parseAddress(address)], gobgp: '', override: 'same_length',
    defaultPrefixLength: { 4: 24, 6: 48 }, maxPrefixLength: { 4: 32, 6: 128 }, interfaces,
  }
}

export class BenchTraffic {
  /** The first so many of the interfaces are too small for what they carry. */
  overloaded = 0
  readonly #router: Router
  readonly #columns: RateColumns
  readonly #loads: Float64Array

  /** Destinations leave by the interface of their best path; the n-th carries 1/n of what the first one does. */
  constructor(router: Router, routes: Pick<RouteSource, 'longestMatch'>, destinations: readonly Address[]) {
    this.#router = router
    this.#loads = new Float64Array(EXITS)
    const weights = destinations.map((_, n) => 1 / (n + 100))
    const total = weights.reduce((sum, weight) => sum + weight, 0)
    const random = createRandom(1)
    const keys = new Uint32Array(destinations.length * KEY_WORDS)
    const [bps, samples] = [new Float64Array(destinations.length), new Float64Array(destinations.length)]
    let length = 0
    for (const [n, address] of destinations.entries()) {
      const best = rankPaths(routes.longestMatch(router.name, address)?.paths ?? []).paths[0]
      const interfaceIndex = best && interfaceIndexOf(router, best.nextHop)
      if (interfaceIndex === undefined) continue
      const { family, w0, w1, w2, w3 } = address
      keys.set([w0, w1, w2, w3, interfaceIndex * 4 + (family === 6 ? 1 : 0)], length * KEY_WORDS)
      bps[length] = (TOTAL_BPS * weights[n]!) / total
      samples[length] = 30 + random(1000)
      this.#loads[interfaceIndex]! += bps[length]!
      length++
    }
    this.#columns = { length, keys, bps, samples }
  }

  get destinations(): number {
    return this.#columns.length
  }

  /** A new snapshot, as the collector gives one for each cycle. */
  traffic(nowMs: number): RouterTraffic {
    const interfaces = this.#router.interfaces.map(({ name }, i) => ({
      name, outBps: this.#loads[i]!, errorBps: 0, source: 'counters' as const, spanStartMs: nowMs - 5000, spanEndMs: nowMs,
      speedBps: this.#loads[i]! / SPEED_SHARE[i < this.overloaded ? 'overloaded' : 'calm'],
      operUp: true, inErrors: 0, outErrors: 0, inDiscards: 0, outDiscards: 0, flowScale: 1,
      lastCounterMs: nowMs, counterIntervalMs: 5000, contradictions: [],
    }))
    const heard = { lastFlowMs: nowMs, flowIntervalMs: 1000, lastCounterMs: nowMs, counterIntervalMs: 5000 }
    const agents = [{ agent: this.#router.address, ...heard, interfaces: interfaces.map((_, i) => i) }]
    return { router: this.#router.name, rates: new Rates({ ...this.#columns }), interfaces, telemetry: { ...heard, agents } }
  }
}
