/** What a service makes of the lease that it finds in a gobgpd. Pure. */
import type { Lease } from '../model/lease.ts'
import { awayAfterMs, hasStood, leaseRead, leaseUnread, UNWATCHED, type LeaseWatch } from './lease-watch.ts'

/** Whose leases these are, and how long they last. */
export interface LeaseSelf {
  readonly owner: string
  readonly incarnation: number
  readonly durationMs: number
}

/** What a service knows of one gobgpd's lease. Immutable. */
export interface LeaseMemory {
  readonly watch: LeaseWatch
  /** It was ours when we last looked. */
  readonly held: boolean
  /** This process has held it before: another process that bears our name is another service. */
  readonly hasHeld: boolean
  /** Processes of our name from which this one has taken it. */
  readonly taken: ReadonlySet<number>
  /** The lease of another that was in force when it was last seen. */
  readonly rival: Lease | undefined
  /** The last that we wrote. */
  readonly sequence: number
  /** When we last tried to look. */
  readonly lookedMs: number
}

export const NO_LEASE: LeaseMemory = {
  watch: UNWATCHED,
  held: false,
  hasHeld: false,
  taken: new Set(),
  rival: undefined,
  sequence: 0,
  lookedMs: -Infinity,
}

/**
 * What to do next. `renew`: write this; once it is written, the lease is ours. `claim`: write this; it is
 * ours only when the next look finds it there. `release`: write this, it is not needed any more. `stand_by`:
 * another has it.
 */
export type LeaseStep =
  | { readonly kind: 'renew' | 'claim' | 'release'; readonly write: Lease }
  | { readonly kind: 'stand_by'; readonly rival: Lease }
  | { readonly kind: 'rest' }

export interface LeaseLook {
  readonly lease: Lease | undefined
  readonly nowMs: number
  /** There is something that could be sent under it. */
  readonly mayAct: boolean
}

export function judgeLease(
  before: LeaseMemory, { lease, nowMs, mayAct }: LeaseLook, self: LeaseSelf,
): { readonly memory: LeaseMemory; readonly step: LeaseStep } {
  // Another may look more often than we do: its lease can be shorter than our interval, a third of our own at
  // most.
  const awayMs = Math.max(awayAfterMs((lease ?? before.rival ?? self).durationMs), self.durationMs / 2)
  const watch = leaseRead(before.watch, lease, nowMs, awayMs)
  const hasBeenAway = nowMs - before.lookedMs > awayAfterMs(self.durationMs)
  const isMine = lease?.owner === self.owner && lease.incarnation === self.incarnation
  // A process that bears our name and came before us is gone: its owner file was handed on. One that comes
  // while we hold the lease is a copy, as of a machine that was cloned. It took us for gone, and once it sees
  // us again it knows better: who shows up after the lease was taken from it lives, and is left alone.
  const isOurs = isMine || (lease?.owner === self.owner && !before.taken.has(lease.incarnation) &&
    (!before.hasHeld || (before.held && !hasBeenAway)))
  const rival = findRival(before, watch, isOurs)
  const sequence = (Math.max(before.sequence, lease?.sequence ?? 0) + 1) >>> 0
  const resting: LeaseMemory = { ...before, watch, rival, held: false, lookedMs: nowMs }
  const taken = isOurs && !isMine ? new Set([...before.taken, lease.incarnation]) : before.taken
  const writing: LeaseMemory = { ...resting, sequence, taken }
  const write = (state: Lease['state']): Lease => ({ ...self, sequence, state })

  if (rival !== undefined) return { memory: resting, step: { kind: 'stand_by', rival } }
  if (!mayAct) {
    const isToRelease = isMine && lease.state === 'held'
    if (!isToRelease) return { memory: resting, step: { kind: 'rest' } }
    return { memory: writing, step: { kind: 'release', write: write('released') } }
  }
  // What gobgpd lost when it was restarted is ours still; so is what a former process of ours has released.
  const isLost = lease === undefined && before.held && !hasBeenAway
  const isLeft = isOurs && lease?.state === 'released' && !before.hasHeld
  if (isLost || isLeft || (isOurs && lease?.state === 'held')) {
    return {
      memory: { ...writing, held: true, hasHeld: true },
      step: { kind: 'renew', write: write('held') },
    }
  }
  return { memory: writing, step: { kind: 'claim', write: write('held') } }
}

/** gobgpd did not answer. */
export function leaseNotSeen(before: LeaseMemory, nowMs: number): LeaseMemory {
  return { ...before, watch: leaseUnread(before.watch), lookedMs: nowMs }
}

function findRival({ rival }: LeaseMemory, watch: LeaseWatch, isOurs: boolean): Lease | undefined {
  const { lease } = watch
  // A rival whose lease is lost, as by a restart of gobgpd, comes first to write it again.
  if (lease === undefined) {
    return rival !== undefined && !hasStood(watch, rival.durationMs) ? rival : undefined
  }
  return !isOurs && lease.state === 'held' && !hasStood(watch, lease.durationMs) ? lease : undefined
}
