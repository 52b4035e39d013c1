/** Natural and planned load of a router's interfaces. Pure. */
import type { Prefix } from '../model/prefix.ts'
import type { Override } from '../model/override.ts'
import type { Router } from '../model/topology.ts'
import type { RouterTraffic } from '../model/traffic.ts'
import type { Demand } from './demand.ts'

/** From when until when an override of ours was in GoBGP, ms; it moved the prefix's demand meanwhile. */
export interface Placement {
  readonly prefix: Prefix
  readonly fromInterface: string
  readonly toInterface: string
  readonly startMs: number
  /** Undefined while it is there. */
  readonly endMs: number | undefined
}

export interface NaturalLoad {
  /**
   * Below 0 where flows claim that our overrides bring more than the counters see: planned load adds the same
   * claim back, and must come to what was measured.
   */
  readonly bps: number
  /** How far it may be off: the measurement's own error, and routes that were settling meanwhile; bit/s. */
  readonly errorBps: number
}

/** A router takes up to so long from our change in GoBGP to its forwarding table. */
export const CONVERGENCE_MS = 2000

/**
 * Natural load of each interface: what it carries, plus the demand that our overrides keep away from it, less
 * the demand that they bring to it. A measurement spans time, and an override may have come or gone within
 * it: its demand counts by the share of the span in which it was in force, so that lagging counters are never
 * taken for new traffic. Undefined for an interface that was never measured.
 */
export function naturalLoads(
  router: Router,
  traffic: RouterTraffic,
  demand: Demand,
  placements: readonly Placement[],
): readonly (NaturalLoad | undefined)[] {
  const moved = placements.map((placement) => ({ ...placement, bps: demand.movedBy(placement.prefix).bps }))
  return router.interfaces.map(({ name }, i) => {
    const measured = traffic.interfaces[i]
    if (measured?.outBps === undefined) return undefined
    let bps = measured.outBps
    let errorBps = measured.errorBps
    for (const placement of moved) {
      const sign = Number(placement.fromInterface === name) - Number(placement.toInterface === name)
      if (sign === 0) continue
      const { share, error } = shareInForce(placement, measured.spanStartMs, measured.spanEndMs)
      bps += sign * share * placement.bps
      errorBps += error * placement.bps
    }
    return { bps, errorBps }
  })
}

/** Share (of 1) of a span in which a placement was in force, and how far convergence may put it off. */
function shareInForce(
  { startMs, endMs = Infinity }: Placement,
  spanStartMs: number,
  spanEndMs: number,
): { share: number; error: number } {
  const start = [startMs, startMs + CONVERGENCE_MS] as const
  const end = [endMs, endMs + CONVERGENCE_MS] as const
  const least = overlapShare(spanStartMs, spanEndMs, start[1], end[0])
  const most = overlapShare(spanStartMs, spanEndMs, start[0], end[1])
  return { share: (least + most) / 2, error: (most - least) / 2 }
}

function overlapShare(spanStart: number, spanEnd: number, start: number, end: number): number {
  if (spanEnd <= spanStart) return start <= spanEnd && spanEnd < end ? 1 : 0
  return Math.max(0, Math.min(end, spanEnd) - Math.max(start, spanStart)) / (spanEnd - spanStart)
}

/** Loads as the plan would have them; moves change it. Arrays are by interface index, in bit/s. */
export class PlannedLoads {
  readonly #router: Router
  readonly #planned: Float64Array
  readonly #away: Float64Array
  readonly #natural: readonly (NaturalLoad | undefined)[]
  readonly #speedBps: readonly (number | undefined)[]

  constructor(router: Router, traffic: RouterTraffic, natural: readonly (NaturalLoad | undefined)[]) {
    this.#router = router
    this.#natural = natural
    this.#speedBps = traffic.interfaces.map((i) => i.speedBps)
    this.#planned = Float64Array.from(natural, (load) => load?.bps ?? 0)
    this.#away = new Float64Array(natural.length)
  }

  plannedBps(i: number): number {
    return Math.max(0, this.#planned[i]!)
  }

  errorBps(i: number): number {
    return this.#natural[i]?.errorBps ?? 0
  }

  speedBps(i: number): number | undefined {
    return this.#speedBps[i]
  }

  /** Load and speed are known, so that watermarks mean something. */
  isKnown(i: number): boolean {
    return this.#natural[i] !== undefined && (this.#speedBps[i] ?? 0) > 0
  }

  highBps(i: number): number {
    return this.#router.interfaces[i]!.highWatermark * (this.#speedBps[i] ?? 0)
  }

  targetBps(i: number): number {
    return this.#router.interfaces[i]!.reliefTarget * (this.#speedBps[i] ?? 0)
  }

  /** True when a further `bps` keep the interface at or below its relief target. */
  hasRoom(i: number, bps: number): boolean {
    return this.isKnown(i) && this.plannedBps(i) + this.errorBps(i) + bps <= this.targetBps(i)
  }

  /** Share (of 1) of the natural load that would be away with a further `bps`. */
  awayShare(i: number, bps: number): number {
    return (this.#away[i]! + bps) / Math.max(1, this.#natural[i]?.bps ?? 0)
  }

  /** Moves demand from its natural interface (undefined: none of ours) to another; negative `bps` takes it back. */
  move(from: number | undefined, to: number | undefined, bps: number): void {
    if (from !== undefined) {
      this.#planned[from] = this.#planned[from]! - bps
      this.#away[from] = this.#away[from]! + bps
    }
    if (to !== undefined) this.#planned[to] = this.#planned[to]! + bps
  }

  /** The same for an override of the plan. */
  apply({ fromInterface, toInterface }: Override, bps: number): void {
    this.move(this.#indexOf(fromInterface), this.#indexOf(toInterface), bps)
  }

  #indexOf(name: string): number | undefined {
    const index = this.#router.interfaces.findIndex((i) => i.name === name)
    return index < 0 ? undefined : index
  }
}
