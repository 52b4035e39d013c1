/** Parts of a detour that has outgrown its split: pure, they change the plan in the making and can be undone. */
import { comparePrefixes, contains, formatPrefix, halvesOf, type Prefix } from '../../model/prefix.ts'
import { formatRate } from '../../model/units.ts'
import type { Obstacle } from './candidates.ts'
import { fitsAtHome } from './homes.ts'
import type { PlannedLoads } from './loads.ts'
import { carriedOverrides, thirdExits, type Allowance, type Made, type Move } from './moves.ts'
import type { PlannedOverride, Planning } from './planning.ts'
import { isRestless } from './restless.ts'
import { splitPrefix, type Piece } from './split.ts'

/**
 * What could leave an interface of the detours that it carries and that have grown above the threshold of
 * their home: single pieces, home or to a third exit; the rest of the detour stays where it is. One piece of
 * each detour can be moved.
 */
export function carriedPieces(
  planning: Planning,
  loads: PlannedLoads,
  on: number,
  dry: boolean,
  allowance: Allowance,
): Move[] {
  return carriedOverrides(planning, on, dry, false).flatMap((planned) =>
    piecesOf(planning, planned)
      .filter(({ prefix }) => comparePrefixes(prefix, planned.override.prefix) !== 0)
      .map((piece) => movePiece(planning, loads, on, planned, piece, allowance)),
  )
}

function piecesOf({ router, policy, demand }: Planning, { override }: PlannedOverride): Piece[] {
  const home = router.interfaces.find(({ name }) => name === override.fromInterface)
  if (home === undefined || demand.movedBy(override.prefix).bps <= home.perPrefixThresholdBps) return []
  return splitPrefix(override.prefix, demand.within(override.prefix), {
    thresholdBps: home.perPrefixThresholdBps,
    longest: router.maxPrefixLength[override.prefix.family],
    minSamples: policy.minSamples,
    taken: [],
  }).filter(({ rate }) => rate.samples >= policy.minSamples)
}

function movePiece(
  planning: Planning,
  loads: PlannedLoads,
  on: number,
  planned: PlannedOverride,
  { prefix, rate: { bps, samples } }: Piece,
  allowance: Allowance,
): Move {
  const { router, wanted, demand, guard } = planning
  const { override } = planned
  const key = formatPrefix(override.prefix)
  const home = router.interfaces.findIndex(({ name }) => name === override.fromInterface)
  // Of what the detour moves: a part may have a received prefix of its own, whose traffic was never moved.
  const moved = demand.within(override.prefix)
  const rest = siblings(override.prefix, prefix).filter((part) => moved.towards(part).bps > 0)
  const { open, obstacle } = thirdExits(planning, on, home, prefix)

  const make = (only?: number): Made | Obstacle => {
    if (wanted.get(key) !== planned || [prefix, ...rest].some((p) => guard.refusal(p) !== undefined)) return 'guard'
    const isMeant = (i: number): boolean => only === undefined || only === i
    const goesHome = isMeant(home) && fitsAtHome(planning, loads, home, override, { bps, samples })
    if (!goesHome && obstacle !== undefined) return obstacle
    const exit = goesHome
      ? undefined
      : loads.firstWithRoom(open.filter(({ interfaceIndex: i }) => isMeant(i)), bps)
    if (!goesHome && exit === undefined) return 'no room'
    const to = exit?.interfaceIndex ?? home
    const name = router.interfaces[to]!.name
    const what = `${formatRate(bps)} to ${formatPrefix(prefix)}, out of ${key}, ${goesHome ? 'go home' : 'move on'} to ${name}`
    const parts = rest.map((part) => ({ ...override, prefix: part }))
    if (exit !== undefined) {
      parts.push({ ...override, prefix, toInterface: name, follows: exit.path, reason: `${override.toInterface} overflowed: ${what}` })
    }
    const added = parts.length
    if (added > allowance.changes || added - 1 > allowance.overrides) return 'cap'
    const change = (sign: 1 | -1): void => {
      loads.move(goesHome ? home : undefined, on, -sign * bps)
      if (!goesHome) loads.move(undefined, to, sign * bps)
      allowance.changes -= sign * added
      allowance.overrides -= sign * (added - 1)
    }
    const redo = (): void => {
      wanted.delete(key)
      for (const part of parts) wanted.set(formatPrefix(part.prefix), { ...planned, override: part })
      change(1)
    }
    const undo = (): void => {
      for (const part of parts) wanted.delete(formatPrefix(part.prefix))
      wanted.set(key, planned)
      change(-1)
    }
    redo()
    return { kind: goesHome ? 'release' : 'replace', from: override.toInterface, to: name, on: to, what, undo, redo }
  }
  return {
    prefix, on, bps, takenBps: bps, samples, routes: rest.length + 1, isRestless: isRestless(planning, override.prefix),
    exits: [home, ...open.map(({ interfaceIndex }) => interfaceIndex)], make,
  }
}

/** What is left of `outer` without `inner`: the largest prefixes that hold it. */
function siblings(outer: Prefix, inner: Prefix): Prefix[] {
  const all: Prefix[] = []
  for (let around = outer; around.length < inner.length; ) {
    const [low, high] = halvesOf(around)!
    const [own, other] = contains(low, inner) ? [low, high] : [high, low]
    all.push(other)
    around = own
  }
  return all
}
