/** The state of the service as a whole, in JSON. */
import { z } from 'zod'
import type { Permission } from '../../controller/ports.ts'
import { TELEMETRY_STATES, type CycleReport } from '../../controller/report.ts'
import type { SetAside } from '../../controller/plan/set-aside.ts'
import { LEASE_STATES } from '../../model/lease.ts'
import { MODES } from '../../model/mode.ts'
import { formatAddress, formatPrefix } from '../../model/prefix.ts'
import type { Router } from '../../model/topology.ts'
import type { AgentTelemetry } from '../../model/traffic.ts'
import type { ApiView, LeaseView, Stats } from '../view.ts'
import { alarmSchema, presentAlarm } from './alarm.ts'
import { address, count, prefix, seconds, time } from './schemas.ts'
import { toTime } from './values.ts'

const KIND_NAMES = {
  refused: 'refused',
  'not sent': 'not_sent',
  'without effect': 'without_effect',
  unsteady: 'unsteady',
  'by hand': 'by_hand',
} as const satisfies Readonly<Record<SetAside['kind'], string>>

const ages = {
  age_seconds: seconds.nullable().meta({ description: 'Since the later of the two.' }),
  last_flow_sample: time.nullable(),
  last_counter_sample: time.nullable(),
}

const setAsideSchema = z
  .object({
    kind: z.enum(Object.values(KIND_NAMES)),
    prefix,
    from_interface: z.string(),
    to_interface: z.string(),
    until: time,
    why: z.string(),
  })
  .meta({ id: 'SetAside' })

const routerSchema = z
  .object({
    name: z.string(),
    address,
    gobgp: z.string(),
    bgp_session: z.object({ up: z.boolean(), synced: z.boolean() }),
    permission: z
      .object({
        state: z.enum(['granted', 'no_additions', 'withdraw_all', 'stand_by']),
        why: z.string().nullable(),
      })
      .nullable(),
    set_aside: z.array(setAsideSchema).meta({ description: 'Not to be tried again for a while, and why.' }),
    telemetry: z.object({
      state: z.enum(TELEMETRY_STATES).nullable().meta({ description: 'null before the first cycle' }),
      faults: z.array(z.string()),
      ...ages,
      agents: z.array(z.object({ agent: address, ...ages })),
    }),
  })
  .meta({ id: 'RouterStatus' })

const gobgpSchema = z
  .object({
    target: z.string(),
    connected: z.boolean(),
    version: z.string().nullable(),
    api_version: z.string().nullable(),
    last_error: z.string().nullable(),
    leaks: z.array(z.string()).meta({ description: 'Why nothing may be injected there.' }),
    doubts: z.array(z.string()),
    lease: z
      .object({
        state: z.enum(LEASE_STATES),
        owner: z.string(),
        ours: z.boolean(),
        duration_seconds: seconds,
        age_seconds: seconds.meta({ description: 'Since it was last seen to change.' }),
      })
      .nullable(),
    watchdog: z.object({ seen: z.boolean(), age_seconds: seconds.nullable() }),
  })
  .meta({ id: 'GobgpStatus' })

const sflowSchema = z
  .object({
    received_by: z.enum(['threads', 'events']).nullable(),
    workers: count,
    receive_buffer_bytes: count.nullable(),
    receive_buffer_remedy: z.string().nullable(),
    datagrams: count,
    flow_samples: count,
    counter_samples: count,
    malformed: count,
    dropped: z.object({ kernel: count, sequence: count, agent: count, unknown_agent: count }),
    restarts: count,
    folded_destinations: count,
    evicted_destinations: count,
    agents: z.array(
      z.object({
        router: z.string(),
        agent: address,
        datagrams: count,
        lost: count,
        duplicates: count,
        restarts: count,
        dropped: count,
        lost_samples: count,
      }),
    ),
  })
  .meta({ id: 'SflowStatus' })

export const statusSchema = z
  .object({
    version: z.string(),
    mode: z.enum(MODES),
    time,
    interval_seconds: seconds.meta({ description: '`controller.interval`' }),
    last_cycle: z
      .object({ started: time, duration_seconds: seconds, mode: z.enum(MODES) })
      .nullable()
      .meta({ description: 'null before the first' }),
    gobgp: z.array(gobgpSchema),
    sflow: sflowSchema,
    alarms: z.array(alarmSchema),
    routers: z.array(routerSchema),
  })
  .meta({ id: 'Status' })

