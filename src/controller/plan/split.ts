/** Recursive split of a prefix by the measured traffic of its halves. Pure. */
import { contains, halvesOf, type Prefix } from '../../model/prefix.ts'
import type { Rate, Rates } from '../../model/rates.ts'

export interface SplitRules {
  /** Pieces above this rate are split further, bit/s. */
  readonly thresholdBps: number
  /** No piece is longer than this. */
  readonly longest: number
  /** A piece with fewer samples is not split: its halves would be guesses. */
  readonly minSamples: number
  /** Prefixes that pieces must not hold: they are overridden already. */
  readonly taken: readonly Prefix[]
}

export interface Piece {
  readonly prefix: Prefix
  readonly rate: Rate
}

/**
 * The largest pieces of a prefix that are at or below the threshold and hold nothing that is taken, in order
 * of address. A piece that may not be split further comes whole, unless it holds something taken. Pieces
 * without traffic are left out. `rates` are those of the destinations that belong to the prefix.
 */
export function splitPrefix(prefix: Prefix, rates: Rates, rules: SplitRules): Piece[] {
  const rate = rates.towards(prefix)
  if (rate.bps === 0 || rules.taken.some((t) => contains(t, prefix))) return []
  const holdsTaken = rules.taken.some((t) => contains(prefix, t))
  if (!holdsTaken && rate.bps <= rules.thresholdBps) return [{ prefix, rate }]
  const halves = prefix.length < rules.longest ? halvesOf(prefix) : undefined
  if (halves === undefined || (!holdsTaken && rate.samples < 2 * rules.minSamples)) {
    return holdsTaken ? [] : [{ prefix, rate }]
  }
  return halves.flatMap((half) => splitPrefix(half, rates, rules))
}
