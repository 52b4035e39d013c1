/** Natural and planned load of a router's interfaces. Pure. */
import type { Prefix } from '../../model/prefix.ts'
import type { Override } from '../../model/override.ts'
import type { Router } from '../../model/topology.ts'
import type { RouterTraffic } from '../../model/traffic.ts'
import type { Demand } from './demand.ts'
import type { SharedUse } from './shared-use.ts'

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
  /**
   * The measurement began before the last override away from it took effect: what it has room for is told by the next one,
   * as this one may be from before the very rise that the override answers.
   */
  readonly isBeingRelieved: boolean
}

/** A router takes up to so long from our change in GoBGP to its forwarding table. */
export const CONVERGENCE_MS = 2000

/**
 * What was led to an exit may grow by this share before it fills it to its target: it should not have to move again soon.
 */
const GROWTH = 0.25

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
    let isBeingRelieved = false
    for (const placement of moved) {
      const sign = Number(placement.fromInterface === name) - Number(placement.toInterface === name)
      if (sign === 0) continue
      const { share, error } = shareInForce(placement, measured.spanStartMs, measured.spanEndMs)
      bps += sign * share * placement.bps
      errorBps += error * placement.bps
      if (sign > 0 && placement.endMs === undefined) {
        isBeingRelieved ||= placement.startMs + CONVERGENCE_MS > measured.spanStartMs
      }
    }
    return { bps, errorBps, isBeingRelieved }
  })
}

