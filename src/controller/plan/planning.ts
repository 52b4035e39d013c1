/** A plan in the making: what its steps are given, and what they share. */
import type { Decision, DecisionKind } from '../../model/decision.ts'
import type { Override } from '../../model/override.ts'
import type { Prefix } from '../../model/prefix.ts'
import type { Router } from '../../model/topology.ts'
import type { RouterTraffic } from '../../model/traffic.ts'
import type { Demand } from './demand.ts'
import type { Disregard } from './disregard.ts'
import type { RouterRoutes } from './exits.ts'
import type { Placement } from './loads.ts'
import type { Pin } from './pin.ts'
import type { PrefixGuard, PrefixPolicy } from './prefix-guard.ts'
import type { Homecoming } from './restless.ts'
import type { Saturations } from './saturation.ts'
import type { SetAside } from './set-aside.ts'
import type { Surroundings } from './shared-use.ts'

/** Guard 3. They bound additions only. */
export interface Caps {
  /** Overrides that the router may have in all: what the totals and the other routers leave. */
  readonly overrides: number
  /** Overrides that may be added in this cycle. */
  readonly changes: number
  /** Share (of 1) of an interface's natural load that may be away. */
  readonly detouredShare: number
}

export interface PlanPolicy extends PrefixPolicy {
  readonly minHoldMs: number
  /** Samples behind a rate before it is acted on. */
  readonly minSamples: number
}

/** An override of the plan. A dry one is wanted but never sent, and takes no room from real ones. */
export interface PlannedOverride {
  readonly override: Override
  readonly dry: boolean
}

/**
 * Why a relief is not over: a cap cut it short, or no measurement has shown yet that it was enough. Load
 * often rises for a while; a relief that ended with the first look would stop halfway between the watermarks.
 */
export type Unfinished = 'capped' | 'unconfirmed'

export interface PlanInput {
  readonly nowMs: number
  readonly router: Router
  readonly policy: PlanPolicy
  readonly caps: Caps
  readonly traffic: RouterTraffic
  readonly routes: RouterRoutes
  /** The last plan's overrides, and those found in GoBGP. */
  readonly current: readonly PlannedOverride[]
  readonly placements: readonly Placement[]
  /** Interfaces whose relief is not over, by name. */
  readonly unfinished: ReadonlyMap<string, Unfinished>
  /** Overrides that failed of late: others must do instead. */
  readonly homecomings: readonly Homecoming[]
  readonly setAside: readonly SetAside[]
  readonly disregard: Disregard
  /** As of now. */
  readonly saturations: Saturations
  /** What operators have ordered since the last plan. */
  readonly pins: readonly Pin[]
  /** Why no pin may be made now, in words; undefined when one may. */
  readonly pinObstacle: string | undefined
  /** What is there stays, but for what guards end. */
  readonly isFrozen: boolean
  /** Overrides that GoBGP holds and does not send, by prefix, and why. */
  readonly unsent: ReadonlyMap<string, string>
  /** Overrides in force since then or longer are judged by what they moved, ms; -Infinity: none is. */
  readonly auditBeforeMs: number
  /** Over which rates are measured. */
  readonly windowMs: number
  /** All of the router's decisions are dry. */
  readonly dryRun: boolean
  readonly surroundings: Surroundings
  /** False while the route table is not known to be complete: overrides are kept as they are. */
  readonly routesKnown: boolean
  /** False while telemetry is silent or the mode is frozen: nothing is added, moved or released. */
  readonly mayChange: boolean
  /** False until rates have been measured over a whole window: what comes home must be known for sure. */
  readonly mayRelease: boolean
}

/** What the steps of a plan share: the state that they hand on, and the record of what they decide. */
export interface Planning extends PlanInput {
  readonly demand: Demand
  readonly guard: PrefixGuard
  /** By prefix. */
  readonly wanted: Map<string, PlannedOverride>
  /** Prefixes whose real overrides this plan ends: their traffic goes home, wherever it is seen now. */
  readonly ended: readonly Prefix[]
  /** Prefixes that have moved of late, as `restlessPrefixes` gives them. */
  readonly restless: readonly Prefix[]
  readonly decisions: Decision[]
}

/** True when what happens to the interface's traffic is to be decided only, not done. */
export function isDry({ dryRun, router }: PlanInput, interfaceIndex: number): boolean {
  return dryRun || router.interfaces[interfaceIndex]!.dryRun
}

/** Puts a decision on record. */
export function decide(
  { decisions, nowMs, router }: Pick<Planning, 'decisions' | 'nowMs' | 'router'>,
  kind: DecisionKind,
  about: { prefix?: Prefix; from?: string; to?: string; bps?: number; dry?: boolean },
  reason: string,
  inputs: Decision['inputs'] = {},
): void {
  decisions.push({
    atMs: nowMs,
    router: router.name,
    kind,
    prefix: about.prefix,
    fromInterface: about.from,
    toInterface: about.to,
    bps: about.bps,
    reason,
    inputs,
    acted: about.dry !== true,
  })
}
