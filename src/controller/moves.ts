/** The single moves that a relief is made of. Pure: they change the plan in the making, and can be undone. */
import { formatPrefix, overlaps, type Prefix } from '../model/prefix.ts'
import { relativeError, type Rate } from '../model/rates.ts'
import { formatRate } from '../model/units.ts'
import type { Candidate, Obstacle } from './candidates.ts'
import { exitsOf, mayTakeDetours } from './exits.ts'
import type { PlannedLoads } from './loads.ts'
import { isDry, type Caps, type PlannedOverride, type Planning } from './planning.ts'

/** What the caps still allow in this pass. */
export type Allowance = { -readonly [K in keyof Caps]: Caps[K] }

export interface Move {
  readonly prefix: Prefix
  /** What it takes off the interface, bit/s. */
  readonly bps: number
  readonly samples: number
  /** Routes that it adds or changes. */
  readonly routes: number
  /** Makes it if there is room, else says what is in the way. */
  readonly make: () => Made | Obstacle
}

export interface Made {
  readonly kind: 'relieve' | 'release' | 'replace'
  readonly from: string
  readonly to: string
  /** In words, for the decision. */
  readonly what: string
  readonly undo: () => void
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
  const make = (): Made | Obstacle => {
    if (routes.length > allowance.changes || routes.length > allowance.overrides) return 'cap'
    if (loads.awayShare(from, reliefBps) > allowance.detouredShare) return 'cap'
    const exit = candidate.exits.find(({ interfaceIndex }) => loads.hasRoom(interfaceIndex, bps))
    if (exit === undefined) return 'no room'
    // Overrides never nest: what a longer one inside takes could not be told from what this one moves.
    const nests = (own: Prefix): boolean => [...wanted.values()].some((w) => overlaps(w.override.prefix, own))
    if (routes.some(nests)) return 'guard'
    const names = { from: router.interfaces[from]!.name, to: router.interfaces[exit.interfaceIndex]!.name }
    const what = `${formatRate(bps)} to ${formatPrefix(prefix)} move to ${names.to}`
    for (const own of routes) {
      const override = {
        router: router.name,
        prefix: own,
        parentPrefix: candidate.parentPrefix,
        fromInterface: names.from,
        toInterface: names.to,
        follows: exit.path,
        sinceMs: nowMs,
        reason: `${names.from} was above its high watermark: ${what}`,
      }
      wanted.set(formatPrefix(own), { override, dry: isDry(planning, from) })
    }
    const move = (sign: 1 | -1): void => {
      loads.move(from, undefined, sign * reliefBps)
      loads.move(undefined, exit.interfaceIndex, sign * bps)
      allowance.changes -= sign * routes.length
      allowance.overrides -= sign * routes.length
    }
    move(1)
    const undo = (): void => {
      for (const own of routes) wanted.delete(formatPrefix(own))
      move(-1)
    }
    return { kind: 'relieve', ...names, what, undo }
  }
  return { prefix, bps: reliefBps, samples, routes: routes.length, make }
}

/** The detours that an interface carries for others: each goes home when there is room, or to a third exit. */
export function carriedDetours(
  planning: Planning,
  loads: PlannedLoads,
  on: number,
  dry: boolean,
  allowance: Allowance,
): Move[] {
  const name = planning.router.interfaces[on]!.name
  return [...planning.wanted.values()]
    .filter((planned) => planned.dry === dry && planned.override.toInterface === name)
    .map((planned) => {
      const { bps, samples } = planning.demand.movedBy(planned.override.prefix)
      const make = (): Made | Obstacle => moveOn(planning, loads, on, planned, { bps, samples }, allowance)
      return { prefix: planned.override.prefix, bps, samples, routes: 1, make }
    })
    .filter(({ bps }) => bps > 0)
}

function moveOn(
  { router, routes, traffic, wanted, refused }: Planning,
  loads: PlannedLoads,
  on: number,
  planned: PlannedOverride,
  { bps, samples }: Rate,
  allowance: Allowance,
): Made | Obstacle {
  const { override } = planned
  const key = formatPrefix(override.prefix)
  const home = router.interfaces.findIndex((i) => i.name === override.fromInterface)
  const restore = (): void => void wanted.set(key, planned)
  if (traffic.interfaces[home]!.operUp !== false && loads.hasRoom(home, bps * (1 + relativeError(samples)))) {
    wanted.delete(key)
    loads.move(home, on, -bps)
    const undo = (): void => {
      restore()
      loads.move(home, on, bps)
    }
    const what = `${formatRate(bps)} to ${key} go home to ${override.fromInterface}`
    return { kind: 'release', from: override.toInterface, to: override.fromInterface, what, undo }
  }
  if (refused.has(key)) return 'refused'
  if (allowance.changes < 1) return 'cap'
  const exit = exitsOf(router, routes.covering(override.prefix)).find(
    ({ interfaceIndex: i }) => i !== on && i !== home && mayTakeDetours(router, traffic, i) && loads.hasRoom(i, bps),
  )
  if (exit === undefined) return 'no room'
  const to = router.interfaces[exit.interfaceIndex]!.name
  wanted.set(key, { ...planned, override: { ...override, toInterface: to, follows: exit.path } })
  const move = (sign: 1 | -1): void => {
    loads.move(undefined, on, -sign * bps)
    loads.move(undefined, exit.interfaceIndex, sign * bps)
    allowance.changes -= sign
  }
  move(1)
  const undo = (): void => {
    restore()
    move(-1)
  }
  return { kind: 'replace', from: override.toInterface, to, what: `${formatRate(bps)} to ${key} move on to ${to}`, undo }
}
