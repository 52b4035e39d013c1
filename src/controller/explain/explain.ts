/** Gathers what is known of a prefix, by the same functions that the plan decides with. Pure. */
import { formatPrefix, overlaps, type Prefix } from '../../model/prefix.ts'
import { relativeError } from '../../model/rates.ts'
import type { Route } from '../../model/route.ts'
import { auditOverrides } from '../plan/audit.ts'
import { rankPaths } from '../plan/best-path.ts'
import { busiestInterface } from '../plan/demand.ts'
import { interfaceIndexOf, naturalInterface } from '../plan/exits.ts'
import { PlannedLoads } from '../plan/loads.ts'
import type { Observation } from '../observation.ts'
import { isOverloaded } from '../plan/overload.ts'
import type { RouterPlan } from '../plan/plan.ts'
import { isDry, type PlanInput, type Planning } from '../plan/planning.ts'
import { PrefixGuard } from '../plan/prefix-guard.ts'
import { recentMoves, restlessPrefixes, type RecentMove } from '../plan/restless.ts'
import { whySetAside } from '../plan/set-aside.ts'
import type { Alternate, Circumstances, InterfaceLoad, NaturalExit, PrefixFacts } from './prefix-facts.ts'
import { explainOverrides } from './explain-overrides.ts'
import { explainPieces } from './explain-pieces.ts'

/** What a cycle saw and decided for a router. */
export interface LastCycle {
  readonly input: PlanInput
  readonly plan: RouterPlan
  readonly seen: Observation
  readonly mode: Circumstances['mode']
}

/** Rows that are looked through for received prefixes inside; a shorter prefix may hold all there are. */
const MOST_ROWS = 20_000

/** What is known of the prefix on the router, as of its last cycle. */
export function explainPrefix(cycle: LastCycle, prefix: Prefix): PrefixFacts {
  const { input, plan, seen } = cycle
  const { router, routes, traffic, nowMs } = input
  const covering = routes.covering(prefix)
  const received = covering[0]
  const planning: Planning = {
    ...input,
    setAside: plan.setAside,
    placements: plan.placements,
    unfinished: plan.unfinished,
    homecomings: plan.homecomings,
    demand: plan.demand,
    guard: new PrefixGuard(router, input.policy, routes.nextHops()),
    wanted: new Map(plan.overrides.map((one) => [formatPrefix(one.override.prefix), one])),
    ended: [],
    restless: restlessPrefixes({ ...plan, nowMs }, []),
    decisions: [],
  }
  const home = received && homeOf(planning, received, prefix)
  const loads = loadsOf(planning, plan, home)
  const rate =
    received === undefined ? traffic.rates.towards(prefix) : plan.demand.movedBy(prefix)
  const leavingBps = (i: number): number =>
    received === undefined ? traffic.rates.towards(prefix, i).bps : plan.demand.movedBy(prefix, i).bps
  return {
    atMs: nowMs,
    router,
    prefix,
    received: received && { prefix: received.prefix, paths: received.paths.length },
    inside: receivedInside(planning, prefix),
    natural: received && naturalExit(planning, loads, received, home),
    demand: {
      ...rate,
      errorBps: rate.bps * relativeError(rate.samples),
      by: router.interfaces
        .map(({ name }, i) => ({ interface: name, bps: leavingBps(i) }))
        .filter(({ bps }) => bps > 0),
    },
    windowMs: input.windowMs,
    alternates: alternatesOf(planning, loads, covering, prefix, home),
    overrides: explainOverrides(planning, plan, seen, loads, prefix),
    restless: recentMoves({ ...plan, nowMs })
      .filter((one) => overlaps(one.prefix, prefix))
      .reduce<RecentMove | undefined>((last, one) => ((last?.atMs ?? -Infinity) >= one.atMs ? last : one), undefined),
    ...explainPieces(planning, loads, received, prefix, home),
    circumstances: circumstancesOf(cycle),
  }
}

/** Index of the natural exit's interface: where an override found it, or where samples go now, on a tie. */
function homeOf({ router, demand, wanted }: Planning, received: Route, prefix: Prefix): number | undefined {
  const around = [...wanted.values()].find(({ override }) => overlaps(override.prefix, prefix))
  const recorded = router.interfaces.findIndex(({ name }) => name === around?.override.fromInterface)
  return naturalInterface(router, received, [
    recorded < 0 ? undefined : recorded,
    busiestInterface(demand.of(received.prefix)),
  ])
}

