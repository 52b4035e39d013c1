/** Relief: takes load off interfaces above their high watermark. Pure. */
import { comparePrefixes, type Prefix } from '../model/prefix.ts'
import { formatRate, formatShare } from '../model/units.ts'
import { findCandidates, type Obstacle } from './candidates.ts'
import { MovePool } from './move-pool.ts'
import { carriedDetours, detour, type Allowance, type Made, type Move } from './moves.ts'
import type { PlannedLoads } from './loads.ts'
import { isOverloaded, overload, stillUnfinished } from './overload.ts'
import { decide, isDry, type Planning, type Unfinished } from './planning.ts'

/**
 * Relieves the interfaces, the fullest first: of their own traffic when they are of this kind (real or dry),
 * and of this kind of detours in any case. Returns those whose relief is not over, so that the next cycles go on.
 */
export function relieveInterfaces(planning: Planning, loads: PlannedLoads, dry: boolean): Map<string, Unfinished> {
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
  for (const i of overloaded) states.push([i, relieve(planning, loads, i, dry, allowance)])
  return new Map(states.flatMap(([i, state]) => (state === undefined ? [] : [[nameOf(planning, i), state]])))
}

/** True when relief of this kind (real or dry) may move the interface's own traffic, not only what it carries for others. */
function ownTrafficMoves(planning: Planning, i: number, dry: boolean): boolean {
  return planning.router.interfaces[i]!.monitor && isDry(planning, i) === dry
}

function nameOf({ router }: Planning, i: number): string {
  return router.interfaces[i]!.name
}

function relieve(
  planning: Planning,
  loads: PlannedLoads,
  i: number,
  dry: boolean,
  allowance: Allowance,
): Unfinished | undefined {
  const beforeBps = loads.plannedBps(i)
  const obstacles = new Map<Obstacle, number>()
  // The detours that the interface carries leave before any of its own traffic does.
  const made = makeMoves(carriedDetours(planning, loads, i, dry, allowance), loads, i, obstacles)
  const movesOwn = ownTrafficMoves(planning, i, dry)
  if (movesOwn && loads.plannedBps(i) > loads.targetBps(i)) {
    const { movable, stuck } = findCandidates(planning, i)
    for (const [obstacle, bps] of stuck) count(obstacles, obstacle, bps)
    made.push(
      ...makeMoves(movable.map((c) => detour(planning, loads, i, c, allowance)), loads, i, obstacles),
    )
  }
  const kept = dropUnneeded(made, loads, i)
  for (const move of kept) {
    const inputs = {
      planned_before_bps: beforeBps,
      planned_after_bps: loads.plannedBps(i),
      high_bps: loads.highBps(i),
      target_bps: loads.targetBps(i),
      moved_bps: move.bps,
      samples: move.samples,
    }
    const why = `${nameOf(planning, i)} would carry ${shareText(loads, i, beforeBps)}`
    decide(planning, move.kind, { ...move, dry }, `${why}: ${move.what}`, inputs)
  }
  if (!movesOwn) return undefined
  if (loads.plannedBps(i) > loads.targetBps(i)) {
    reportMissing(planning, loads, i, dry, beforeBps, obstacles)
    return obstacles.has('cap') ? 'capped' : undefined
  }
  return kept.length > 0 ? 'unconfirmed' : undefined
}

interface MadeMove extends Made {
  readonly prefix: Prefix
  readonly bps: number
  readonly samples: number
}

/** Makes moves until the interface is at its relief target: as few as possible, the last as small as possible. */
function makeMoves(moves: Move[], loads: PlannedLoads, i: number, obstacles: Map<Obstacle, number>): MadeMove[] {
  const sorted = moves.sort((a, b) => b.bps - a.bps || a.routes - b.routes || comparePrefixes(a.prefix, b.prefix))
  const pool = new MovePool(sorted)
  const made: MadeMove[] = []
  for (;;) {
    const excessBps = loads.plannedBps(i) - loads.targetBps(i)
    const taken = excessBps > 0 ? pool.take(excessBps) : undefined
    if (taken === undefined) return made
    const move = sorted[taken]!
    const result = move.make()
    if (typeof result === 'string') count(obstacles, result, move.bps)
    else made.push({ ...result, prefix: move.prefix, bps: move.bps, samples: move.samples })
  }
}

/** Takes back what later, larger moves made unnecessary; returns what stays. */
function dropUnneeded(made: readonly MadeMove[], loads: PlannedLoads, i: number): MadeMove[] {
  const kept = new Set(made)
  for (const move of made.toSorted((a, b) => a.bps - b.bps)) {
    if (loads.plannedBps(i) + move.bps > loads.targetBps(i)) continue
    move.undo()
    kept.delete(move)
  }
  return [...kept]
}

/** Puts on record what could not be relieved, and why. */
function reportMissing(
  planning: Planning,
  loads: PlannedLoads,
  i: number,
  dry: boolean,
  beforeBps: number,
  obstacles: ReadonlyMap<Obstacle, number>,
): void {
  const missingBps = loads.plannedBps(i) - loads.targetBps(i)
  const { name, reliefTarget } = planning.router.interfaces[i]!
  const reasons = [...obstacles].map(([obstacle, bps]) => `${obstacle} (${formatRate(bps)})`).sort()
  decide(
    planning,
    obstacles.has('cap') ? 'hold_back' : 'cannot_relieve',
    { from: name, bps: missingBps, dry },
    `${name} stays ${formatRate(missingBps)} above its relief target of ${formatShare(reliefTarget)}: ` +
      (reasons.length > 0 ? reasons.join(', ') : 'no prefix explains the load'),
    { planned_before_bps: beforeBps, planned_after_bps: loads.plannedBps(i), target_bps: loads.targetBps(i) },
  )
}

function shareText(loads: PlannedLoads, i: number, bps: number): string {
  const speedBps = loads.speedBps(i) ?? 1
  const [mark, name] = bps > loads.highBps(i) ? [loads.highBps(i), 'high watermark'] : [loads.targetBps(i), 'relief target']
  return `${formatShare(bps / speedBps)} of ${formatRate(speedBps)}, above its ${name} of ${formatShare(mark / speedBps)}`
}

function count(obstacles: Map<Obstacle, number>, obstacle: Obstacle, bps: number): void {
  obstacles.set(obstacle, (obstacles.get(obstacle) ?? 0) + bps)
}