export function presentStatus(view: ApiView, nowMs: number): z.input<typeof statusSchema> {
  const report = view.report()
  return {
    version: view.version,
    mode: view.mode(),
    time: toTime(nowMs),
    interval_seconds: view.intervalMs / 1_000,
    last_cycle: report === undefined ? null : presentCycle(report),
    gobgp: view
      .gobgp()
      .map(({ target, connected, version, apiVersion, lastError, leaks, doubts, lease, watchdog }) => ({
        target,
        connected,
        version: version ?? null,
        api_version: apiVersion ?? null,
        last_error: lastError ?? null,
        leaks: [...leaks],
        doubts: [...doubts],
        lease: lease === undefined ? null : presentLease(lease),
        watchdog: {
          seen: watchdog.seen,
          age_seconds: Number.isFinite(watchdog.silentMs) ? watchdog.silentMs / 1_000 : null,
        },
      })),
    sflow: presentSflow(view.stats()),
    alarms: view.alarms().map(presentAlarm),
    routers: view.routers().map((router) => presentRouter(view, router, nowMs)),
  }
}

/** Where datagrams go in, and where they get lost. */
function presentSflow({ sflow }: Stats) {
  const { datagrams, flowSamples, counterSamples, dropped, malformed, restarts, crowded, agents, reception } =
    sflow
  return {
    received_by: reception?.way ?? null,
    workers: reception?.workers ?? 0,
    receive_buffer_bytes: reception?.receiveBuffer.grantedBytes ?? null,
    receive_buffer_remedy: reception?.receiveBuffer.remedy ?? null,
    datagrams,
    flow_samples: flowSamples,
    counter_samples: counterSamples,
    malformed: Object.values(malformed).reduce((sum, n) => sum + n, 0),
    dropped,
    restarts,
    folded_destinations: crowded.folded,
    evicted_destinations: crowded.evicted,
    agents: agents.map(({ agent, lostSamples, ...one }) => ({
      ...one,
      agent: formatAddress(agent),
      lost_samples: lostSamples,
    })),
  }
}

function presentCycle({ startedMs, durationMs, mode }: CycleReport) {
  return { started: toTime(startedMs), duration_seconds: durationMs / 1_000, mode }
}

function presentLease({ state, owner, isOurs, durationMs, unchangedMs }: LeaseView) {
  return {
    state,
    owner,
    ours: isOurs,
    duration_seconds: durationMs / 1_000,
    age_seconds: unchangedMs / 1_000,
  }
}

function presentRouter(view: ApiView, { name, address, gobgp }: Router, nowMs: number) {
  const report = view.report()?.routers.find((r) => r.name === name)
  const { lastFlowMs, lastCounterMs, agents = [] } = report?.telemetry ?? {}
  const { up, synced } = view.routes.session(name)
  return {
    name,
    address: formatAddress(address),
    gobgp,
    bgp_session: { up, synced },
    permission: presentPermission(report?.permission),
    set_aside: (report?.setAside ?? []).filter(({ untilMs }) => nowMs < untilMs).map(presentSetAside),
    telemetry: {
      state: report?.telemetryState ?? null,
      faults: [...(report?.telemetryFaults ?? [])],
      ...presentAges({ lastFlowMs, lastCounterMs }, nowMs),
      agents: agents.map((one) => ({ agent: formatAddress(one.agent), ...presentAges(one, nowMs) })),
    },
  }
}

function presentSetAside({ kind, prefix, fromInterface, toInterface, why, untilMs }: SetAside) {
  return {
    kind: KIND_NAMES[kind],
    prefix: formatPrefix(prefix),
    from_interface: fromInterface,
    to_interface: toInterface,
    until: toTime(untilMs),
    why,
  }
}

function presentPermission(permission: Permission | undefined) {
  if (permission === undefined) return null
  return { state: permission.kind, why: permission.kind === 'granted' ? null : permission.why }
}

/** When samples and counters last came, and how long ago the later of them did. */
function presentAges(
  { lastFlowMs, lastCounterMs }: Pick<AgentTelemetry, 'lastFlowMs' | 'lastCounterMs'>,
  nowMs: number,
) {
  const heardMs = Math.max(lastFlowMs ?? -Infinity, lastCounterMs ?? -Infinity)
  return {
    age_seconds: Number.isFinite(heardMs) ? Math.max(0, nowMs - heardMs) / 1_000 : null,
    last_flow_sample: toTime(lastFlowMs),
    last_counter_sample: toTime(lastCounterMs),
  }
}
