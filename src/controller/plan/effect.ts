/** What an override came to: does the traffic that it is to move leave where it leads? */
import type { Prefix } from '../../model/prefix.ts'

/** So many overrides without effect, and none with one: the router ignores us. */
export const SEVERAL = 5
/**
 * A router takes up to so long, all told, to forward by an override: longer than nearly all, so that none is
 * wronged.
 */
export const EFFECT_SETTLE_MS = 10_000

/** What became of the traffic of an override that was in force over the whole measurement. */
export interface Effect {
  /** `unknown`: too few samples to tell. */
  readonly kind: 'works' | 'in part' | 'nothing' | 'unknown'
  readonly prefix: Prefix
  readonly fromInterface: string
  readonly toInterface: string
  /** Its demand, bit/s, and the samples behind that. */
  readonly bps: number
  readonly samples: number
  /** Share (of 1) of it that leaves by `toInterface`; 0 without demand. */
  readonly movedShare: number
  readonly inForceMs: number
}