/** Loads as the plan left them; what is only decided takes no room from what is real. */
function loadsOf(planning: Planning, plan: RouterPlan, home: number | undefined): PlannedLoads {
  const loads = new PlannedLoads(
    planning.router, planning.traffic, plan.natural, planning.surroundings.shared,
  )
  const withDry = home !== undefined && isDry(planning, home)
  for (const { override, dry } of plan.overrides) {
    if (!dry || withDry) loads.apply(override, plan.demand.movedBy(override.prefix).bps)
  }
  return loads
}

function naturalExit(
  planning: Planning,
  loads: PlannedLoads,
  received: Route,
  home: number | undefined,
): NaturalExit {
  const { paths, tied } = rankPaths(received.paths)
  const best = paths.slice(0, tied).find((path) => interfaceIndexOf(planning.router, path.nextHop) === home)
  return {
    path: best ?? paths[0]!,
    tied,
    load: home === undefined ? undefined : loadOf(planning, loads, home),
  }
}

function loadOf(planning: Planning, loads: PlannedLoads, i: number): InterfaceLoad {
  const configured = planning.router.interfaces[i]!
  const isKnown = loads.isKnown(i)
  return {
    interface: configured,
    naturalBps: loads.naturalBps(i),
    plannedBps: loads.plannedBps(i),
    errorBps: loads.errorBps(i),
    speedBps: loads.speedBps(i),
    highBps: loads.highBps(i),
    targetBps: loads.targetBps(i),
    isOverloaded: isKnown && isOverloaded(planning, loads, i),
    isDown: planning.traffic.interfaces[i]!.operUp === false,
    unfinished: planning.unfinished.get(configured.name),
  }
}

/** Every other path, the longest covering prefix first, each next hop once. */
function alternatesOf(
  planning: Planning,
  loads: PlannedLoads,
  covering: readonly Route[],
  prefix: Prefix,
  home: number | undefined,
): Alternate[] {
  const { router, traffic, setAside, nowMs } = planning
  const known = new Set<number | undefined>([home])
  return covering
    .flatMap(({ paths }) => rankPaths(paths).paths)
    .flatMap((path): Alternate[] => {
      const i = interfaceIndexOf(router, path.nextHop)
      if (i === undefined) {
        const closed = 'its next hop leaves by no configured interface'
        return home === undefined ? [] : [{ path, interface: undefined, roomBps: undefined, closed }]
      }
      if (known.has(i)) return []
      if (path.rpki !== 'invalid') known.add(i)
      const { name, detourTarget } = router.interfaces[i]!
      const aside = whySetAside(setAside, prefix, name, nowMs)
      const closed =
        path.rpki === 'invalid' ? 'the RPKI calls the path invalid'
        : !detourTarget ? 'it takes no detours (detour_target: false)'
        : traffic.interfaces[i]!.operUp === false ? 'it is down'
        : aside !== undefined ? `${aside.kind}: ${aside.why}`
        : undefined
      return [{ path, interface: name, roomBps: loads.roomBps(i), closed }]
    })
}

function receivedInside({ router, routes, traffic }: Planning, prefix: Prefix): PrefixFacts['inside'] {
  const rows = traffic.rates.within(prefix)
  if (rows.length > MOST_ROWS) return undefined
  const bps = new Map<Prefix, number>()
  for (const row of rows) {
    const route = routes.longestMatch(row.address)
    if (router.interfaces[row.interfaceIndex] === undefined || route === undefined) continue
    if (route.prefix.length <= prefix.length) continue
    bps.set(route.prefix, (bps.get(route.prefix) ?? 0) + row.bps)
  }
  return [...bps].map(([own, sum]) => ({ prefix: own, bps: sum })).sort((a, b) => b.bps - a.bps)
}

function circumstancesOf({ input, plan, seen, mode }: LastCycle): Circumstances {
  const { session, telemetryState, telemetryFaults, permission } = seen
  return {
    mode,
    session,
    telemetryState,
    telemetryFaults,
    permission,
    additionsPause: !auditOverrides(input, plan.demand, []).mayAdd,
    mayChange: input.mayChange && input.routesKnown,
    mayRelease: input.mayRelease,
  }
}
