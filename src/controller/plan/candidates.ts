/** What could move away from an overloaded interface. Pure. */
import { comparePrefixes, contains, formatPrefix, halvesOf, overlaps, type Prefix } from '../../model/prefix.ts'
import { outermost, overlapping } from '../../model/overlapping.ts'
import { busiestInterface, type Leaving, type PrefixDemand } from './demand.ts'
import { exitsOf, mayTakeDetours, naturalInterface, type Exit } from './exits.ts'
import { LargestFirst } from './largest-first.ts'
import type { Planning } from './planning.ts'
import { whySetAside, type SetAsideKind } from './set-aside.ts'
import { isClosed } from './shared-use.ts'
import { splitPrefix, type Piece } from './split.ts'

/** A piece of demand that moves as a whole. */
export interface Candidate {
  readonly prefix: Prefix
  readonly parentPrefix: Prefix
  /**
   * The routes that move it: itself, or its halves with traffic where the received prefix must stay in place.
   */
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
export type Obstacle =
  | 'no alternate' | 'no room' | 'too few samples' | 'guard' | 'cap' | SetAsideKind | 'another natural exit'
  | 'beyond the largest'

export interface Candidates {
  readonly movable: readonly Candidate[]
  /** Demand that is no candidate, bit/s by obstacle. */
  readonly stuck: Map<Obstacle, number>
}

/** Looked at are so many times as many prefixes as candidates are wanted, at most: where most cannot move. */
const LOOKS_PER_CANDIDATE = 4

/**
 * The candidates among the prefixes whose natural exit is the interface: of more than `wanted` prefixes, those of the
 * largest until so many are found. The rest is `beyond the largest`.
 */
export function findCandidates(planning: Planning, interfaceIndex: number, wanted: number): Candidates {
  const movable: Candidate[] = []
  const stuck = new Map<Obstacle, number>()
  const note = (obstacle: Obstacle, bps: number): void => void stuck.set(obstacle, (stuck.get(obstacle) ?? 0) + bps)
  const taken = takenPrefixes(planning)
  const { prefixes, bps, demandOf } = concerned(planning, interfaceIndex)
  const look = (n: number): void => {
    const its = candidatesOf(planning, demandOf(n), interfaceIndex, taken)
    movable.push(...its.movable)
    for (const one of its.stuck) note(one.obstacle, one.bps)
  }
  if (prefixes.length <= wanted) {
    for (const n of prefixes.keys()) look(n)
    return { movable, stuck }
  }
  // The same order whatever the order before.
  const largest = new LargestFirst(
    prefixes.length, (a, b) => bps[b]! - bps[a]! || comparePrefixes(prefixes[a]!, prefixes[b]!),
  )
  for (let looks = LOOKS_PER_CANDIDATE * wanted; looks > 0 && movable.length < wanted; looks--) {
    const n = largest.take()
    if (n === undefined) break
    look(n)
  }
  if (largest.left.length > 0) note('beyond the largest', largest.left.reduce((sum, n) => sum + bps[n]!, 0))
  return { movable, stuck }
}

/** Prefixes of the overrides that are wanted, by address. */
export function takenPrefixes({ wanted }: Planning): readonly Prefix[] {
  return [...wanted.values()].map(({ override }) => override.prefix).sort(comparePrefixes)
}

/** Demand that is no candidate, and why. */
export interface Stuck {
  readonly obstacle: Obstacle
  /** The piece; undefined: all that leaves by the interface. */
  readonly prefix: Prefix | undefined
  readonly bps: number
}

/** The candidates of one received prefix on the interface; `taken` as `takenPrefixes` gives it. */
export function candidatesOf(
  planning: Planning,
  demand: PrefixDemand,
  interfaceIndex: number,
  taken: readonly Prefix[],
): { readonly movable: readonly Candidate[]; readonly stuck: readonly Stuck[] } {
  const onInterface = leavingBps(planning, demand, demand.prefix, interfaceIndex)
  const all = (obstacle: Obstacle, bps: number) => ({
    movable: [],
    stuck: bps > 0 ? [{ obstacle, prefix: undefined, bps }] : [],
  })
  if (onInterface === 0) return { movable: [], stuck: [] }
  if (demand.route === undefined) return all('no alternate', onInterface)
  if (naturalInterface(planning.router, demand.route, [busiestInterface(demand)]) !== interfaceIndex) {
    return all('another natural exit', strayBps(planning, demand, interfaceIndex))
  }
  const movable: Candidate[] = []
  const stuck: Stuck[] = []
  for (const piece of piecesOf(planning, demand, interfaceIndex, taken)) {
    const isWhole = piece.prefix === demand.prefix
    const reliefBps = isWhole ? onInterface : leavingBps(planning, demand, piece.prefix, interfaceIndex)
    const candidate = candidateOf(planning, demand, piece, interfaceIndex, reliefBps)
    if (typeof candidate === 'string') stuck.push({ obstacle: candidate, prefix: piece.prefix, bps: reliefBps })
    else if (reliefBps > 0) movable.push(candidate)
  }
  return { movable, stuck }
}

/** Received prefixes with traffic that leaves by the interface, or will once their overrides have ended. */
function concerned(planning: Planning, interfaceIndex: number): Leaving {
  const { demand, routes, ended } = planning
  const leaving = demand.leavingBy(interfaceIndex)
  if (ended.length === 0) return leaving
  const gone = outermost(ended)
  const [others, around] = [[] as number[], [] as PrefixDemand[]]
  for (const [n, prefix] of leaving.prefixes.entries()) {
    if (overlapping(gone, prefix).length === 0) others.push(n)
    else around.push(leaving.demandOf(n))
  }
  const parents = ended
    .flatMap((prefix) => routes.covering(prefix).slice(0, 1))
    .flatMap(({ prefix }) => demand.of(prefix) ?? [])
  const changed = [...new Map([...around, ...parents].map((one) => [formatPrefix(one.prefix), one])).values()]
  return {
    prefixes: [...others.map((n) => leaving.prefixes[n]!), ...changed.map(({ prefix }) => prefix)],
    bps: [
      ...others.map((n) => leaving.bps[n]!),
      ...changed.map((one) => leavingBps(planning, one, one.prefix, interfaceIndex)),
    ],
    demandOf: (n) => changed[n - others.length] ?? leaving.demandOf(others[n]!),
  }
}

/** Traffic towards the prefix that leaves by the interface, or will once its override has ended; bit/s. */
function leavingBps(
  { ended }: Planning,
  { prefix: whole, rates }: PrefixDemand,
  prefix: Prefix,
  interfaceIndex: number,
): number {
  const now = prefix === whole ? rates.leavingBy(interfaceIndex) : rates.towards(prefix, interfaceIndex).bps
  if (ended.length === 0) return now
  return ended
    .filter((e) => overlaps(e, prefix))
    .flatMap((e) => rates.within(contains(e, prefix) ? prefix : e))
    .reduce((sum, row) => (row.interfaceIndex === interfaceIndex ? sum : sum + row.bps), now)
}

/**
 * Traffic of the prefix that leaves by the interface though no override, also of late, led it there; bit/s.
 */
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

function candidateOf(
  { router, routes, policy, guard, traffic, setAside, nowMs, surroundings }: Planning,
  demand: PrefixDemand,
  { prefix, rate }: Piece,
  interfaceIndex: number,
  reliefBps: number,
): Candidate | Obstacle {
  if (rate.samples < policy.minSamples) return 'too few samples'
  const keepsReceived = router.override === 'more_specific' && prefix.length === demand.prefix.length
  const own = keepsReceived
    ? (halvesOf(prefix) ?? []).filter((half) => demand.rates.towards(half).bps > 0)
    : [prefix]
  if (own.length === 0 || own.some((p) => guard.refusal(p) !== undefined)) return 'guard'
  const covering = prefix === demand.prefix ? demand.covering : routes.covering(prefix)
  const exits = exitsOf(router, covering).filter(
    (exit) =>
      exit.interfaceIndex !== interfaceIndex &&
      mayTakeDetours(router, traffic, exit.interfaceIndex) &&
      !isClosed(surroundings.chain, exit.interfaceIndex, prefix),
  )
  if (exits.length === 0) return 'no alternate'
  const { open, obstacle } = openExits({ router, setAside, nowMs }, exits, own)
  if (obstacle !== undefined) return obstacle
  return {
    prefix,
    parentPrefix: demand.prefix,
    routes: own,
    reliefBps,
    bps: rate.bps,
    samples: rate.samples,
    exits: open,
  }
}

/** The exits towards which none of the prefixes is set aside; without any, what is in the way. */
export function openExits(
  { router, setAside, nowMs }: Pick<Planning, 'router' | 'setAside' | 'nowMs'>,
  exits: readonly Exit[],
  prefixes: readonly Prefix[],
): { readonly open: readonly Exit[]; readonly obstacle: SetAsideKind | undefined } {
  if (setAside.length === 0) return { open: exits, obstacle: undefined }
  let obstacle: SetAsideKind | undefined
  const open = exits.filter(({ interfaceIndex }) => {
    const { name } = router.interfaces[interfaceIndex]!
    const why = prefixes
      .map((prefix) => whySetAside(setAside, prefix, name, nowMs))
      .find((w) => w !== undefined)
    obstacle ??= why?.kind
    return why === undefined
  })
  return { open, obstacle: open.length === 0 ? obstacle : undefined }
}
