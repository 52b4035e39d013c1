/** A router in virtual time: what it forwards where, and what can be measured of it. No clock, no I/O. */
import { rankPaths } from '../../controller/plan/best-path.ts'
import { interfaceIndexOf } from '../../controller/plan/exits.ts'
import { compareAddresses, formatPrefix, prefixOf } from '../../model/prefix.ts'
import { drawNormal, drawPoisson } from './poisson.ts'
import { createRandom } from '../packet-sampler.ts'
import type { Detour } from './steering-rule.ts'
import { TraceRoutes } from './trace-routes.ts'
import type { Trace } from './trace.ts'

/** Share of its last value that a prefix's noise keeps in a second: it wanders over some 30 s. */
const NOISE_KEPT = 0.97
const NOWHERE = 255

/** One second of an edge. Arrays are by interface, or by destination as the trace counts them. */
export interface EdgeSecond {
  /** What should leave, bit/s. */
  readonly offeredBps: Float64Array
  /** What left: no more than the link carries, bit/s. */
  readonly carriedBps: Float64Array
  /** Towards destinations without any route, bit/s. */
  lostBps: number
  /** Demand that leaves by another than its natural exit, bit/s. */
  detouredBps: number
  /** Egress interface of each destination; 255: none. */
  readonly exits: Uint8Array
  /** Packet samples of each destination. */
  readonly samples: Uint16Array
}

export class VirtualEdge {
  readonly #trace: Trace
  readonly #destinations: readonly { readonly prefix: number; readonly share: number }[]
  readonly #noise: Float64Array
  readonly #natural: Uint8Array
  readonly #second: EdgeSecond
  /** What was asked for and does not forward yet, oldest first. */
  #pending: { readonly fromSecond: number; readonly detours: readonly Detour[] }[] = []
  #detours: readonly Detour[] = []
  #down = ''
  routes: TraceRoutes

  constructor(trace: Trace) {
    this.#trace = trace
    this.#destinations = trace.prefixes.flatMap(({ destinations }, prefix) =>
      destinations.map(({ share }) => ({ prefix, share })),
    )
    this.#noise = new Float64Array(trace.prefixes.length)
    const count = this.#destinations.length
    this.#natural = new Uint8Array(count)
    this.#second = {
      offeredBps: new Float64Array(trace.router.interfaces.length),
      carriedBps: new Float64Array(trace.router.interfaces.length),
      lostBps: 0,
      detouredBps: 0,
      exits: new Uint8Array(count),
      samples: new Uint16Array(count),
    }
    this.routes = new TraceRoutes(trace.prefixes, () => true)
    this.#forward()
  }

  /** From now on the router learns these overrides, and no others. */
  install(detours: readonly Detour[], second: number): void {
    this.#pending.push({ fromSecond: second + this.#trace.convergenceSeconds, detours })
  }

  /** Lets one second pass. What it returns is filled anew by the next. */
  pass(second: number): Readonly<EdgeSecond> {
    const { router, prefixes, samplingRate, frameBytes, noise, seed } = this.#trace
    this.#converge(second)
    const now = this.#second
    now.offeredBps.fill(0)
    now.lostBps = 0
    now.detouredBps = 0
    // Of its own for each second: what one rule moves must not change what another sees.
    const wander = createRandom(seed * 7_919 + second)
    const demandBps = prefixes.map((_, i) => {
      this.#noise[i] =
        NOISE_KEPT * this.#noise[i]! + Math.sqrt(1 - NOISE_KEPT ** 2) * noise * drawNormal(wander)
      return this.#trace.demandBps(i, second) * Math.max(0, 1 + this.#noise[i])
    })
    this.#destinations.forEach(({ prefix, share }, d) => {
      const bps = demandBps[prefix]! * share
      const exit = now.exits[d]!
      if (exit === NOWHERE) now.lostBps += bps
      else now.offeredBps[exit]! += bps
      if (exit !== this.#natural[d]) now.detouredBps += bps
    })
    router.interfaces.forEach(({ speedBps }, i) => {
      now.carriedBps[i] = Math.min(now.offeredBps[i]!, speedBps ?? Infinity)
    })
    const sample = createRandom(seed * 104_729 + second)
    this.#destinations.forEach(({ prefix, share }, d) => {
      const exit = now.exits[d]!
      const through = exit === NOWHERE ? 0 : now.carriedBps[exit]! / Math.max(1, now.offeredBps[exit]!)
      const packets = (demandBps[prefix]! * share * through) / (8 * frameBytes)
      now.samples[d] = drawPoisson(packets / samplingRate, sample)
    })
    return now
  }

  #converge(second: number): void {
    const { router, prefixes } = this.#trace
    const isDown = router.interfaces.map((_, i) => this.#trace.isDown(i, second))
    const down = isDown.map(Number).join('')
    const due = this.#pending.filter(({ fromSecond }) => fromSecond <= second).at(-1)
    if (down === this.#down && due === undefined) return
    if (due !== undefined) {
      this.#detours = due.detours
      this.#pending = this.#pending.filter(({ fromSecond }) => fromSecond > second)
    }
    if (down !== this.#down) {
      this.#down = down
      this.routes = new TraceRoutes(prefixes, ({ nextHop }) => {
        const exit = interfaceIndexOf(router, nextHop)
        return exit !== undefined && !isDown[exit]!
      })
    }
    this.#forward()
  }

  #forward(): void {
    const { router, prefixes } = this.#trace
    const overridden = new Map(this.#detours.map(({ prefix, path }) => [formatPrefix(prefix), path]))
    const lengths = [...new Set(this.#detours.map(({ prefix }) => prefix.length))].sort((a, b) => b - a)
    let d = 0
    for (const { prefix, destinations } of prefixes) {
      const route = this.routes.covering(prefix)[0]
      const best = route && rankPaths(route.paths).paths[0]
      const natural = best && interfaceIndexOf(router, best.nextHop)
      for (const { address } of destinations) {
        // A next hop that is gone does not resolve: the router forwards by the next best route.
        const override = lengths
          .filter((length) => length >= prefix.length)
          .map((length) => overridden.get(formatPrefix(prefixOf(address, length))))
          .find(
            (path) =>
              path !== undefined && route?.paths.some((p) => compareAddresses(p.nextHop, path.nextHop) === 0),
          )
        const exit = override === undefined ? natural : interfaceIndexOf(router, override.nextHop)
        this.#natural[d] = natural ?? NOWHERE
        this.#second.exits[d] = exit ?? NOWHERE
        d++
      }
    }
  }
}
