/** Relief: takes load off interfaces above their high watermark. Pure. */
import { formatRate, formatShare } from '../../model/units.ts'
import { carriedPieces } from './carried-pieces.ts'
import { findCandidates, type Obstacle } from './candidates.ts'
import { makeRoom } from './make-room.ts'
import { carriedDetours, detour, type Allowance, type Move } from './moves.ts'
import type { PlannedLoads } from './loads.ts'
import { isOverloaded, overload, stillUnfinished } from './overload.ts'
import { decide, isDry, type Planning, type Unfinished } from './planning.ts'
import { Relief } from './relief.ts'
import { tighten } from './tighten.ts'

/**
 * Candidates that one plan looks for, on all interfaces together, unless it may make a great many changes: what they are
 * costs some microseconds each, and a plan that is late helps nobody. The next one goes on where this one stopped.
 */
const CANDIDATES = 8000
const CANDIDATES_PER_CHANGE = 20

/** What of them is left, and for how many interfaces. */
interface Search {
  left: number
  interfaces: number
}

/**
 * Relieves the interfaces, of their own traffic when they are of this kind (real or dry), and of this kind of
 * detours in any case. The fullest chooses first; where it left no room, room is made. Returns those whose
 * relief is not over, so that the next cycles go on.
 */
export function relieveInterfaces(
  planning: Planning,
  loads: PlannedLoads,
  dry: boolean,
): Map<string, Unfinished> {
  const allowance: Allowance = { ...planning.caps, overrides: planning.caps.overrides - planning.wanted.size }
  const steerable = planning.router.interfaces
    .map((_, i) => i)
    .filter((i) => loads.isKnown(i) && planning.traffic.interfaces[i]!.operUp !== false)
  const overloaded = steerable
    .filter((i) => isOverloaded(planning, loads, i))
    .sort((a, b) => overload(loads, b) - overload(loads, a) || a - b)
  const states = steerable
    .filter((i) => !overloaded.includes(i) && ownTrafficMoves(planning, i, dry))
    .map((i) => [i, stillUnfinished(planning, loads, i)] as const)
  const search = { left: Math.max(CANDIDATES, CANDIDATES_PER_CHANGE * allowance.changes), interfaces: overloaded.length }
  const reliefs = overloaded.map((i) => begin(planning, loads, i, dry, allowance, search))
  const carriedBy = (i: number): Move[] => carriedDetours(planning, loads, i, dry, allowance, false)
  for (const [{ prefix, bps }, { kind, from, to, what }] of makeRoom(reliefs, loads, carriedBy)) {
    decide(planning, kind, { prefix, bps, from, to, dry }, `${from} makes room for others: ${what}`)
  }
  tighten(reliefs, loads)
  for (const relief of reliefs) {
    // What operators pinned to it leaves last, and only when nothing else brings it below the high watermark.
    if (loads.plannedBps(relief.on) > loads.highBps(relief.on)) {
      relief.offer(carriedDetours(planning, loads, relief.on, dry, allowance, true))
      relief.fill()
      relief.dropUnneeded()
    }
    states.push([relief.on, report(planning, loads, relief, dry)])
  }
  return new Map(states.flatMap(([i, state]) => (state === undefined ? [] : [[nameOf(planning, i), state]])))
}

/**
 * True when relief of this kind (real or dry) may move the interface's own traffic, not only what it carries
 * for others.
 */
function ownTrafficMoves(planning: Planning, i: number, dry: boolean): boolean {
  return planning.router.interfaces[i]!.monitor && isDry(planning, i) === dry
}

function nameOf({ router }: Planning, i: number): string {
  return router.interfaces[i]!.name
}

/**
 * Moves away what is needed, to where there is room: carried detours first, then what is its own, and then
 * what has moved of late already.
 */
function begin(
  planning: Planning,
  loads: PlannedLoads,
  i: number,
  dry: boolean,
  allowance: Allowance,
  search: Search,
): Relief {
  const relief = new Relief(i, loads)
  relief.offer(carriedDetours(planning, loads, i, dry, allowance, false))
  relief.fillRested()
  if (relief.missingBps > 0) {
    relief.offer(carriedPieces(planning, loads, i, dry, allowance))
    relief.fillRested()
  }
  if (ownTrafficMoves(planning, i, dry)) moveOwn(planning, loads, relief, allowance, search)
  search.interfaces--
  relief.fillRestless()
  relief.dropUnneeded()
  return relief
}

