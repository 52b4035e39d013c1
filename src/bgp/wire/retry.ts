/** The one place that decides what a failed call means and when to try again. */
import { status } from '@grpc/grpc-js'
import { GrpcError } from './grpc-channel.ts'

const FIRST_DELAY_MS = 250
const LONGEST_DELAY_MS = 2_000
/** Share by which a delay varies, so that many clients of one gobgpd do not come back at once. */
const JITTER = 0.2

/** What these say of a call, they say of the connection or of gobgpd as a whole. */
const BROKEN: ReadonlySet<status> = new Set([
  status.CANCELLED,
  status.DEADLINE_EXCEEDED,
  status.UNAVAILABLE,
  status.INTERNAL,
  status.RESOURCE_EXHAUSTED,
])

/**
 * True when the connection should be given up and made anew. Otherwise gobgpd has answered: it refused this
 * request, and the same request would be refused again.
 */
export function breaksConnection(error: unknown): boolean {
  return error instanceof GrpcError && BROKEN.has(error.code)
}

/** True when no answer came before the deadline. */
export function isLate(error: unknown): boolean {
  return error instanceof GrpcError && error.code === status.DEADLINE_EXCEEDED
}

/** True for a fault of this program: no attempt will go better, and going on would hide it. */
export function isBug(error: unknown): boolean {
  return error instanceof TypeError || error instanceof ReferenceError || !(error instanceof Error)
}

export interface Backoff {
  /** How long to wait before the next attempt, ms: doubled each time up to 2 s. */
  nextMs(): number
  /** After success: start small again. */
  reset(): void
}

/** `random` gives numbers in [0, 1). */
export function createBackoff(random: () => number): Backoff {
  let delayMs = FIRST_DELAY_MS
  return {
    nextMs: () => {
      const nowMs = delayMs
      delayMs = Math.min(delayMs * 2, LONGEST_DELAY_MS)
      return nowMs * (1 - JITTER + 2 * JITTER * random())
    },
    reset: () => {
      delayMs = FIRST_DELAY_MS
    },
  }
}
