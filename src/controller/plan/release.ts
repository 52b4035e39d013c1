/** Release: brings traffic home when its link has room for it again. Pure. */
import type { Override } from '../../model/override.ts'
import { comparePrefixes, formatPrefix } from '../../model/prefix.ts'
import { relativeError, type Rate } from '../../model/rates.ts'
import { formatRate, formatShare } from '../../model/units.ts'
import { hasRoomAtHome } from './homes.ts'
import type { PlannedLoads } from './loads.ts'
import { decide, type Planning } from './planning.ts'
import { holdMs } from './restless.ts'
import { hidesDemand } from './saturation.ts'

/**
 * Releases, the largest first, what was held long enough (longer, the more often it has moved) and fits below
 * its home's relief target with its own sampling error on top. Between the target and the high watermark
 * nothing changes. What a link that drops was seen to carry fits nowhere: it may be more. What has no traffic any more
 * goes whatever its home carries: it only takes a place under the caps.
 */
export function releaseOverrides(planning: Planning, loads: PlannedLoads, dry: boolean): void {
  const { router, wanted } = planning
  for (const { overrides, bps, samples } of heldLongEnough(planning, dry)) {
    const [{ fromInterface, toInterface }] = overrides
    const home = router.interfaces.findIndex(({ name }) => name === fromInterface)
    const on = router.interfaces.findIndex(({ name }) => name === toInterface)
    const errorBps = bps * relativeError(samples)
    if (hidesDemand(planning, fromInterface) || hidesDemand(planning, toInterface)) continue
    if (!hasRoomAtHome(planning, loads, home, overrides[0].parentPrefix, { bps, errorBps })) continue
    loads.move(home, on, -bps)
    for (const override of overrides) {
      wanted.delete(formatPrefix(override.prefix))
      decideRelease(planning, loads, home, override, { dry, errorBps })
    }
  }
}

/** What left together. */
export interface Unit extends Rate {
  readonly overrides: readonly [Override, ...Override[]]
}

/** The largest first. */
function heldLongEnough({ wanted, demand, nowMs, policy, homecomings }: Planning, dry: boolean): Unit[] {
  const held = [...wanted.values()].filter(
    ({ override, dry: own }) =>
      own === dry &&
      override.pinnedUntilMs === undefined && nowMs - override.sinceMs >= holdMs(homecomings, override, policy.minHoldMs),
  )
  return unitsOf(
    demand,
    held.map(({ override }) => override),
  ).sort((a, b) => b.bps - a.bps || comparePrefixes(a.overrides[0].prefix, b.overrides[0].prefix))
}

/**
 * The overrides by what comes home together: the halves that move a received prefix which must stay in place
 * left together.
 */
export function unitsOf(demand: Planning['demand'], all: readonly Override[]): Unit[] {
  const unitOf = ({ prefix, parentPrefix, toInterface, sinceMs }: Override): string =>
    prefix.length === parentPrefix.length + 1
      ? [formatPrefix(parentPrefix), toInterface, sinceMs].join(' ')
      : formatPrefix(prefix)
  return [...Map.groupBy(all, unitOf).values()].map((overrides) => {
    const moved = overrides.map(({ prefix }) => demand.movedBy(prefix))
    const sum = (figure: keyof Rate): number => moved.reduce((total, rate) => total + rate[figure], 0)
    return { overrides: overrides as [Override, ...Override[]], bps: sum('bps'), samples: sum('samples') }
  })
}

function decideRelease(
  planning: Planning,
  loads: PlannedLoads,
  home: number,
  { prefix, fromInterface, toInterface, sinceMs }: Override,
  { dry, errorBps }: { dry: boolean; errorBps: number },
): void {
  const { router, demand, nowMs } = planning
  const { bps } = demand.movedBy(prefix)
  const share = formatShare(loads.plannedBps(home) / (loads.speedBps(home) ?? 1))
  const why =
    bps === 0
      ? `nothing goes to ${formatPrefix(prefix)} any more: it need not be away from ${fromInterface}`
      : `${fromInterface} has room again: with ${formatRate(bps)} to ${formatPrefix(prefix)} back ` +
        `it carries ${share}, at most ${formatShare(router.interfaces[home]!.reliefTarget)}`
  decide(
    planning,
    'release',
    { prefix, from: toInterface, to: fromInterface, bps, dry },
    why,
    {
      planned_after_bps: loads.plannedBps(home),
      target_bps: loads.targetBps(home),
      error_bps: errorBps,
      held_ms: nowMs - sinceMs,
    },
  )
}
