/** The plan: from demand, routes, current overrides and policy to the overrides that should be. Pure. */
import type { Decision } from '../../model/decision.ts'
import { comparePrefixes, formatPrefix, overlaps } from '../../model/prefix.ts'
import { auditOverrides } from './audit.ts'
import { Demand } from './demand.ts'
import type { Disregard } from './disregard.ts'
import type { Effect } from './effect.ts'
import { followRoutes } from './follow.ts'
import { naturalLoads, PlannedLoads, type NaturalLoad, type Placement } from './loads.ts'
import { heedOrders, makePins } from './orders.ts'
import type { PinResult } from './pin.ts'
import { decide, type PlanInput, type PlannedOverride, type Planning, type Unfinished } from './planning.ts'
import { PrefixGuard } from './prefix-guard.ts'
import { releaseOverrides } from './release.ts'
import { relieveInterfaces } from './relieve.ts'
import { noteHomecomings, restlessPrefixes, type Homecoming } from './restless.ts'
import { letIn, type SetAside } from './set-aside.ts'
import { noteUnsteady } from './unsteady.ts'

export interface RouterPlan {
  readonly overrides: readonly PlannedOverride[]
  readonly demand: Demand
  readonly natural: readonly (NaturalLoad | undefined)[]
  /** Bit/s by interface index; and without what is only decided. */
  readonly planned: readonly number[]
  readonly plannedReal: readonly number[]
  /** The input's, with the natural exits of today. */
  readonly placements: readonly Placement[]
  readonly decisions: readonly Decision[]
  readonly unfinished: ReadonlyMap<string, Unfinished>
  /** Of the overrides that have been in force for long enough. */
  readonly effects: readonly Effect[]
  readonly homecomings: readonly Homecoming[]
  readonly setAside: readonly SetAside[]
  readonly disregard: Disregard
  /** What became of the input's pins. */
  readonly pins: readonly PinResult[]
}

/** Plans one router. Equal input gives an equal plan. */
export function planRouter(input: PlanInput): RouterPlan {
  const demand = new Demand(input.router, input.traffic.rates, input.routes)
  const guard = new PrefixGuard(input.router, input.policy, input.routes.nextHops(), input.surroundings.chain.closed)
  const decisions: Decision[] = []
  const audit = auditOverrides(input, demand, decisions)
  const { effects, disregard } = audit
  const followed = { ...input, ...audit, demand, guard, decisions }
  const current = heedOrders(followed)
  const kept = followRoutes({ ...followed, current })
  const setAside = noteUnsteady(audit.setAside, { ...input, current }, kept)
  const following = { ...followed, setAside }
  const keptByPrefix = new Map(kept.map((planned) => [formatPrefix(planned.override.prefix), planned]))
  const ended = input.current
    .filter(({ override, dry }) => !dry && !keptByPrefix.has(formatPrefix(override.prefix)))
    .map(({ override }) => override.prefix)
  const pinObstacle =
    input.pinObstacle ?? (audit.mayAdd ? undefined : 'none of the last overrides moves anything')
  const planning: Planning = { ...following, pinObstacle, wanted: new Map(), ended, restless: restlessPrefixes(input, ended) }
  const placements = currentPlacements(audit.placements, keptByPrefix)
  const natural = naturalLoads(input.router, input.traffic, demand, placements)

  // Real ones first: what is only imagined must not take their room.
  const loads = new PlannedLoads(input.router, input.traffic, natural, input.surroundings.shared)
  const planned = (): number[] => input.router.interfaces.map((_, i) => loads.plannedBps(i))
  let plannedReal: readonly number[] = []
  const mayMove = input.mayChange && input.routesKnown && audit.mayAdd
  const unfinished = new Map(mayMove ? [] : input.unfinished)
  const pins: PinResult[] = []
  for (const dry of [false, true]) {
    for (const planned of kept.filter((k) => k.dry === dry)) {
      if (dry && givesWay(planning, planned)) continue
      planning.wanted.set(formatPrefix(planned.override.prefix), planned)
      loads.apply(planned.override, demand.movedBy(planned.override.prefix).bps)
    }
    const left = input.pins.filter((pin) => !pins.some((done) => done.pin === pin))
    pins.push(...makePins(planning, loads, dry, left))
    if (mayMove) {
      const pinned = pins.filter(({ refusal }) => refusal === undefined).length
      const caps = { ...input.caps, changes: input.caps.changes - pinned }
      for (const [name, why] of relieveInterfaces({ ...planning, caps }, loads, dry)) unfinished.set(name, why)
      if (input.mayRelease) releaseOverrides(planning, loads, dry)
    }
    if (!dry) plannedReal = planned()
  }
  // What is split is not home.
  const wantedPrefixes = [...planning.wanted.values()].map(({ override }) => override.prefix)
  const home = kept
    .map(({ override }) => override)
    .filter(({ prefix }) => !planning.wanted.has(formatPrefix(prefix)))
    .filter(({ prefix }) => !wantedPrefixes.some((wanted) => overlaps(wanted, prefix)))
  return {
    overrides: [...planning.wanted.values()].sort((a, b) =>
      comparePrefixes(a.override.prefix, b.override.prefix),
    ),
    demand,
    natural,
    planned: planned(),
    plannedReal,
    placements,
    decisions: planning.decisions,
    unfinished,
    effects,
    homecomings: noteHomecomings(input.homecomings, home, input.nowMs),
    setAside: letIn(setAside, pins),
    disregard,
    pins,
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
  const real = [...planning.wanted.values()].find(
    (w) => !w.dry && overlaps(w.override.prefix, override.prefix),
  )
  if (real === undefined) return false
  const { prefix, fromInterface: from, toInterface: to } = override
  const why = `it gives way to the override of ${formatPrefix(real.override.prefix)}`
  decide(
    planning,
    'withdraw',
    { prefix, from, to, dry: true },
    `${formatPrefix(prefix)} is withdrawn: ${why}`,
  )
  return true
}
