/** What leases need of the world. */
import type { OverrideStore } from '../controller/ports.ts'
import type { Heartbeat, Lease, Notes } from '../model/lease.ts'
import type { Override } from '../model/override.ts'

/** The notes of one marker in one gobgpd. All reject when it does not answer. */
export interface NoteStore {
  /** Rejects, too, when a note cannot be understood, or GoBGP cannot keep any. */
  read(): Promise<Notes>
  writeLease(lease: Lease): Promise<void>
  writeHeartbeat(heartbeat: Heartbeat): Promise<void>
  /** A note that is not there is no error. */
  remove(note: keyof Notes): Promise<void>
}

/** An OverrideStore that can be told to ask once more just before an override is sent. */
export interface GuardedStore extends OverrideStore {
  /** `checkLast` throws when it must not be sent any more. */
  add(override: Override, fromIfIndex: number, checkLast?: () => void): Promise<void>
}

/** The watchdog that a service has for itself, when nobody else runs one. */
export interface WatchdogChild {
  /** Starts it unless it runs; after it has ended by itself, only when some time has passed. */
  ensure(): void
  /** Ends it when it runs for some time already: it does not do its work. */
  replace(): void
  /** How often it has ended by itself, and how it did last, in words. */
  ends(): { readonly times: number; readonly last: string | undefined }
}
