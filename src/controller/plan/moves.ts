/** The single moves that a relief is made of. Pure: they change the plan in the making, and can be undone. */
import { formatPrefix, overlaps, type Prefix } from '../../model/prefix.ts'
import { formatRate } from '../../model/units.ts'
import { openExits, type Candidate, type Obstacle } from './candidates.ts'
import { exitsOf, mayTakeDetours, type Exit } from './exits.ts'
import { fitsAtHome } from './homes.ts'
import type { PlannedLoads } from './loads.ts'
import { isClosed } from './shared-use.ts'
import { isRestless } from './restless.ts'
import { isDry, type Caps, type PlannedOverride, type Planning } from './planning.ts'

/** What the caps still allow in this pass. */
export type Allowance = { -readonly [K in keyof Caps]: Caps[K] }

export interface Move {
  readonly prefix: Prefix
  /** The interface that it is to leave, as index. */
  readonly on: number
  /** What it takes off the interface, bit/s. */
  readonly bps: number
  /** What the exit must take, bit/s: all demand of the prefix, some of which may leave elsewhere now. */
  readonly takenBps: number
  readonly samples: number
  /** Routes that it adds or changes. */
  readonly routes: number
  /** It has moved of late: others go first. */
  readonly isRestless: boolean
  /** Interfaces that it may lead to, best first. */
  readonly exits: readonly number[]
  /**
   * Makes it if there is room, else says what is in the way; to the best of its exits, or to one of them
   * only.
   */
  readonly make: (only?: number) => Made | Obstacle
}

export interface Made {
  readonly kind: 'relieve' | 'release' | 'replace'
  readonly from: string
  readonly to: string
  /** Interface that `to` names, as index. */
  readonly on: number
  /** In words, for the decision. */
  readonly what: string
  readonly undo: () => void
  /** After `undo`. */
  readonly redo: () => void
}

/** Moves a piece of the interface's own traffic to its best alternate with room. */
export function detour(
  planning: Planning,
  loads: PlannedLoads,
  from: number,
  candidate: Candidate,
  allowance: Allowance,
): Move {
  const { prefix, reliefBps, bps, samples, routes } = candidate
  const { router, wanted, nowMs } = planning
  const make = (only?: number): Made | Obstacle => {
    if (routes.length > allowance.changes || routes.length > allowance.overrides) return 'cap'
    if (loads.awayShare(from, reliefBps) > allowance.detouredShare) return 'cap'
    const meant = candidate.exits.filter(({ interfaceIndex: i }) => only === undefined || only === i)
    const exit = loads.firstWithRoom(meant, bps)
    if (exit === undefined) return 'no room'
    // Overrides never nest: what a longer one inside takes could not be told from what this one moves.
    for (const { override } of wanted.values()) {
      if (routes.some((own) => overlaps(override.prefix, own))) return 'guard'
    }
    const names = { from: router.interfaces[from]!.name, to: router.interfaces[exit.interfaceIndex]!.name }
    const what = `${formatRate(bps)} to ${formatPrefix(prefix)} move to ${names.to}`
    const overrides = routes.map((own) => ({
      router: router.name,
      prefix: own,
      parentPrefix: candidate.parentPrefix,
      fromInterface: names.from,
      toInterface: names.to,
      follows: exit.path,
      sinceMs: nowMs,
      reason: `${names.from} was above its high watermark: ${what}`,
    }))
    const move = (sign: 1 | -1): void => {
      loads.move(from, undefined, sign * reliefBps)
      loads.move(undefined, exit.interfaceIndex, sign * bps)
      allowance.changes -= sign * routes.length
      allowance.overrides -= sign * routes.length
    }
    const redo = (): void => {
      for (const override of overrides) {
        wanted.set(formatPrefix(override.prefix), { override, dry: isDry(planning, from) })
      }
      move(1)
    }
    const undo = (): void => {
      for (const own of routes) wanted.delete(formatPrefix(own))
      move(-1)
    }
    redo()
    return { kind: 'relieve', ...names, on: exit.interfaceIndex, what, undo, redo }
  }
  const exits = candidate.exits.map(({ interfaceIndex }) => interfaceIndex)
  return {
    prefix, on: from, bps: reliefBps, takenBps: bps, samples, routes: routes.length, isRestless: isRestless(planning, prefix),
    exits, make,
  }
}

/**
 * The detours that an interface carries for others, those that are pinned or those that are not: each goes
 * home when there is room, or to a third exit, and is pinned no longer.
 */
