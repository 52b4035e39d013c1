/** Audit: does the traffic that an override is to move leave where it leads? Pure. */
import { formatPrefix } from '../../model/prefix.ts'
import type { Demand } from './demand.ts'
import { EFFECT_SETTLE_MS, SEVERAL, type Effect } from './effect.ts'
import { CONVERGENCE_MS } from './loads.ts'
import type { PlanInput } from './planning.ts'

/**
 * An override that moved less than this share of its demand does nothing; below a half, it moved only a part.
 */
const NOTHING = 0.1
const PART = 0.5

/** The effect of every real override that has been in force since `auditBeforeMs` or longer. */
export function findEffects(input: PlanInput, demand: Demand): Effect[] {
  return overridesInForce(input, demand).filter(
    ({ inForceMs }) => input.nowMs - inForceMs <= input.auditBeforeMs,
  )
}

/**
 * True when so many overrides that any of them should have moved something by now have not: more would be in
 * vain, too. What the window holds from before an override came into force is no evidence.
 */
export function haveMovedNothing(input: PlanInput, demand: Demand): boolean {
  const due = overridesInForce(input, demand).filter(
    ({ kind, inForceMs }) => kind !== 'unknown' && inForceMs >= EFFECT_SETTLE_MS,
  )
  const isIdle = ({ movedShare, inForceMs }: Effect): boolean =>
    movedShare < NOTHING * Math.min(1, (inForceMs - CONVERGENCE_MS) / input.windowMs)
  return due.length >= SEVERAL && due.every(isIdle)
}

/** Real overrides that GoBGP holds, with what of their demand leaves where they lead by the rates of now. */
function overridesInForce(
  { router, policy, nowMs, current, placements }: PlanInput,
  demand: Demand,
): Effect[] {
  const inForce = new Map(
    placements.filter((p) => p.endMs === undefined).map((p) => [formatPrefix(p.prefix), p]),
  )
  return current.flatMap(({ override: { prefix, fromInterface, toInterface }, dry }) => {
    const placement = inForce.get(formatPrefix(prefix))
    const to = router.interfaces.findIndex(({ name }) => name === toInterface)
    if (dry || to < 0 || placement?.toInterface !== toInterface) return []
    const { bps, samples } = demand.movedBy(prefix)
    const movedShare = bps === 0 ? 0 : demand.movedBy(prefix, to).bps / bps
    const kind = samples < policy.minSamples ? 'unknown' : kindOf(movedShare)
    return [
      {
        kind,
        prefix,
        fromInterface,
        toInterface,
        bps,
        samples,
        movedShare,
        inForceMs: nowMs - placement.startMs,
      },
    ]
  })
}

function kindOf(movedShare: number): 'works' | 'in part' | 'nothing' {
  if (movedShare < NOTHING) return 'nothing'
  return movedShare < PART ? 'in part' : 'works'
}