/** Moves the interface's own traffic, in pieces that fit between the overrides that are wanted already. */
function moveOwn(
  planning: Planning,
  loads: PlannedLoads,
  relief: Relief,
  allowance: Allowance,
  search: Search,
): void {
  // What could move is not even looked for when nothing may: that is most of the work.
  if (relief.missingBps > 0 && Math.min(allowance.changes, allowance.overrides) < 1) {
    relief.stuck = new Map([['cap', relief.missingBps]])
    return
  }
  const wanted = Math.ceil(search.left / search.interfaces)
  let offered: readonly Move[] = []
  while (relief.missingBps > 0) {
    const { movable, stuck } = findCandidates(planning, relief.on, wanted)
    if (offered.length === 0) search.left -= Math.min(movable.length, wanted)
    relief.stuck = stuck
    const before = relief.made.size
    const moves = movable.map((candidate) => detour(planning, loads, relief.on, candidate, allowance))
    relief.offer(moves, offered)
    offered = moves
    relief.fillRested()
    // What was found before these moves may lie across them, as a prefix around a longer one that has moved.
    if (relief.made.size === before || !relief.obstacles().has('guard')) return
  }
}

/** Puts on record what moves, and what cannot; returns what remains to be done. */
function report(
  planning: Planning,
  loads: PlannedLoads,
  relief: Relief,
  dry: boolean,
): Unfinished | undefined {
  const { on: i, beforeBps, made } = relief
  for (const [move, done] of made) {
    const inputs = {
      planned_before_bps: beforeBps,
      planned_after_bps: loads.plannedBps(i),
      high_bps: loads.highBps(i),
      target_bps: loads.targetBps(i),
      moved_bps: move.bps,
      samples: move.samples,
    }
    const about = { prefix: move.prefix, bps: move.bps, from: done.from, to: done.to, dry }
    const why = `${nameOf(planning, i)} would carry ${shareText(loads, i, beforeBps)}`
    decide(planning, done.kind, about, `${why}: ${done.what}`, inputs)
  }
  if (!ownTrafficMoves(planning, i, dry)) return undefined
  if (relief.missingBps > 0) {
    const obstacles = relief.obstacles()
    const goesOn = obstacles.has('cap') || (obstacles.has('beyond the largest') && made.size > 0)
    reportMissing(planning, loads, relief, dry, obstacles, goesOn)
    return goesOn ? 'capped' : undefined
  }
  return made.size > 0 ? 'unconfirmed' : undefined
}

/** Puts on record what could not be relieved, and why. */
function reportMissing(
  planning: Planning,
  loads: PlannedLoads,
  { on: i, beforeBps }: Relief,
  dry: boolean,
  obstacles: ReadonlyMap<Obstacle, number>,
  goesOn: boolean,
): void {
  const { name, reliefTarget } = planning.router.interfaces[i]!
  const missingBps = loads.plannedBps(i) - loads.targetBps(i)
  const reasons = [...obstacles].map(([obstacle, bps]) => `${obstacle} (${formatRate(bps)})`).sort()
  decide(
    planning,
    goesOn ? 'hold_back' : 'cannot_relieve',
    { from: name, bps: missingBps, dry },
    `${name} stays ${formatRate(missingBps)} above its relief target of ${formatShare(reliefTarget)}: ` +
      (reasons.length > 0 ? reasons.join(', ') : 'no prefix explains the load'),
    { planned_before_bps: beforeBps, planned_after_bps: loads.plannedBps(i), target_bps: loads.targetBps(i) },
  )
}

function shareText(loads: PlannedLoads, i: number, bps: number): string {
  const speedBps = loads.speedBps(i) ?? 1
  const [mark, name] =
    bps > loads.highBps(i) ? [loads.highBps(i), 'high watermark'] : [loads.targetBps(i), 'relief target']
  const load = `${formatShare(bps / speedBps)} of ${formatRate(speedBps)}`
  return `${load}, above its ${name} of ${formatShare(mark / speedBps)}`
}