/** Share (of 1) of a span in which a placement was in force, and how far convergence may put it off. */
export function shareInForce(
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
  /** Detours that it carries. */
  readonly #brought: Float64Array
  readonly #natural: readonly (NaturalLoad | undefined)[]
  readonly #speedBps: readonly (number | undefined)[]
  /** What this plan has moved there, less what it has moved away. */
  readonly #moved: Float64Array
  /** By interface: the shared capacities that it is a port of, and those that it leads to as a link, too. */
  readonly #portOf: readonly (readonly SharedUse[])[]
  readonly #leadsTo: readonly (readonly SharedUse[])[]

  constructor(
    router: Router,
    traffic: RouterTraffic,
    natural: readonly (NaturalLoad | undefined)[],
    shared: readonly SharedUse[] = [],
  ) {
    this.#router = router
    this.#moved = new Float64Array(natural.length)
    this.#portOf = router.interfaces.map((_, i) => shared.filter(({ ports }) => ports.includes(i)))
    this.#leadsTo = router.interfaces.map((_, i) =>
      shared.filter(({ ports, links }) => ports.includes(i) || links.includes(i)))
    this.#natural = natural
    this.#speedBps = traffic.interfaces.map((i) => i.speedBps)
    this.#planned = Float64Array.from(natural, (load) => load?.bps ?? 0)
    this.#away = new Float64Array(natural.length)
    this.#brought = new Float64Array(natural.length)
  }

  plannedBps(i: number): number {
    return Math.max(0, this.#planned[i]!)
  }

  /** Undefined before any measurement; otherwise at least 0. */
  naturalBps(i: number): number | undefined {
    const natural = this.#natural[i]
    return natural && Math.max(0, natural.bps)
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

  /** Its own high watermark, or what it may carry at that of a capacity that it shares, if that is less. */
  highBps(i: number): number {
    return this.#markBps(i, this.#router.interfaces[i]!.highWatermark, ({ highBps }) => highBps)
  }

  targetBps(i: number): number {
    return this.#markBps(i, this.#router.interfaces[i]!.reliefTarget, ({ targetBps }) => targetBps)
  }

  #markBps(i: number, share: number, markOf: (shared: SharedUse) => number): number {
    const own = share * (this.#speedBps[i] ?? 0)
    if (this.#portOf[i]!.length === 0) return own
    const within = this.#portOf[i]!
      .map((shared) => this.plannedBps(i) + markOf(shared) - this.#sharedBps(shared))
      // What the others carry is not known: nothing moves there, and nothing is done about it either.
      .filter((bps) => bps > -Infinity)
    return Math.max(0, Math.min(own, ...within))
  }

  /** True when a further `bps` keep the interface, and what it shares, at or below the relief target. */
  hasRoom(i: number, bps: number): boolean {
    return (this.roomBps(i) ?? -Infinity) >= bps
  }

  /**
   * What fits below the relief target, its own and that of what it shares; below 0 when it is passed;
   * undefined while the load is not known, or not what a relief has left of it.
   */
  roomBps(i: number): number | undefined {
    if (this.#natural[i]?.isBeingRelieved === true) return undefined
    return this.#roomBps(i, this.#router.interfaces[i]!.reliefTarget, ({ targetBps }) => targetBps)
  }

  /**
   * Where to lead `bps`: the first exit that has room for it, and for all that is led there to grow; without such a one,
   * the first that has room.
   */
  firstWithRoom<E extends { readonly interfaceIndex: number }>(exits: readonly E[], bps: number): E | undefined {
    const grown = exits.find(({ interfaceIndex: i }) => this.hasRoom(i, bps + GROWTH * (this.#brought[i]! + bps)))
    return grown ?? exits.find(({ interfaceIndex: i }) => this.hasRoom(i, bps))
  }

  /** The same below the high watermark. */
  highRoomBps(i: number): number | undefined {
    return this.#roomBps(i, this.#router.interfaces[i]!.highWatermark, ({ highBps }) => highBps)
  }

  #roomBps(i: number, share: number, markOf: (shared: SharedUse) => number): number | undefined {
    if (!this.isKnown(i)) return undefined
    const ownBps = share * this.#speedBps[i]! - this.plannedBps(i) - this.errorBps(i)
    if (this.#leadsTo[i]!.length === 0) return ownBps
    return this.#leadsTo[i]!.reduce(
      (bps, shared) => Math.min(bps, markOf(shared) - this.#sharedBps(shared) - this.#errorOf(shared)),
      ownBps,
    )
  }

  #sharedBps({ ports, links, othersBps }: SharedUse): number {
    const own = ports.reduce((sum, port) => sum + this.plannedBps(port), 0)
    return othersBps + links.reduce((sum, link) => sum + Math.max(0, this.#moved[link]!), own)
  }

  #errorOf({ ports }: SharedUse): number {
    return ports.reduce((sum, port) => sum + this.errorBps(port), 0)
  }

  /** Room on all interfaces together, bit/s. */
  spareBps(): number {
    return this.#natural.reduce((sum, _, i) => sum + Math.max(0, this.roomBps(i) ?? 0), 0)
  }

  /** Share (of 1) of the natural load that would be away with a further `bps`. */
  awayShare(i: number, bps: number): number {
    return (this.#away[i]! + bps) / Math.max(1, this.#natural[i]?.bps ?? 0)
  }

  /**
   * Moves demand from its natural interface (undefined: none of ours) to another; negative `bps` takes it
   * back.
   */
  move(from: number | undefined, to: number | undefined, bps: number): void {
    this.#place(from, to, bps)
    if (from !== undefined) this.#moved[from] = this.#moved[from]! - bps
    if (to !== undefined) this.#moved[to] = this.#moved[to]! + bps
  }

  /** The same for an override that was there before. */
  apply({ fromInterface, toInterface }: Override, bps: number): void {
    this.#place(this.#indexOf(fromInterface), this.#indexOf(toInterface), bps)
  }

  #place(from: number | undefined, to: number | undefined, bps: number): void {
    if (from !== undefined) {
      this.#planned[from] = this.#planned[from]! - bps
      this.#away[from] = this.#away[from]! + bps
    }
    if (to === undefined) return
    this.#planned[to] = this.#planned[to]! + bps
    this.#brought[to] = this.#brought[to]! + bps
  }

  #indexOf(name: string): number | undefined {
    const index = this.#router.interfaces.findIndex((i) => i.name === name)
    return index < 0 ? undefined : index
  }
}
