/** From what is remembered and observed of a router to what its plan is made of. Pure. */
import type { Mode } from '../model/mode.ts'
import type { Router } from '../model/topology.ts'
import { currentOverrides, observePlacements, type RouterMemory } from './memory.ts'
import type { Observation } from './observation.ts'
import { findPinObstacle } from './pin-obstacle.ts'
import { HEEDED } from './plan/disregard.ts'
import type { RouterRoutes } from './plan/exits.ts'
import type { Pin } from './plan/pin.ts'
import type { Caps, PlanInput, PlannedOverride, PlanPolicy } from './plan/planning.ts'
import { noteSaturations } from './plan/saturation.ts'
import { stillRemembered, whySetAside, type SetAside } from './plan/set-aside.ts'
import type { Surroundings } from './plan/shared-use.ts'
import type { Stories } from './stories.ts'
import { auditBefore, isMeasured, isSteady, type Steadiness } from './telemetry/steadiness.ts'
import { withdrawAllReason } from './verdict.ts'

export interface PlanGrounds {
  readonly router: Router
  readonly routes: RouterRoutes
  readonly policy: PlanPolicy
  /** Over which rates are measured. */
  readonly windowMs: number
  readonly memory: RouterMemory
  readonly stories: Stories
  /** As of the observation. */
  readonly steadiness: Steadiness
  readonly observation: Observation
  /** When GoBGP last told what it holds, before the observation. */
  readonly lastListMs: number
  readonly mode: Mode
  /** All decisions are dry. */
  readonly dryRun: boolean
  readonly caps: Caps
  readonly surroundings: Surroundings
  readonly pins: readonly Pin[]
  readonly unsent: ReadonlyMap<string, string>
}

export function makePlanInput(grounds: PlanGrounds): PlanInput {
  const { router, routes, policy, windowMs, memory, steadiness, observation, mode, dryRun } = grounds
  const { nowMs, traffic, session, installed, permission } = observation
  const gone = withdrawAllReason(observation, mode)
  // Who switches it off and on again has mended something, and wants to see it tried.
  const afresh = mode === 'off'
  const setAside = stillRemembered(memory.setAside, nowMs).filter(({ kind }) => !afresh || kind === 'by hand')
  const routesKnown = session.synced && installed !== undefined
  const steady = isSteady(steadiness, nowMs)
  return {
    nowMs,
    router,
    policy,
    caps: grounds.caps,
    traffic,
    routes,
    current: findCurrent(grounds, setAside, gone !== undefined),
    placements:
      installed === undefined
        ? memory.placements
        : observePlacements(memory.placements, installed, router, nowMs, grounds.lastListMs),
    unfinished: memory.unfinished,
    homecomings: memory.homecomings,
    setAside,
    pins: grounds.pins,
    pinObstacle: findPinObstacle(observation, { mode, gone, isSteady: steady }),
    isFrozen: mode === 'frozen',
    unsent: mode === 'frozen' ? new Map() : grounds.unsent,
    saturations: noteSaturations(memory.saturations, traffic, nowMs),
    disregard: afresh ? HEEDED : memory.disregard,
    windowMs,
    auditBeforeMs:
      routesKnown && mode !== 'frozen'
        ? auditBefore(steadiness, traffic.telemetry.lastFlowMs, windowMs)
        : -Infinity,
    dryRun,
    surroundings: grounds.surroundings,
    routesKnown,
    mayChange: gone === undefined && mode !== 'frozen' && permission.kind !== 'no_additions' && steady,
    mayRelease: isMeasured(steadiness, nowMs, windowMs),
  }
}

/** The overrides that the plan starts from; none when all must go. */
function findCurrent(
  { router, memory, stories, observation: { nowMs, installed }, dryRun }: PlanGrounds,
  setAside: readonly SetAside[],
  mustGo: boolean,
): readonly PlannedOverride[] {
  if (installed === undefined) return memory.planned
  if (mustGo) return []
  // What GoBGP keeps refusing moves no traffic: to believe in it would leave its interface full.
  const planned = memory.planned.filter(
    ({ override: { prefix, toInterface } }) =>
      whySetAside(setAside, prefix, toInterface, nowMs)?.kind !== 'refused',
  )
  return currentOverrides({ ...memory, planned }, installed, router, dryRun, nowMs, stories)
}
