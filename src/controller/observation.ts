/** What a router's world looked like at the start of a cycle. */
import type { InstalledOverride } from '../model/override.ts'
import type { RouterTraffic } from '../model/traffic.ts'
import type { Permission, RouterSession } from './ports.ts'
import type { TelemetryState } from './report.ts'

export interface Observation {
  readonly nowMs: number
  readonly traffic: RouterTraffic
  readonly telemetryState: TelemetryState
  /** Why it is not fresh, in words. */
  readonly telemetryFaults: readonly string[]
  readonly session: RouterSession
  /** What GoBGP holds of ours; undefined when it did not answer in time. */
  readonly installed: readonly InstalledOverride[] | undefined
  /** GoBGP has answered of late. */
  readonly gobgpAnswers: boolean
  readonly permission: Permission
}
