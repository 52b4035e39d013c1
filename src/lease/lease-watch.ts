/**
 * For how long a lease has not changed. Nobody compares clocks: whoever watches a lease measures by its own,
 * and counts only time in which gobgpd answered. Pure.
 */
import type { Lease } from '../model/lease.ts'

export interface LeaseWatch {
  readonly lease: Lease | undefined
  /** Since it was first read as it is, without what lies between a read that failed and the next one, ms. */
  readonly unchangedMs: number
  /** For how long every read has gone well, ms. */
  readonly answeredMs: number
  /** When it was last read; undefined when the last read failed. */
  readonly readMs: number | undefined
}

export const UNWATCHED: LeaseWatch = { lease: undefined, unchangedMs: 0, answeredMs: 0, readMs: undefined }

/** After GoBGP was away, its clients get so long to come back before one of them is called gone. */
const GRACE_MS = 5_000

/** Share of the duration: who has not looked for longer has been away. */
const AWAY = 0.75
/** Nobody is away who has looked since; the shortest leases are shorter. */
const NEVER_AWAY_MS = 3_000

/** Who has not looked for so long may have missed that a lease of this duration lapsed. */
export function awayAfterMs(durationMs: number): number {
  return Math.max(AWAY * durationMs, NEVER_AWAY_MS)
}

/**
 * The lease was read. When the watcher itself has been away, others may have been, too, as in a virtual
 * machine that was paused: that counts as an outage. `awayMs`: who has not looked for longer has been.
 */
export function leaseRead(
  before: LeaseWatch, lease: Lease | undefined, nowMs: number, awayMs: number,
): LeaseWatch {
  const stepMs = nowMs - (before.readMs ?? -Infinity)
  const countedMs = stepMs <= awayMs ? stepMs : undefined
  return {
    lease,
    unchangedMs: isSame(lease, before.lease) ? before.unchangedMs + (countedMs ?? 0) : 0,
    answeredMs: countedMs === undefined ? 0 : before.answeredMs + countedMs,
    readMs: nowMs,
  }
}

/** gobgpd did not answer. */
export function leaseUnread(before: LeaseWatch): LeaseWatch {
  return { ...before, answeredMs: 0, readMs: undefined }
}

/** The lease, or that there is none, has stood for so long, and whoever should have changed it could have. */
export function hasStood({ unchangedMs, answeredMs }: LeaseWatch, durationMs: number): boolean {
  return unchangedMs >= durationMs && answeredMs >= Math.min(GRACE_MS, durationMs / 2)
}

/**
 * Without its sequence a lease would look the same after every renewal; without the rest, two of them might.
 */
function isSame(a: Lease | undefined, b: Lease | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  return (
    a.owner === b.owner && a.incarnation === b.incarnation && a.sequence === b.sequence && a.state === b.state
  )
}
