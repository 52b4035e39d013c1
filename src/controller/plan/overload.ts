/** Which interfaces need relief, and for how long. Pure. */
import { CONVERGENCE_MS, type PlannedLoads } from './loads.ts'
import type { Planning, Unfinished } from './planning.ts'

/**
 * A relief that has passed ends so close to its target, as a share of the way from there to the high
 * watermark.
 */
const TARGET_TOLERANCE = 0.1

/**
 * Errors are given for both sides at 95 %; to be above a mark with that confidence takes less, 1.645 σ for
 * 1.96 σ.
 */
const ONE_SIDED = 1.645 / 1.96

/**
 * True when an interface needs relief: its planned load is surely above the high watermark or, while an
 * earlier relief is not over, above the relief target.
 */
export function isOverloaded(planning: Planning, loads: PlannedLoads, i: number): boolean {
  const surelyBps = leastBps(loads, i)
  const toleratedBps = loads.targetBps(i) + TARGET_TOLERANCE * (loads.highBps(i) - loads.targetBps(i))
  switch (planning.unfinished.get(planning.router.interfaces[i]!.name)) {
    case undefined:
      return surelyBps > loads.highBps(i)
    case 'capped':
      return surelyBps > loads.targetBps(i)
    case 'unconfirmed':
      return surelyBps > (isMeasuredSince(planning, i) ? toleratedBps : loads.highBps(i))
  }
}

/** Planned load at the least, for all that its error leaves open, bit/s. */
export function leastBps(loads: PlannedLoads, i: number): number {
  return loads.plannedBps(i) - ONE_SIDED * loads.errorBps(i)
}

/** What remains of an earlier relief of an interface that is not overloaded now. */
export function stillUnfinished(planning: Planning, loads: PlannedLoads, i: number): Unfinished | undefined {
  const state = planning.unfinished.get(planning.router.interfaces[i]!.name)
  // Just after a change the load is not known well enough to go on: that must not end a relief.
  const isOver = state === 'capped' ? loads.hasRoom(i, 0) : isMeasuredSince(planning, i)
  return isOver ? undefined : state
}

/** True when the interface's load was measured wholly after the last override away from it took effect. */
function isMeasuredSince({ wanted, router, traffic }: Planning, i: number): boolean {
  const moved = [...wanted.values()].filter(
    ({ override }) => override.fromInterface === router.interfaces[i]!.name,
  )
  const lastMs = Math.max(-Infinity, ...moved.map(({ override }) => override.sinceMs))
  return traffic.interfaces[i]!.spanStartMs >= lastMs + CONVERGENCE_MS
}

/** Planned load as a multiple of the high watermark. */
export function overload(loads: PlannedLoads, i: number): number {
  return loads.plannedBps(i) / Math.max(1, loads.highBps(i))
}
