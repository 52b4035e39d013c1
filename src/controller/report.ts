/** What one cycle saw and did, for whoever wants to show it. Immutable. */
import type { Mode } from '../model/mode.ts'
import type { Override } from '../model/override.ts'
import type { InterfaceTraffic, Telemetry } from '../model/traffic.ts'
import type { Disregard } from './plan/disregard.ts'
import type { Effect } from './plan/effect.ts'
import type { Permission, RouterSession } from './ports.ts'
import type { SetAside } from './plan/set-aside.ts'

export const INTERFACE_STATES = ['ok', 'high', 'relieved', 'stale', 'down'] as const
export type InterfaceState = (typeof INTERFACE_STATES)[number]

export interface InterfaceReport {
  readonly router: string
  readonly name: string
  readonly ifIndex: number
  readonly speedBps: number | undefined
  readonly traffic: InterfaceTraffic
  readonly naturalBps: number | undefined
  readonly plannedBps: number | undefined
  /** Of its traffic, what could leave by no other; undefined until that is known. May be 20 s old. */
  readonly withoutAlternateBps: number | undefined
  /** Shares of speed, of 1. */
  readonly highWatermark: number
  readonly lowWatermark: number
  readonly reliefTarget: number
  readonly state: InterfaceState
}

/** `planned`: dry-run, or not in GoBGP yet. */
export const OVERRIDE_STATES = ['installed', 'planned', 'withdrawing'] as const

export interface OverrideReport {
  readonly id: string
  readonly override: Override
  readonly state: (typeof OVERRIDE_STATES)[number]
  /** Demand that it moves, bit/s. */
  readonly bps: number
  /** Share (of 1) of it that leaves where it should; undefined until it can be judged. */
  readonly movedShare: number | undefined
}

/**
 * `silent`: telemetry missed or not believed, nothing is added or released; `stale`: for longer than
 * stale_after; `lost`: longer than withdraw_after.
 */
export const TELEMETRY_STATES = ['fresh', 'silent', 'stale', 'lost'] as const
export type TelemetryState = (typeof TELEMETRY_STATES)[number]

export interface RouterReport {
  readonly name: string
  readonly session: RouterSession
  readonly telemetry: Telemetry
  readonly telemetryState: TelemetryState
  /** Why it is not fresh, in words. */
  readonly telemetryFaults: readonly string[]
  /** GoBGP has answered of late. */
  readonly gobgpAnswers: boolean
  readonly permission: Permission
  readonly interfaces: readonly InterfaceReport[]
  readonly overrides: readonly OverrideReport[]
  /** Of the overrides that have been in force for long enough to judge. */
  readonly effects: readonly Effect[]
  readonly setAside: readonly SetAside[]
  readonly disregard: Disregard
}

export interface CycleReport {
  readonly startedMs: number
  readonly durationMs: number
  readonly mode: Mode
  readonly routers: readonly RouterReport[]
}
