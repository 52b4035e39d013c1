/** The overrides that touch a prefix, and what brings them home. Pure. */
import { formatPrefix, overlaps, type Prefix } from '../../model/prefix.ts'
import { relativeError } from '../../model/rates.ts'
import type { PlannedLoads } from '../plan/loads.ts'
import type { Observation } from '../observation.ts'
import type { RouterPlan } from '../plan/plan.ts'
import type { Planning } from '../plan/planning.ts'
import { unitsOf } from '../plan/release.ts'
import { holdMs } from '../plan/restless.ts'
import { hidesDemand } from '../plan/saturation.ts'
import type { OverrideFacts } from './prefix-facts.ts'

/** Those that hold the prefix or lie in it, by address. */
export function explainOverrides(
  planning: Planning,
  { overrides, effects }: RouterPlan,
  { installed }: Observation,
  loads: PlannedLoads,
  asked: Prefix,
): OverrideFacts[] {
  const { router, policy, nowMs, homecomings, demand } = planning
  const there = new Set(installed?.map(({ prefix }) => formatPrefix(prefix)))
  return overrides
    .filter(({ override }) => overlaps(override.prefix, asked))
    .map(({ override, dry }) => {
      const { prefix, fromInterface, sinceMs, pinnedUntilMs = -Infinity } = override
      const home = router.interfaces.findIndex(({ name }) => name === fromInterface)
      const together = overrides.filter((one) => one.dry === dry).map((one) => one.override)
      const unit = unitsOf(demand, together).find((one) => one.overrides.includes(override))!
      const effect = effects.find(
        (one) => one.kind !== 'unknown' && formatPrefix(one.prefix) === formatPrefix(prefix),
      )
      const heldUntilMs = Math.max(sinceMs + holdMs(homecomings, override, policy.minHoldMs), pinnedUntilMs)
      return {
        override,
        dry,
        isInstalled: !dry && there.has(formatPrefix(prefix)),
        bps: demand.movedBy(prefix).bps,
        movedShare: effect?.movedShare,
        heldMs: Math.max(0, heldUntilMs - nowMs),
        needsBps: unit.bps * (1 + relativeError(unit.samples)),
        roomBps: home < 0 ? undefined : loads.roomBps(home),
        hiddenBy: [fromInterface, override.toInterface].filter((name) => hidesDemand(planning, name)),
      }
    })
}
