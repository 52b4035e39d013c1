/** Release: brings traffic home when its link has room for it again. Pure. */
import { comparePrefixes, formatPrefix } from '../model/prefix.ts'
import { relativeError } from '../model/rates.ts'
import { formatRate, formatShare } from '../model/units.ts'
import type { PlannedLoads } from './loads.ts'
import { decide, type Planning } from './planning.ts'

/**
 * Releases, the largest first, what was held long enough and fits below its home's relief target with its own
 * sampling error on top. Between the target and the high watermark nothing changes.
 */
export function releaseOverrides(planning: Planning, loads: PlannedLoads, dry: boolean): void {
  const { router, wanted, demand, nowMs, policy, traffic } = planning
  const held = [...wanted.values()]
    .filter((planned) => planned.dry === dry && nowMs - planned.override.sinceMs >= policy.minHoldMs)
    .map(({ override }) => ({ override, moved: demand.movedBy(override.prefix) }))
    .sort((a, b) => b.moved.bps - a.moved.bps || comparePrefixes(a.override.prefix, b.override.prefix))
  for (const { override, moved } of held) {
    const home = router.interfaces.findIndex(({ name }) => name === override.fromInterface)
    const on = router.interfaces.findIndex(({ name }) => name === override.toInterface)
    const errorBps = moved.bps * relativeError(moved.samples)
    if (traffic.interfaces[home]!.operUp === false || !loads.hasRoom(home, moved.bps + errorBps)) continue
    wanted.delete(formatPrefix(override.prefix))
    loads.move(home, on, -moved.bps)
    const { reliefTarget } = router.interfaces[home]!
    decide(
      planning,
      'release',
      { prefix: override.prefix, from: override.toInterface, to: override.fromInterface, bps: moved.bps, dry },
      `${override.fromInterface} has room again: with ${formatRate(moved.bps)} to ${formatPrefix(override.prefix)} back ` +
        `it carries ${formatShare(loads.plannedBps(home) / (loads.speedBps(home) ?? 1))}, at most ${formatShare(reliefTarget)}`,
      {
        planned_after_bps: loads.plannedBps(home),
        target_bps: loads.targetBps(home),
        error_bps: errorBps,
        held_ms: nowMs - override.sinceMs,
      },
    )
  }
}
