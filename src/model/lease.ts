/**
 * Who steers through a gobgpd, and that somebody watches over it: notes that GoBGP keeps for all who use it,
 * and sends to no router.
 */

/**
 * `held`: its owner renews it. `released`: its owner has ended in order, and whoever comes next may have it
 * at once. `lapsed`: it was not renewed in time, and a watchdog withdraws what was injected under it.
 */
export const LEASE_STATES = ['held', 'released', 'lapsed'] as const
export type LeaseState = (typeof LEASE_STATES)[number]

/** The right to inject through one gobgpd under one marker. */
export interface Lease {
  /** 16 hex digits, the same from one start of a service to the next. */
  readonly owner: string
  /** The process of that owner, 32 random bits. */
  readonly incarnation: number
  /** Grows with every renewal; 32 bits. */
  readonly sequence: number
  /** It lapses when nothing of it has changed for so long. */
  readonly durationMs: number
  readonly state: LeaseState
}

/** `alone`: started for itself. `child`: by a service that lives. `orphan`: by one that is gone. */
export const WATCHDOG_ROLES = ['alone', 'child', 'orphan'] as const
export type WatchdogRole = (typeof WATCHDOG_ROLES)[number]

/** That a watchdog lives. All that watch the same gobgpd write the same note. */
export interface Heartbeat {
  /** 32 random bits. */
  readonly watchdog: number
  /** Grows with every beat; 32 bits. */
  readonly sequence: number
  readonly role: WatchdogRole
}

export interface Notes {
  readonly lease: Lease | undefined
  readonly heartbeat: Heartbeat | undefined
}
