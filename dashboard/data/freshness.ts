/** Whether what the page shows can be believed. A wall page that silently stopped is worse than none. Pure. */
import type { Live } from './live.ts'

export type Freshness =
  /** Never heard yet. */
  | { readonly kind: 'waiting'; readonly why: string | undefined }
  | { readonly kind: 'fresh' }
  /** The service does not answer: all is as of that long ago. */
  | { readonly kind: 'lost'; readonly agoMs: number; readonly why: string }
  /** It answers, but its control loop has not run for so long. */
  | { readonly kind: 'stalled'; readonly agoMs: number }

/** The service is heard every second, or so. */
const HEARD_WITHIN_MS = 6_000
/** A cycle is missed when two intervals and so long have passed since the last one began. */
const CYCLE_SLACK_MS = 10_000

/** `nowMs` is of the page's own monotonic clock. */
export function judgeFreshness({ status, link, heardMs, offsetMs }: Live, nowMs: number): Freshness {
  const why = link.state === 'lost' ? link.why : undefined
  if (status === undefined) return { kind: 'waiting', why }
  const agoMs = nowMs - heardMs
  if (why !== undefined) return { kind: 'lost', agoMs, why }
  if (agoMs > HEARD_WITHIN_MS) return { kind: 'lost', agoMs, why: 'nothing was heard of it' }
  if (status.last_cycle === null) return { kind: 'fresh' }
  const cycleMs = nowMs + offsetMs - Date.parse(status.last_cycle.started)
  return cycleMs > 2_000 * status.interval_seconds + CYCLE_SLACK_MS ? { kind: 'stalled', agoMs: cycleMs } : { kind: 'fresh' }
}