export function carriedDetours(
  planning: Planning,
  loads: PlannedLoads,
  on: number,
  dry: boolean,
  allowance: Allowance,
  pinned: boolean,
): Move[] {
  return carriedOverrides(planning, on, dry, pinned)
    .map((planned) => moveOn(planning, loads, on, planned, allowance))
    .filter(({ bps }) => bps > 0)
}

/** The overrides that lead to an interface. */
export function carriedOverrides(
  { router, wanted }: Planning,
  on: number,
  dry: boolean,
  pinned: boolean,
): PlannedOverride[] {
  const { name } = router.interfaces[on]!
  return [...wanted.values()]
    .filter(({ dry: own, override }) => own === dry && override.toInterface === name)
    .filter(({ override }) => (override.pinnedUntilMs !== undefined) === pinned)
}

/** Exits of a detoured prefix besides the one that carries it and its home. */
export function thirdExits(
  planning: Planning,
  on: number,
  home: number,
  prefix: Prefix,
): ReturnType<typeof openExits> {
  const { router, routes, traffic } = planning
  const others = exitsOf(router, routes.covering(prefix)).filter(
    ({ interfaceIndex: i }) =>
      i !== on &&
      i !== home &&
      mayTakeDetours(router, traffic, i) &&
      !isClosed(planning.surroundings.chain, i, prefix),
  )
  return openExits(planning, others, [prefix])
}

function moveOn(
  planning: Planning,
  loads: PlannedLoads,
  on: number,
  planned: PlannedOverride,
  allowance: Allowance,
): Move {
  const { router, wanted, demand } = planning
  const { override } = planned
  const { prefix } = override
  const { bps, samples } = demand.movedBy(prefix)
  const key = formatPrefix(prefix)
  const home = router.interfaces.findIndex((i) => i.name === override.fromInterface)
  const { open, obstacle } = thirdExits(planning, on, home, prefix)
  const homeHasRoom = (): boolean => fitsAtHome(planning, loads, home, override, { bps, samples })
  const goHome = (): Made => {
    const redo = (): void => {
      wanted.delete(key)
      loads.move(home, on, -bps)
    }
    const undo = (): void => {
      wanted.set(key, planned)
      loads.move(home, on, bps)
    }
    redo()
    const { fromInterface: to, toInterface: from } = override
    const what = `${formatRate(bps)} to ${key} go home to ${to}`
    return { kind: 'release', from, to, on: home, what, undo, redo }
  }
  const goOn = ({ path, interfaceIndex }: Exit): Made => {
    const to = router.interfaces[interfaceIndex]!.name
    // The operator wanted it where it was: elsewhere it is an override like any other.
    const unpinned =
      override.pinnedUntilMs === undefined
        ? {}
        : { pinnedUntilMs: undefined, reason: `${override.toInterface} overflowed, and it was ${override.reason}` }
    const move = (sign: 1 | -1): void => {
      loads.move(undefined, on, -sign * bps)
      loads.move(undefined, interfaceIndex, sign * bps)
      allowance.changes -= sign
    }
    const redo = (): void => {
      wanted.set(key, { ...planned, override: { ...override, toInterface: to, follows: path, ...unpinned } })
      move(1)
    }
    const undo = (): void => {
      wanted.set(key, planned)
      move(-1)
    }
    redo()
    const what = `${formatRate(bps)} to ${key} move on to ${to}`
    return { kind: 'replace', from: override.toInterface, to, on: interfaceIndex, what, undo, redo }
  }
  const make = (only?: number): Made | Obstacle => {
    // A piece of it has moved meanwhile.
    if (wanted.get(key) !== planned) return 'guard'
    const isMeant = (i: number): boolean => only === undefined || only === i
    if (isMeant(home) && homeHasRoom()) return goHome()
    if (obstacle !== undefined) return obstacle
    if (allowance.changes < 1) return 'cap'
    const exit = loads.firstWithRoom(open.filter(({ interfaceIndex: i }) => isMeant(i)), bps)
    return exit === undefined ? 'no room' : goOn(exit)
  }
  const exits = [home, ...open.map(({ interfaceIndex }) => interfaceIndex)]
  return {
    prefix, on, bps, takenBps: bps, samples, routes: 1,
    // Home is where it rests.
    isRestless: isRestless(planning, prefix) && !homeHasRoom(),
    exits, make,
  }
}
