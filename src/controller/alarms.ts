/**
 * What a cycle shows to be wrong, and since when. Pure. Whoever finds more adds it to the list before
 * `keepAlarms`.
 */
import type { Alarm, Finding } from '../model/alarm.ts'
import { formatAddress } from '../model/prefix.ts'
import { formatRate, formatShare } from '../model/units.ts'
import { isTrusted, tellContradiction } from './telemetry/distrust.ts'
import { findEffectAlarms } from './effect-alarms.ts'
import type { CycleReport, InterfaceReport, RouterReport, TelemetryState } from './report.ts'
import { unheardAgents } from './telemetry/silence.ts'

/** What is wrong in a cycle's report. */
export function findAlarms({ startedMs, routers }: CycleReport): Finding[] {
  return routers.flatMap((router) => [
    ...findRouterAlarms(router),
    ...router.interfaces.flatMap((one) => [...findInterfaceAlarms(one), ...findMissing(one), ...findContradictions(one)]),
    ...findEffectAlarms(router, startedMs),
  ])
}

export interface AlarmChanges {
  /** All that are active now. */
  readonly alarms: readonly Alarm[]
  readonly begun: readonly Alarm[]
  readonly ended: readonly Alarm[]
}

/**
 * The alarms after another look: what is found again keeps its `sinceMs`, what is not found any more has
 * ended.
 */
export function keepAlarms(before: readonly Alarm[], found: readonly Finding[], nowMs: number): AlarmChanges {
  const known = new Map(before.map((alarm) => [keyOf(alarm), alarm]))
  const now = new Set(found.map(keyOf))
  const alarms = found.map((finding) => ({
    ...finding,
    sinceMs: known.get(keyOf(finding))?.sinceMs ?? nowMs,
  }))
  return {
    alarms,
    begun: alarms.filter((alarm) => !known.has(keyOf(alarm))),
    ended: before.filter((alarm) => !now.has(keyOf(alarm))),
  }
}

/** The same for the same trouble, whatever the figures in its message. */
function keyOf({ kind, router, interface: name }: Finding): string {
  return JSON.stringify([kind, router, name])
}

const WHAT_SILENCE_DOES: Readonly<Record<Exclude<TelemetryState, 'fresh'>, string>> = {
  silent: 'its rates keep their last value, and nothing is added or released',
  stale: 'its rates keep their last value, and nothing is added or released',
  lost: 'all its overrides are withdrawn',
}

function findRouterAlarms({
  name,
  session,
  telemetry,
  telemetryState,
  telemetryFaults,
}: RouterReport): Finding[] {
  const found: Finding[] = []
  const about = { router: name, interface: undefined }
  if (!session.up) {
    const why =
      session.disabled === true
        ? '; somebody has disabled it there: `gobgp neighbor ADDRESS enable` ends that'
        : ''
    found.push({
      kind: 'session_down',
      ...about,
      message: `GoBGP has no BGP session with ${name}: no route of it is known${why}`,
    })
  }
  if (telemetryState !== 'fresh') {
    const message = `telemetry of ${name} is ${telemetryState} (${telemetryFaults.join('; ')}): `
    found.push({ kind: 'telemetry_silent', ...about, message: message + WHAT_SILENCE_DOES[telemetryState] })
  }
  const unheard = unheardAgents(telemetry).map(({ agent }) => formatAddress(agent))
  if (unheard.length > 0 && unheard.length < telemetry.agents.length) {
    const nothing = `${name} has sent nothing as ${unheard.join(', ')}`
    const message = `${nothing}, which is among its sflow_agent addresses`
    found.push({ kind: 'agent_unheard', ...about, message })
  }
  return found
}

function findInterfaceAlarms({
  router,
  name,
  state,
  plannedBps,
  speedBps,
  highWatermark,
}: InterfaceReport): Finding[] {
  const about = { router, interface: name }
  switch (state) {
    case 'high': {
      const load = plannedBps === undefined ? 'more' : formatRate(plannedBps)
      const mark = speedBps === undefined ? '' : ` of ${formatRate(speedBps)}`
      const planned = `${name} of ${router} is planned to carry ${load}`
      const message = `${planned}: its high watermark is ${formatShare(highWatermark)}${mark}`
      return [{ kind: 'interface_overloaded', ...about, message }]
    }
    case 'down':
      return [
        { kind: 'interface_down', ...about, message: `${name} of ${router} is down, as its counters say` },
      ]
    case 'ok':
    case 'relieved':
    case 'stale':
      return []
  }
}

function findMissing({ router, name, traffic: { missingMembers = [] } }: InterfaceReport): Finding[] {
  if (missingMembers.length === 0) return []
  const which = `${missingMembers.length === 1 ? 'member' : 'members'} ${missingMembers.join(', ')}`
  const message =
    `${name} of ${router} is measured without its ${which} (ifIndex), of which no counters come any more: its load and ` +
    'its speed are those of the others'
  return [{ kind: 'lag_member_missing', router, interface: name, message }]
}

/** One of a kind, what is not trusted before what is only told. */
function findContradictions({ router, name, traffic }: InterfaceReport): Finding[] {
  const byKind = new Map(
    traffic.contradictions
      .toSorted((a, b) => Number(isTrusted(b)) - Number(isTrusted(a)))
      .map((c) => [c.kind, c]),
  )
  return [...byKind].map(([kind, contradiction]) => {
    const what = isTrusted(contradiction)
      ? 'the rates of its prefixes are scaled to the counters'
      : 'nothing is added or released'
    return {
      kind,
      router,
      interface: name,
      message: `${tellContradiction(name, contradiction)}, on ${router}: ${what}`,
    }
  })
}
