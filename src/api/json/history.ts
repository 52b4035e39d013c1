/** What was, in JSON. */
import { z } from 'zod'
import type { AlarmSpan, Loads, ModeChangeRecord, OverrideSpan } from '../../history/records.ts'
import { ALARM_KINDS } from '../../model/alarm.ts'
import { MODES } from '../../model/mode.ts'
import { address, bps, prefix, time } from './schemas.ts'
import { toTime } from './values.ts'

const entry = z.int().meta({ description: 'For `before`, which gives the next page.' })
const column = z.array(bps.nullable())

export const trendsSchema = z
  .object({
    step_seconds: z.number().meta({ description: 'Each time begins a step of this length.' }),
    interfaces: z.array(
      z.object({
        router: z.string(),
        name: z.string(),
        times: z.array(time).meta({ description: 'One for each step, the same for all interfaces.' }),
        out_bps: column.meta({ description: 'Mean of the step; null where nothing was known.' }),
        natural_bps: column,
        planned_bps: column,
        out_max_bps: column.meta({ description: 'Highest of any cycle in the step.' }),
        natural_max_bps: column,
      }),
    ),
  })
  .meta({ id: 'Trends' })

export function presentTrends({ stepMs, startMs, steps, interfaces }: Loads): z.input<typeof trendsSchema> {
  const times = Array.from({ length: steps }, (_, i) => toTime(startMs + i * stepMs))
  const present = (values: Float64Array): (number | null)[] =>
    Array.from(values, (value) => (Number.isNaN(value) ? null : Math.round(value)))
  return {
    step_seconds: stepMs / 1000,
    interfaces: interfaces.map(({ router, interface: name, ...columns }) => ({
      router,
      name,
      times,
      out_bps: present(columns.out),
      natural_bps: present(columns.natural),
      planned_bps: present(columns.planned),
      out_max_bps: present(columns.outMax),
      natural_max_bps: present(columns.naturalMax),
    })),
  }
}

export const overrideSpanSchema = z
  .object({
    entry,
    id: z.string().meta({ description: 'As in `/api/v1/overrides`.' }),
    router: z.string(),
    prefix,
    parent_prefix: prefix,
    from_interface: z.string(),
    to_interface: z.string(),
    next_hop: address,
    added: time,
    added_reason: z.string(),
    added_bps: bps.meta({ description: 'Demand that it moved at first, bit/s.' }),
    withdrawn: time.nullable().meta({ description: 'null while GoBGP holds it' }),
    withdrawn_reason: z.string().nullable(),
    withdrawn_bps: bps.nullable().meta({ description: 'Demand that it moved at last, bit/s.' }),
  })
  .meta({ id: 'PastOverride' })

export function presentOverrideSpan(span: OverrideSpan): z.input<typeof overrideSpanSchema> {
  return {
    entry: span.row,
    id: span.id,
    router: span.router,
    prefix: span.prefix,
    parent_prefix: span.parentPrefix,
    from_interface: span.from,
    to_interface: span.to,
    next_hop: span.nextHop,
    added: toTime(span.addedMs),
    added_reason: span.addedReason,
    added_bps: span.addedBps,
    withdrawn: toTime(span.withdrawnMs ?? undefined),
    withdrawn_reason: span.withdrawnReason,
    withdrawn_bps: span.withdrawnBps,
  }
}

export const alarmSpanSchema = z
  .object({
    entry,
    kind: z.enum(ALARM_KINDS),
    router: z.string().nullable(),
    interface: z.string().nullable(),
    message: z.string().meta({ description: 'As it was when it began.' }),
    begun: time,
    ended: time.nullable().meta({ description: 'null while it is on' }),
  })
  .meta({ id: 'PastAlarm' })

export function presentAlarmSpan(span: AlarmSpan): z.input<typeof alarmSpanSchema> {
  const { row, kind, router, interface: name, message, begunMs, endedMs } = span
  return {
    entry: row, kind, router, interface: name, message, begun: toTime(begunMs), ended: toTime(endedMs ?? undefined),
  }
}

export const modeChangeSchema = z.object({ at: time, mode: z.enum(MODES) }).meta({ id: 'PastMode' })

export function presentModeChange({ atMs, mode }: ModeChangeRecord): z.input<typeof modeChangeSchema> {
  return { at: toTime(atMs), mode }
}
