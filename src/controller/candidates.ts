/** What could move away from an overloaded interface. Pure. */
import { comparePrefixes, contains, formatPrefix, halvesOf, overlaps, type Prefix } from '../model/prefix.ts'
import { busiestInterface, type PrefixDemand } from './demand.ts'
import { exitsOf, mayTakeDetours, naturalInterface, type Exit } from './exits.ts'
import type { Planning } from './planning.ts'
import { splitPrefix, type Piece } from './split.ts'

/** A piece of demand that moves as a whole. */
export interface Candidate {
  readonly prefix: Prefix
  readonly parentPrefix: Prefix
  /** The routes that move it: itself, or its halves with traffic where the received prefix must stay in place. */
  readonly routes: readonly Prefix[]
  /** What leaves the overloaded interface, bit/s. */
  readonly reliefBps: number
  /** All of its demand: what the target must take, bit/s. */
  readonly bps: number
  readonly samples: number
  /** Best first; none leads to the overloaded interface. */
  readonly exits: readonly Exit[]
}

/** Why demand on an overloaded interface cannot move. */
export type Obstacle = 'no alternate' | 'no room' | 'too few samples' | 'guard' | 'cap' | 'refused' | 'another natural exit'

export interface Candidates {
  readonly movable: readonly Candidate[]
  /** Demand that is no candidate, bit/s by obstacle. */
  readonly stuck: Map<Obstacle, number>
}

/** The candidates among the prefixes whose natural exit is the interface. */
export function findCandidates(planning: Planning, interfaceIndex: number): Candidates {
  const movable: Candidate[] = []
  const stuck = new Map<Obstacle, number>()
  const taken = [...planning.wanted.values()].map(({ override }) => override.prefix).sort(comparePrefixes)
  for (const demand of planning.demand.prefixes()) {
    const onInterface = leavingBps(planning, demand, demand.prefix, interfaceIndex)
    if (onInterface === 0) continue
    const hold = (obstacle: Obstacle, bps: number): void => void stuck.set(obstacle, (stuck.get(obstacle) ?? 0) + bps)
    if (demand.route === undefined) {
      hold('no alternate', onInterface)
      continue
    }
    if (naturalInterface(planning.router, demand.route, [busiestInterface(demand)]) !== interfaceIndex) {
      const stray = strayBps(planning, demand, interfaceIndex)
      if (stray > 0) hold('another natural exit', stray)
      continue
    }
    for (const piece of piecesOf(planning, demand, interfaceIndex, taken)) {
      const reliefBps = leavingBps(planning, demand, piece.prefix, interfaceIndex)
      const candidate = candidateOf(planning, demand, piece, interfaceIndex)
      if (typeof candidate === 'string') hold(candidate, reliefBps)
      else if (reliefBps > 0) movable.push({ ...candidate, reliefBps })
    }
  }
  return { movable, stuck }
}

/** Traffic towards the prefix that leaves by the interface, or will once its override has ended; bit/s. */
function leavingBps({ ended }: Planning, { rates }: PrefixDemand, prefix: Prefix, interfaceIndex: number): number {
  const now = rates.towards(prefix, interfaceIndex).bps
  return ended
    .filter((e) => overlaps(e, prefix))
    .flatMap((e) => rates.within(contains(e, prefix) ? prefix : e))
    .reduce((sum, row) => (row.interfaceIndex === interfaceIndex ? sum : sum + row.bps), now)
}

/** Traffic of the prefix that leaves by the interface though no override, also of late, led it there; bit/s. */
function strayBps({ placements }: Planning, { prefix, rates }: PrefixDemand, interfaceIndex: number): number {
  const placed = placements.map((p) => p.prefix).filter((p) => overlaps(p, prefix))
  return rates.rows
    .filter((row) => row.interfaceIndex === interfaceIndex && !placed.some((p) => contains(p, row.address)))
    .reduce((sum, { bps }) => sum + bps, 0)
}

function piecesOf(
  { router, policy }: Planning,
  demand: PrefixDemand,
  interfaceIndex: number,
  taken: readonly Prefix[],
): Piece[] {
  return splitPrefix(demand.prefix, demand.rates, {
    thresholdBps: router.interfaces[interfaceIndex]!.perPrefixThresholdBps,
    longest: router.maxPrefixLength[demand.prefix.family],
    minSamples: policy.minSamples,
    taken: overlapping(taken, demand.prefix),
  })
}

/** Those that share addresses with the prefix: they are sorted and do not nest, so they stand in one row. */
function overlapping(sorted: readonly Prefix[], prefix: Prefix): readonly Prefix[] {
  let first = 0
  let end = sorted.length
  while (first < end) {
    const middle = (first + end) >>> 1
    if (comparePrefixes(sorted[middle]!, prefix) >= 0) end = middle
    else first = middle + 1
  }
  const before = sorted[first - 1]
  if (before !== undefined && contains(before, prefix)) return [before]
  while (end < sorted.length && contains(prefix, sorted[end]!)) end++
  return sorted.slice(first, end)
}

function candidateOf(
  { router, routes, policy, guard, traffic, refused }: Planning,
  demand: PrefixDemand,
  { prefix, rate }: Piece,
  interfaceIndex: number,
): Omit<Candidate, 'reliefBps'> | Obstacle {
  if (rate.samples < policy.minSamples) return 'too few samples'
  const keepsReceived = router.override === 'more_specific' && prefix.length === demand.prefix.length
  const own = keepsReceived
    ? (halvesOf(prefix) ?? []).filter((half) => demand.rates.towards(half).bps > 0)
    : [prefix]
  if (own.length === 0 || own.some((p) => guard.refusal(p) !== undefined)) return 'guard'
  if (own.some((p) => refused.has(formatPrefix(p)))) return 'refused'
  const exits = exitsOf(router, routes.covering(prefix)).filter(
    (exit) =>
      exit.interfaceIndex !== interfaceIndex && mayTakeDetours(router, traffic, exit.interfaceIndex),
  )
  if (exits.length === 0) return 'no alternate'
  return { prefix, parentPrefix: demand.prefix, routes: own, bps: rate.bps, samples: rate.samples, exits }
}
