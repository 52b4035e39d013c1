/** Swaps what leaves an interface for what comes to less and does as well. Pure but for the relief's state. */
import { leastSum } from './least-sum.ts'
import type { PlannedLoads } from './loads.ts'
import type { Made, Move } from './moves.ts'
import type { Relief } from './relief.ts'

/** Moves looked at in one plan, at most, and for one swap: a few milliseconds. */
const EFFORT = 30_000
const EFFORT_OF_A_SWAP = 3_000
/** One or two moves are swapped for up to so many. */
const MOST = 6
/**
 * What a swap must gain, as a share of what leaves: at all (where there are many small prefixes nothing is
 * ever looked at), and for each route that it takes more, as few routes come before little detour.
 */
const LEAST_GAIN = 0.01
const GAIN_OF_A_ROUTE = 0.03

interface Swap {
  readonly out: readonly Move[]
  readonly into: readonly Move[]
  /** Less what its routes must gain, bit/s. */
  readonly gainBps: number
}

type Leaving = readonly [Move, Made]

/**
 * A relief takes the largest first, then the smallest that suffices: few moves, but two large ones may come to
 * far more than is needed. One or two of them are swapped for others as long as that detours less; never for
 * what has moved of late.
 */
export function tighten(reliefs: readonly Relief[], loads: PlannedLoads): void {
  let effort = EFFORT
  for (const relief of reliefs) effort = tightenOne(relief, loads, effort)
}

/** Returns what is left of the effort. */
function tightenOne(relief: Relief, loads: PlannedLoads, mostEffort: number): number {
  for (let effort = mostEffort; ; ) {
    const leavingBps = totalOf([...relief.made.keys()])
    const spareBps = -relief.missingBps
    const leastGainBps = LEAST_GAIN * leavingBps
    if (effort <= 0 || spareBps < Math.max(1, leastGainBps)) return effort
    const others = relief.unmade.filter(({ isRestless }) => !isRestless)
    const swaps: Swap[] = []
    for (const leaving of onesAndTwos([...relief.made].filter(([, { kind }]) => kind === 'relieve'))) {
      const out = leaving.map(([move]) => move)
      const outBps = totalOf(out)
      const costOf = (routes: number): number => Math.max(0, routes - routesOf(out)) * GAIN_OF_A_ROUTE * leavingBps
      effort -= others.length
      const open = others.filter((move) => move.bps < outBps && fits(loads, move, leaving))
      // No more can be gained than is spare.
      for (let count = 1; count <= MOST && effort > 0 && spareBps - costOf(count) >= leastGainBps; count++) {
        const { items, steps } = leastSum(open, outBps - spareBps, count, Math.min(effort, EFFORT_OF_A_SWAP))
        effort -= steps
        if (items === undefined) continue
        const gainBps = outBps - totalOf(items) - costOf(routesOf(items))
        if (gainBps >= leastGainBps) swaps.push({ out, into: items, gainBps })
      }
    }
    swaps.sort((a, b) => b.gainBps - a.gainBps)
    if (!swaps.some((swap) => make(relief, swap))) return effort
  }
}

function* onesAndTwos(made: readonly Leaving[]): Iterable<readonly Leaving[]> {
  for (const [i, one] of made.entries()) {
    yield [one]
    for (const other of made.slice(i + 1)) yield [one, other]
  }
}

/** True when an exit has room for the move once those have gone. */
function fits(loads: PlannedLoads, { exits, takenBps }: Move, gone: readonly Leaving[]): boolean {
  return exits.some((exit) => {
    const freedBps = gone.reduce((sum, [move, { on }]) => (on === exit ? sum + move.takenBps : sum), 0)
    return (loads.roomBps(exit) ?? -Infinity) + freedBps >= takenBps
  })
}

/** False, and all as it was, when something is in the way. */
function make(relief: Relief, { out, into }: Swap): boolean {
  const before = out.map((move) => [move, relief.made.get(move)!] as const)
  for (const move of out.toReversed()) relief.unmake(move)
  if (into.every((move) => relief.make(move))) return true
  for (const move of into.toReversed()) relief.unmake(move)
  for (const [move, made] of before) relief.remake(move, made)
  return false
}

function totalOf(moves: readonly Move[]): number {
  return moves.reduce((sum, { bps }) => sum + bps, 0)
}

function routesOf(moves: readonly Move[]): number {
  return moves.reduce((sum, { routes }) => sum + routes, 0)
}
