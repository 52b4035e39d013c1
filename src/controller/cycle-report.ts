/** Builds a router's report from what a cycle saw, decided and did. Pure. */
import { overrideId, type Override } from '../model/override.ts'
import { formatPrefix } from '../model/prefix.ts'
import type { Router } from '../model/topology.ts'
import { adopt } from './memory.ts'
import type { Observation } from './observation.ts'
import type { InterfaceReport, InterfaceState, OverrideReport, RouterReport } from './report.ts'
import type { Outcome } from './send-changes.ts'
import type { Verdict } from './verdict.ts'

/** `withoutAlternate` by interface index, bit/s; undefined when it is not known. */
export function reportRouter(
  router: Router,
  seen: Observation,
  { plan, changes }: Verdict,
  outcome: Outcome,
  withoutAlternate: readonly number[] | undefined,
): RouterReport {
  const overrides = reportOverrides(router, seen, { plan, changes }, outcome)
  return {
    name: router.name,
    session: seen.session,
    telemetry: seen.traffic.telemetry,
    telemetryState: seen.telemetryState,
    gobgpAnswers: seen.gobgpAnswers,
    telemetryFaults: seen.telemetryFaults,
    permission: seen.permission,
    interfaces: router.interfaces.map((_, i) => ({
      ...reportInterface(router, i, seen, plan, overrides),
      withoutAlternateBps: withoutAlternate?.[i],
    })),
    overrides,
    effects: plan.effects,
    setAside: plan.setAside,
    disregard: plan.disregard,
  }
}

function reportInterface(
  router: Router,
  i: number,
  seen: Observation,
  plan: Verdict['plan'],
  overrides: readonly OverrideReport[],
): Omit<InterfaceReport, 'withoutAlternateBps'> {
  const configured = router.interfaces[i]!
  const traffic = seen.traffic.interfaces[i]!
  const natural = plan.natural[i]
  const naturalBps = natural && Math.max(0, natural.bps)
  const plannedBps = natural && plan.planned[i]!
  const highBps = configured.highWatermark * (traffic.speedBps ?? Infinity)
  const isAbove = (traffic.outBps ?? 0) > highBps || (plannedBps ?? 0) > highBps
  const isRelieved = overrides.some(
    (o) => o.state === 'installed' && o.override.fromInterface === configured.name,
  )
  let state: InterfaceState = isAbove ? 'high' : isRelieved ? 'relieved' : 'ok'
  const isUnknown =
    traffic.outBps === undefined || seen.telemetryState === 'stale' || seen.telemetryState === 'lost'
  if (isUnknown) state = 'stale'
  if (traffic.operUp === false) state = 'down'
  return {
    router: router.name,
    name: configured.name,
    ifIndex: configured.ifIndex,
    speedBps: traffic.speedBps,
    traffic,
    naturalBps,
    plannedBps,
    highWatermark: configured.highWatermark,
    lowWatermark: configured.lowWatermark,
    reliefTarget: configured.reliefTarget,
    state,
  }
}

function reportOverrides(
  router: Router,
  seen: Observation,
  { plan, changes }: Pick<Verdict, 'plan' | 'changes'>,
  { installed }: Outcome,
): OverrideReport[] {
  const judged = new Map(
    plan.effects
      .filter(({ kind }) => kind !== 'unknown')
      .map((effect) => [formatPrefix(effect.prefix), effect]),
  )
  const report = (override: Override, state: OverrideReport['state']): OverrideReport => ({
    id: overrideId(override),
    override,
    state,
    bps: plan.demand.movedBy(override.prefix).bps,
    movedShare: judged.get(formatPrefix(override.prefix))?.movedShare,
  })
  const planned = new Set(plan.overrides.map(({ override }) => formatPrefix(override.prefix)))
  const withdrawing = new Set(changes.withdraw.map(({ prefix }) => formatPrefix(prefix)))
  const unplanned = (seen.installed ?? []).filter(({ prefix }) => {
    const key = formatPrefix(prefix)
    return installed.has(key) && !planned.has(key)
  })
  return [
    ...plan.overrides.map(({ override, dry }) =>
      report(override, !dry && installed.has(formatPrefix(override.prefix)) ? 'installed' : 'planned'),
    ),
    ...unplanned.map((found) =>
      report(
        adopt(found, router, seen.nowMs),
        withdrawing.has(formatPrefix(found.prefix)) ? 'withdrawing' : 'installed',
      ),
    ),
  ]
}
