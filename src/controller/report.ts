/** What one cycle saw and did, for whoever wants to show it. Immutable. */
import type { Mode } from '../model/mode.ts'
import type { Override } from '../model/override.ts'
import type { InterfaceTraffic, Telemetry } from '../model/traffic.ts'
import type { RouterSession } from './ports.ts'

export type InterfaceState = 'ok' | 'high' | 'relieved' | 'stale' | 'down'

export interface InterfaceReport {
  readonly router: string
  readonly name: string
  readonly ifIndex: number
  readonly speedBps: number | undefined
  readonly traffic: InterfaceTraffic
  readonly naturalBps: number | undefined
  readonly plannedBps: number | undefined
  /** Shares of speed, of 1. */
  readonly highWatermark: number
  readonly lowWatermark: number
  readonly reliefTarget: number
  readonly state: InterfaceState
}

export interface OverrideReport {
  readonly id: string
  readonly override: Override
  /** `planned`: dry-run, or not in GoBGP yet. */
  readonly state: 'installed' | 'planned' | 'withdrawing'
  /** Demand that it moves, bit/s. */
  readonly bps: number
}

/** `silent`: telemetry missed, nothing is added or released; `stale`: for longer than stale_after; `lost`: longer than withdraw_after. */
export type TelemetryState = 'fresh' | 'silent' | 'stale' | 'lost'

export interface RouterReport {
  readonly name: string
  readonly session: RouterSession
  readonly telemetry: Telemetry
  readonly telemetryState: TelemetryState
  /** GoBGP answered in this cycle. */
  readonly gobgpAnswers: boolean
  readonly interfaces: readonly InterfaceReport[]
  readonly overrides: readonly OverrideReport[]
}

export interface CycleReport {
  readonly startedMs: number
  readonly durationMs: number
  readonly mode: Mode
  readonly routers: readonly RouterReport[]
}
