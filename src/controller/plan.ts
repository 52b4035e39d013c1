/** The plan: from demand, routes, current overrides and policy to the overrides that should be. Pure. */
import type { Decision } from '../model/decision.ts'
import { comparePrefixes, formatPrefix, overlaps } from '../model/prefix.ts'
import { Demand } from './demand.ts'
import { followRoutes } from './follow.ts'
import { naturalLoads, PlannedLoads, type NaturalLoad, type Placement } from './loads.ts'
import { decide, type PlanInput, type PlannedOverride, type Planning, type Unfinished } from './planning.ts'
import { PrefixGuard } from './prefix-guard.ts'
import { releaseOverrides } from './release.ts'
import { relieveInterfaces } from './relieve.ts'

export interface RouterPlan {
  readonly overrides: readonly PlannedOverride[]
  readonly demand: Demand
  readonly natural: readonly (NaturalLoad | undefined)[]
  /** Bit/s by interface index. */
  readonly planned: readonly number[]
  /** The input's, with the natural exits of today. */
  readonly placements: readonly Placement[]
  readonly decisions: readonly Decision[]
  readonly unfinished: ReadonlyMap<string, Unfinished>
}

/** Plans one router. Equal input gives an equal plan. */
export function planRouter(input: PlanInput): RouterPlan {
  const demand = new Demand(input.router, input.traffic.rates, input.routes)
  const guard = new PrefixGuard(input.router, input.policy, input.routes.nextHops())
  const decisions: Decision[] = []
  const kept = followRoutes({ ...input, demand, guard, decisions })
  const keptByPrefix = new Map(kept.map((planned) => [formatPrefix(planned.override.prefix), planned]))
  const ended = input.current
    .filter(({ override, dry }) => !dry && !keptByPrefix.has(formatPrefix(override.prefix)))
    .map(({ override }) => override.prefix)
  const planning: Planning = { ...input, demand, guard, decisions, wanted: new Map(), ended }
  const placements = currentPlacements(input.placements, keptByPrefix)
  const natural = naturalLoads(input.router, input.traffic, demand, placements)

  // Real ones first: what is only imagined must not take their room.
  const loads = new PlannedLoads(input.router, input.traffic, natural)
  const mayMove = input.mayChange && input.routesKnown
  const unfinished = new Map(mayMove ? [] : input.unfinished)
  for (const dry of [false, true]) {
    for (const planned of kept.filter((k) => k.dry === dry)) {
      if (dry && givesWay(planning, planned)) continue
      planning.wanted.set(formatPrefix(planned.override.prefix), planned)
      loads.apply(planned.override, demand.movedBy(planned.override.prefix).bps)
    }
    if (!mayMove) continue
    for (const [name, why] of relieveInterfaces(planning, loads, dry)) unfinished.set(name, why)
    if (input.mayRelease) releaseOverrides(planning, loads, dry)
  }
  return {
    overrides: [...planning.wanted.values()].sort((a, b) => comparePrefixes(a.override.prefix, b.override.prefix)),
    demand,
    natural,
    planned: input.router.interfaces.map((_, i) => loads.plannedBps(i)),
    placements,
    decisions: planning.decisions,
    unfinished,
  }
}

/** Routes move: where an override is in force, its traffic's natural exit is the one that routes name now. */
function currentPlacements(
  placements: readonly Placement[],
  kept: ReadonlyMap<string, PlannedOverride>,
): Placement[] {
  return placements.map((placement) => {
    const planned = placement.endMs === undefined ? kept.get(formatPrefix(placement.prefix)) : undefined
    return planned === undefined ? placement : { ...placement, fromInterface: planned.override.fromInterface }
  })
}

/** Overrides never nest: where a real one now lies across a dry one, the dry one ends. */
function givesWay(planning: Planning, { override }: PlannedOverride): boolean {
  const real = [...planning.wanted.values()].find((w) => !w.dry && overlaps(w.override.prefix, override.prefix))
  if (real === undefined) return false
  const { prefix, fromInterface: from, toInterface: to } = override
  const why = `it gives way to the override of ${formatPrefix(real.override.prefix)}`
  decide(planning, 'withdraw', { prefix, from, to, dry: true }, `${formatPrefix(prefix)} is withdrawn: ${why}`)
  return true
}
