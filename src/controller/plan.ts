/** The plan: from demand, routes, current overrides and policy to the overrides that should be. Pure. */
import type { Decision } from '../model/decision.ts'
import { comparePrefixes, formatPrefix } from '../model/prefix.ts'
import { Demand } from './demand.ts'
import { followRoutes } from './follow.ts'
import { naturalLoads, PlannedLoads, type NaturalLoad, type Placement } from './loads.ts'
import type { PlanInput, PlannedOverride, Planning } from './planning.ts'
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
  readonly unfinished: ReadonlySet<string>
}

/** Plans one router. Equal input gives an equal plan. */
export function planRouter(input: PlanInput): RouterPlan {
  const demand = new Demand(input.router, input.traffic.rates, input.routes)
  const guard = new PrefixGuard(input.router, input.policy, input.routes.nextHops())
  const decisions: Decision[] = []
  const kept = followRoutes({ ...input, demand, guard, decisions })
  const wanted = new Map(kept.map((planned) => [formatPrefix(planned.override.prefix), planned]))
  const ended = input.current.map(({ override }) => override.prefix).filter((p) => !wanted.has(formatPrefix(p)))
  const planning: Planning = { ...input, demand, guard, decisions, wanted, ended }
  const placements = currentPlacements(planning)
  const natural = naturalLoads(input.router, input.traffic, demand, placements)

  // Real ones first: what is only imagined must not take their room.
  const loads = new PlannedLoads(input.router, input.traffic, natural)
  const unfinished = new Set<string>()
  for (const dry of [false, true]) {
    for (const planned of planning.wanted.values()) {
      if (planned.dry === dry) loads.apply(planned.override, demand.movedBy(planned.override.prefix).bps)
    }
    if (!input.mayChange || !input.routesKnown) continue
    for (const name of relieveInterfaces(planning, loads, dry)) unfinished.add(name)
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
function currentPlacements({ placements, wanted }: Planning): Placement[] {
  return placements.map((placement) => {
    const planned = placement.endMs === undefined ? wanted.get(formatPrefix(placement.prefix)) : undefined
    return planned === undefined ? placement : { ...placement, fromInterface: planned.override.fromInterface }
  })
}
