/**
 * Since when a router's session is up and its telemetry fresh: what just came back is not to be trusted yet.
 * Pure.
 */
import { EFFECT_SETTLE_MS } from '../plan/effect.ts'
import type { Observation } from '../observation.ts'

/** After a session came up, its routes need a moment to arrive; until then nothing is added or released. */
const ROUTES_SETTLE_MS = 5000

export interface Steadiness {
  /** Undefined while the session is down. A session that is up when first seen counts as up for ever. */
  readonly upSinceMs: number | undefined
  /** Undefined while telemetry is not fresh. */
  readonly freshSinceMs: number | undefined
}

export const AT_START: Steadiness = { upSinceMs: -Infinity, freshSinceMs: undefined }

/** After another look. */
export function noteSteadiness(
  before: Steadiness,
  { session, telemetryState, nowMs }: Observation,
): Steadiness {
  return {
    upSinceMs: session.up ? (before.upSinceMs ?? nowMs) : undefined,
    freshSinceMs: telemetryState === 'fresh' ? (before.freshSinceMs ?? nowMs) : undefined,
  }
}

/** Enough is known to add and to move. */
export function isSteady({ upSinceMs, freshSinceMs }: Steadiness, nowMs: number): boolean {
  return upSinceMs !== undefined && nowMs - upSinceMs >= ROUTES_SETTLE_MS && freshSinceMs !== undefined
}

/** Rates have been measured over a whole window: what comes home must be known for sure. */
export function isMeasured({ freshSinceMs }: Steadiness, nowMs: number, windowMs: number): boolean {
  return nowMs - (freshSinceMs ?? nowMs) >= windowMs
}

/**
 * Overrides in force since then or longer were so over all that the rates were measured over, and had time to
 * take effect before; -Infinity: there are none.
 */
export function auditBefore(
  { upSinceMs, freshSinceMs }: Steadiness,
  lastFlowMs: number | undefined,
  windowMs: number,
): number {
  if (upSinceMs === undefined || freshSinceMs === undefined || lastFlowMs === undefined) return -Infinity
  const measuredFromMs = lastFlowMs - windowMs
  const isWhole = measuredFromMs >= freshSinceMs && measuredFromMs - EFFECT_SETTLE_MS >= upSinceMs
  return isWhole ? measuredFromMs - EFFECT_SETTLE_MS : -Infinity
}
