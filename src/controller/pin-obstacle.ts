/** Why an operator's pin cannot be made now, whatever it is. Pure. */
import type { Mode } from '../model/mode.ts'
import type { Observation } from './observation.ts'

export interface PinCircumstances {
  readonly mode: Mode
  /** Why all overrides of the router are withdrawn; undefined when they are not. */
  readonly gone: string | undefined
  /** The session and the telemetry have been there for long enough. */
  readonly isSteady: boolean
}

/** In words; undefined when it can. */
export function findPinObstacle(
  { permission, session, installed, telemetryState, telemetryFaults }: Observation,
  { mode, gone, isSteady }: PinCircumstances,
): string | undefined {
  if (mode === 'frozen') return 'the mode is frozen'
  if (gone !== undefined) return gone
  if (permission.kind !== 'granted') return permission.why
  if (installed === undefined) return 'GoBGP does not answer'
  if (!session.up) return 'GoBGP has no BGP session with the router'
  if (!session.synced) return 'the routes of the router are not all known yet'
  if (telemetryState !== 'fresh') return `telemetry is ${telemetryState} (${telemetryFaults.join('; ')})`
  return isSteady ? undefined : 'the session came up only moments ago'
}
