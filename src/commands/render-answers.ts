/** What the service answers, as text for an operator. Pure. */
import { formatRate, formatShare } from '../model/units.ts'
import type {
  ExplanationAnswer, InterfaceAnswer, OverrideAnswer, StatusAnswer,
} from './service-answers.ts'
import { ageText, renderTable, type Column } from './text-table.ts'

/** Lines: the service, each gobgpd, each router, its interfaces, overrides by number, alarms. */
export function renderStatus(
  url: string,
  status: StatusAnswer,
  interfaces: readonly InterfaceAnswer[],
  overrides: readonly OverrideAnswer[],
): string[] {
  const nowMs = Date.parse(status.time)
  const cycle =
    status.last_cycle === null
      ? 'no cycle yet'
      : `last cycle ${ageText(nowMs - Date.parse(status.last_cycle.started))} ago, ` +
        `it took ${Math.round(status.last_cycle.duration_seconds * 1000)} ms`
  return [
    `spillway ${status.version} at ${url}: mode ${status.mode}, ${cycle}`,
    '',
    ...status.gobgp.flatMap(renderGobgp),
    ...status.routers.flatMap(renderRouter),
    '',
    ...renderInterfaces(interfaces),
    '',
    countOverrides(overrides),
    ...renderAlarms(status.alarms, nowMs),
  ]
}

type Gobgp = StatusAnswer['gobgp'][number]

function renderGobgp({ target, connected, version, last_error: why, leaks, doubts, lease, watchdog }: Gobgp): string[] {
  const answers = connected ? `GoBGP ${version ?? ''}`.trim() + ' answers' : `does not answer (${why ?? 'not yet'})`
  const leased =
    lease === null ? 'no lease'
    : lease.ours ? `lease ${lease.state}`
    : `lease ${lease.state} by another, ${lease.owner}`
  const watched = watchdog.seen ? 'a watchdog beats' : 'no watchdog'
  return [
    `gobgpd ${target}: ${answers}, ${leased}, ${watched}`,
    ...leaks.map((leak) => `  leak: ${leak}`),
    ...doubts.map((doubt) => `  doubtful: ${doubt}`),
  ]
}

function renderRouter({ name, address, bgp_session: session, permission, telemetry }: StatusAnswer['routers'][number]): string[] {
  const bgp = session.up ? (session.synced ? 'BGP session up' : 'BGP session up, routes not all known') : 'BGP session DOWN'
  const age = telemetry.age_seconds === null ? 'never heard' : `heard ${telemetry.age_seconds.toFixed(1)} s ago`
  const may = permission === null || permission.state === 'granted' ? [] : [`  ${permission.state}: ${permission.why ?? ''}`]
  return [
    `router ${name} (${address}): ${bgp}, telemetry ${telemetry.state ?? 'unknown'}, ${age}`,
    ...telemetry.faults.map((fault) => `  ${fault}`),
    ...may,
  ]
}

const INTERFACE_COLUMNS: readonly Column[] = [
  { title: 'ROUTER' }, { title: 'INTERFACE' }, { title: 'STATE' }, { title: 'SPEED', right: true },
  { title: 'OUT', right: true }, { title: '%', right: true }, { title: 'NATURAL', right: true },
  { title: 'PLANNED', right: true }, { title: 'NO ALTERNATE', right: true }, { title: 'HIGH', right: true },
  { title: 'TARGET', right: true },
]

function renderInterfaces(interfaces: readonly InterfaceAnswer[]): string[] {
  return renderTable(
    INTERFACE_COLUMNS,
    interfaces.map((i) => [
      i.router, i.name, i.state, rateText(i.speed_bps), rateText(i.out_bps), percentText(i.utilization),
      rateText(i.natural_bps), rateText(i.planned_bps), rateText(i.without_alternate_bps), formatShare(i.high_watermark),
      formatShare(i.relief_target),
    ]),
  )
}

/** `overrides: 3 installed, 1 planned`. */
function countOverrides(overrides: readonly OverrideAnswer[]): string {
  const states = ['installed', 'planned', 'withdrawing'].map((state) => {
    const count = overrides.filter((one) => one.state === state).length
    return count === 0 ? undefined : `${count} ${state}`
  })
  return `overrides: ${states.filter((text) => text !== undefined).join(', ') || 'none'}`
}

function renderAlarms(alarms: StatusAnswer['alarms'], nowMs: number): string[] {
  if (alarms.length === 0) return ['no alarms']
  return [
    `${alarms.length} ${alarms.length === 1 ? 'alarm' : 'alarms'}:`,
    ...alarms.map(({ kind, since, message }) => `  ${kind} for ${ageText(nowMs - Date.parse(since))}: ${message}`),
  ]
}

const OVERRIDE_COLUMNS: readonly Column[] = [
  { title: 'ROUTER' }, { title: 'PREFIX' }, { title: 'FROM' }, { title: 'TO' }, { title: 'RATE', right: true },
  { title: 'AGE', right: true }, { title: 'STATE' }, { title: 'WHY' },
]

/** A table of overrides, the largest first; `nowMs`: the service's. */
export function renderOverrides(overrides: readonly OverrideAnswer[], nowMs: number): string[] {
  if (overrides.length === 0) return ['no overrides: all traffic is where BGP alone puts it']
  const sorted = overrides.toSorted((a, b) => (b.bps ?? 0) - (a.bps ?? 0))
  return renderTable(
    OVERRIDE_COLUMNS,
    sorted.map((o) => [
      o.router, o.prefix, o.from_interface, o.to_interface, rateText(o.bps),
      ageText(nowMs - Date.parse(o.since)), o.state, o.reason,
    ]),
  )
}

/** Where it goes, why, and what would move it, each under a title of its own. */
export function renderExplanation({ goes, why, to_move: toMove }: ExplanationAnswer): string[] {
  const part = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line}`)]
  return [...goes, ...part('Why', why), ...part('What would have to change', toMove)]
}

export function rateText(bps: number | null): string {
  return bps === null ? '?' : formatRate(bps)
}

export function percentText(share: number | null): string {
  return share === null ? '?' : String(Math.round(share * 100))
}
