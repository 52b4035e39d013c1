/** Ends the overrides that do nothing, and sets them aside. Pure. */
import type { Decision } from '../../model/decision.ts'
import { formatPrefix } from '../../model/prefix.ts'
import { formatRate, formatShare } from '../../model/units.ts'
import type { Demand } from './demand.ts'
import { noteDisregard, type Disregard } from './disregard.ts'
import type { Effect } from './effect.ts'
import { findEffects, haveMovedNothing } from './find-effects.ts'
import type { Placement } from './loads.ts'
import { decide, type PlanInput, type PlannedOverride } from './planning.ts'
import { rehabilitate, setAside, type SetAside } from './set-aside.ts'

export interface Audit {
  readonly effects: readonly Effect[]
  /** The current overrides and placements without those that do nothing: their traffic never moved. */
  readonly current: readonly PlannedOverride[]
  readonly placements: readonly Placement[]
  readonly setAside: readonly SetAside[]
  readonly disregard: Disregard
  /** False while more overrides would be in vain, for all that is known. */
  readonly mayAdd: boolean
}

export function auditOverrides(input: PlanInput, demand: Demand, decisions: Decision[]): Audit {
  const { nowMs, router } = input
  const effects = findEffects(input, demand)
  let aside = input.setAside
  const idle = new Set<string>()
  for (const { override, dry } of input.current) {
    const held = dry ? undefined : input.unsent.get(formatPrefix(override.prefix))
    if (held === undefined) continue
    const { prefix, fromInterface: from, toInterface: to } = override
    idle.add(formatPrefix(prefix))
    const why = `GoBGP does not send it: ${held}`
    aside = setAside(aside, { kind: 'not sent', prefix, fromInterface: from, toInterface: to, why }, nowMs)
    const { bps } = demand.movedBy(prefix)
    decide(
      { decisions, nowMs, router },
      'withdraw',
      { prefix, from, to, bps },
      `${formatPrefix(prefix)} is withdrawn: ${why}`,
    )
  }
  for (const effect of effects) {
    if (idle.has(formatPrefix(effect.prefix))) continue
    switch (effect.kind) {
      case 'works':
        aside = rehabilitate(aside, 'without effect', effect)
        break
      case 'nothing': {
        const { prefix, fromInterface: from, toInterface: to, bps } = effect
        idle.add(formatPrefix(prefix))
        const why = whyIdle(effect)
        aside = setAside(
          aside,
          { kind: 'without effect', prefix, fromInterface: from, toInterface: to, why },
          nowMs,
        )
        const { samples, movedShare, inForceMs } = effect
        const inputs = { moved_share: movedShare, samples, in_force_ms: inForceMs }
        const reason = `${formatPrefix(prefix)} is withdrawn: ${why}`
        decide({ decisions, nowMs, router }, 'withdraw', { prefix, from, to, bps }, reason, inputs)
        break
      }
      case 'in part':
      case 'unknown':
        break
    }
  }
  const disregard = noteDisregard(input.disregard, effects, nowMs)
  const mayAdd = nowMs >= disregard.untilMs && !haveMovedNothing(input, demand)
  if (!mayAdd && input.mayChange) {
    decide(
      { decisions, nowMs, router },
      'hold_back',
      { dry: true },
      'nothing is added while none of the last overrides moves anything',
    )
  }
  return {
    effects,
    current: input.current.filter(({ override, dry }) => dry || !idle.has(formatPrefix(override.prefix))),
    placements: input.placements.filter((p) => p.endMs !== undefined || !idle.has(formatPrefix(p.prefix))),
    setAside: aside,
    disregard,
    mayAdd,
  }
}

function whyIdle({ movedShare, bps, samples, toInterface, inForceMs }: Effect): string {
  const seen = `${formatShare(movedShare)} of ${formatRate(bps)} (${samples} samples) leave by ${toInterface}`
  return `it does nothing, ${seen} after ${Math.round(inForceMs / 1000)} s in force`
}
