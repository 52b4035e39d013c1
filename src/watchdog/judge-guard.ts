/** What a watchdog makes of a gobgpd's notes. Pure. */
import { BEAT_MS } from '../lease/beats.ts'
import {
  awayAfterMs, hasStood, leaseRead, leaseUnread, UNWATCHED, type LeaseWatch,
} from '../lease/lease-watch.ts'
import type { Heartbeat, Lease, Notes } from '../model/lease.ts'

/** What a watchdog knows of one gobgpd. Immutable. */
export interface GuardMemory {
  readonly watch: LeaseWatch
  /** The last heartbeat that is not its own. */
  readonly other: Heartbeat | undefined
  /** When that changed last. */
  readonly otherBeatMs: number
  /** There was neither a lease nor an override at the last look. */
  readonly isIdle: boolean
}

export const NOTHING_GUARDED: GuardMemory = {
  watch: UNWATCHED, other: undefined, otherBeatMs: -Infinity, isIdle: false,
}

export interface GuardLook extends Notes {
  /** Overrides are there; asked only where there is no lease. */
  readonly marked: boolean
  readonly nowMs: number
}

/**
 * `fence`: write this, so that nobody goes on under the lease. `withdraw`: everything, then remove the lease.
 */
export type GuardStep =
  | { readonly kind: 'wait' | 'withdraw' }
  | { readonly kind: 'fence'; readonly write: Lease }

/** `watchdog`: who asks. `leaseMs`: how long overrides may be there without any lease. */
export function judgeGuard(
  before: GuardMemory, { lease, heartbeat, marked, nowMs }: GuardLook, watchdog: number, leaseMs: number,
): { readonly memory: GuardMemory; readonly step: GuardStep } {
  const isIdle = lease === undefined && !marked
  const seen = leaseRead(before.watch, lease, nowMs, awayAfterMs(lease?.durationMs ?? leaseMs))
  const watch = isIdle ? { ...seen, unchangedMs: 0 } : seen
  const other = heartbeat === undefined || heartbeat.watchdog === watchdog ? before.other : heartbeat
  const isBeat = other !== undefined && before.other !== undefined &&
    (other.watchdog !== before.other.watchdog || other.sequence !== before.other.sequence)
  const memory: GuardMemory = { watch, other, otherBeatMs: isBeat ? nowMs : before.otherBeatMs, isIdle }

  if (lease?.state === 'lapsed') return { memory, step: { kind: 'withdraw' } }
  if (isIdle || !hasStood(watch, earlier(lease?.durationMs ?? leaseMs))) {
    return { memory, step: { kind: 'wait' } }
  }
  const fenced = lease ?? { owner: '0'.repeat(16), incarnation: 0, sequence: 0, durationMs: leaseMs }
  const write: Lease = { ...fenced, sequence: (fenced.sequence + 1) >>> 0, state: 'lapsed' }
  return { memory, step: { kind: 'fence', write } }
}

/**
 * A watchdog that looks every second sees a renewal a second late at worst, and that it stays out another
 * second late: it is so much earlier, for overrides not to outlive the lease.
 */
function earlier(durationMs: number): number {
  return durationMs - Math.min(2 * BEAT_MS, durationMs / 4)
}

/** gobgpd did not answer. */
export function guardUnread(before: GuardMemory): GuardMemory {
  return { ...before, watch: leaseUnread(before.watch) }
}

/** Who beats every second has been seen within this time. */
const SEEN_WITHIN_MS = 3_000

/** An orphan may go: there is nothing to guard, or another does it. Of two orphans, one stays. */
export function mayLeave(
  { isIdle, other, otherBeatMs }: GuardMemory,
  watchdog: number,
  nowMs: number,
): boolean {
  const isRelieved =
    other !== undefined &&
    nowMs - otherBeatMs < SEEN_WITHIN_MS &&
    (other.role !== 'orphan' || other.watchdog > watchdog)
  return isIdle || isRelieved
}
