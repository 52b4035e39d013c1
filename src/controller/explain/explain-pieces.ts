/** What of a prefix would move if its natural exit were overloaded: the plan's own moves, tried. Pure. */
import { formatPrefix, overlaps, type Prefix } from '../../model/prefix.ts'
import type { Route } from '../../model/route.ts'
import { formatRate, formatShare } from '../../model/units.ts'
import { candidatesOf, takenPrefixes, type Candidate, type Obstacle } from '../plan/candidates.ts'
import type { PlannedLoads } from '../plan/loads.ts'
import { detour, type Allowance } from '../plan/moves.ts'
import type { Planning } from '../plan/planning.ts'
import { whySetAside } from '../plan/set-aside.ts'
import type { PrefixFacts, StuckFacts } from './prefix-facts.ts'

type Pieces = Pick<PrefixFacts, 'movable' | 'stuck'>

/** The pieces of the received prefix that share addresses with the one that was asked about. */
export function explainPieces(
  planning: Planning,
  loads: PlannedLoads,
  received: Route | undefined,
  asked: Prefix,
  home: number | undefined,
): Pieces {
  const demand = received && planning.demand.of(received.prefix)
  if (demand === undefined || home === undefined) return { movable: [], stuck: [] }
  const found = candidatesOf(planning, demand, home, takenPrefixes(planning))
  const isAsked = ({ prefix = demand.prefix }: { prefix?: Prefix | undefined }): boolean =>
    overlaps(prefix, asked)
  const stuck: StuckFacts[] = found.stuck.filter(isAsked).map(({ obstacle, prefix = demand.prefix, bps }) => {
    return { obstacle, prefix, bps, why: whyStuck(planning, obstacle, prefix, home) }
  })
  const movable: Pieces['movable'][number][] = []
  for (const candidate of found.movable.filter(isAsked)) {
    const allowance: Allowance = {
      ...planning.caps,
      overrides: planning.caps.overrides - planning.wanted.size,
    }
    const result = detour(planning, loads, home, candidate, allowance).make()
    const { prefix, reliefBps: bps } = candidate
    if (typeof result === 'string') {
      const why = whyNoMove(planning, loads, result, candidate, allowance, home)
      stuck.push({ obstacle: result, prefix, bps, why })
    } else {
      result.undo()
      movable.push({ prefix, bps, to: result.to })
    }
  }
  return { movable, stuck }
}

function whyStuck(
  { router, policy, demand, guard, setAside, nowMs }: Planning,
  obstacle: Obstacle,
  prefix: Prefix,
  home: number,
): string {
  const { samples } = demand.movedBy(prefix)
  switch (obstacle) {
    case 'too few samples':
      return `${samples} of the ${policy.minSamples} that controller.min_samples asks for`
    case 'guard':
      return guardText(guard, prefix)
    case 'refused':
    case 'not sent':
    case 'by hand':
    case 'unsteady':
    case 'without effect': {
      const aside = setAside.find((one) => one.kind === obstacle && nowMs < one.untilMs)
      const known = router.interfaces
        .map(({ name }) => whySetAside(setAside, prefix, name, nowMs))
        .find((one) => one !== undefined)
      const one = known ?? aside
      return one === undefined ? 'set aside' : `${one.why}; tried again in ${minutes(one.untilMs - nowMs)}`
    }
    case 'no alternate':
      return `no other interface has a received path that may take it`
    case 'another natural exit':
      return `it leaves by ${router.interfaces[home]!.name} although BGP leads it elsewhere`
    case 'no room':
    case 'cap':
    case 'beyond the largest':
      return obstacle
  }
}

function whyNoMove(
  { router, wanted }: Planning,
  loads: PlannedLoads,
  obstacle: Obstacle,
  { bps, reliefBps, routes, exits }: Candidate,
  allowance: Allowance,
  home: number,
): string {
  switch (obstacle) {
    case 'cap':
      if (routes.length > allowance.overrides) return 'limits.max_overrides is reached'
      if (routes.length > allowance.changes) return 'limits.max_changes_per_cycle is reached'
      return (
        `${formatShare(loads.awayShare(home, reliefBps))} of the traffic of ${router.interfaces[home]!.name} ` +
        `would be away, more than limits.max_detoured_share, ${formatShare(allowance.detouredShare)}`
      )
    case 'no room':
      return `it needs ${formatRate(bps)}: ${exits
        .map(({ interfaceIndex: i }) => {
          const room = loads.roomBps(i)
          const text = room === undefined ? 'an unknown load' : `room for ${formatRate(Math.max(0, room))}`
          return `${router.interfaces[i]!.name} has ${text} below its relief target`
        })
        .join(', ')}`
    case 'guard': {
      const nested = [...wanted.values()].find(({ override }) =>
        routes.some((own) => overlaps(own, override.prefix)),
      )
      const other = nested === undefined ? 'another override' : formatPrefix(nested.override.prefix)
      return `overrides never nest, and ${other} lies across it`
    }
    case 'no alternate':
    case 'too few samples':
    case 'refused':
    case 'not sent':
    case 'by hand':
    case 'without effect':
    case 'unsteady':
    case 'another natural exit':
    case 'beyond the largest':
      return obstacle
  }
}

function guardText(guard: Planning['guard'], prefix: Prefix): string {
  const refusal = guard.refusal(prefix)
  return refusal === undefined ? 'its halves may not be overridden' : `it ${refusal}`
}

function minutes(ms: number): string {
  return `${Math.max(1, Math.ceil(ms / 60_000))} min`
}
