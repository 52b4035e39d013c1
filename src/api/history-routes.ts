/** What was: loads for a chart, and past overrides, alarms and modes. */
import { z } from 'zod'
import type { Loads } from '../history/records.ts'
import { ALARM_KINDS } from '../model/alarm.ts'
import type { Clock } from '../model/clock.ts'
import { formatPrefix } from '../model/prefix.ts'
import { ApiError } from './api-error.ts'
import {
  alarmSpanSchema, modeChangeSchema, overrideSpanSchema, presentAlarmSpan, presentModeChange,
  presentOverrideSpan, presentTrends, trendsSchema,
} from './json/history.ts'
import {
  countParameter, entryParameter, findInterfaces, interfaceName, limitParameter, prefixParameter, routerName,
  timeParameter, UNKNOWN,
} from './parameters.ts'
import { ok, route, type Route } from './route.ts'
import type { ApiView } from './view.ts'

const TREND_HOURS = 6
const MOST_POINTS = 2_000

const UNAVAILABLE = { 503: 'The history is off, or cannot be read now; the message says why.' } as const

const range = {
  from: timeParameter.optional().meta({ description: 'What ended before is left out.' }),
  to: timeParameter.optional().meta({ description: 'What began after is left out.' }),
}
const page = { before: entryParameter.optional(), limit: limitParameter(100) }

/** GET history/interfaces, history/overrides, history/alarms and history/modes. */
export function historyRoutes(view: ApiView, clock: Clock): readonly Route[] {
  return [
    route(
      {
        method: 'get',
        path: '/api/v1/history/interfaces',
        tag: 'history',
        summary: 'Loads of interfaces over time, ready for a chart',
        description:
          'Kept as means of 10 s for 6 h, of 1 min for 3 days, and of 10 min and 2 h for as long as `history.keep` ' +
          'says. Steps are the shortest of these, or a multiple, that give no more than `points`, and no more ' +
          'than 24,000 for all interfaces together.',
        query: {
          router: routerName.optional(),
          interface: interfaceName.optional(),
          from: timeParameter.optional().meta({ description: `Default: ${TREND_HOURS} h before \`to\`.` }),
          to: timeParameter.optional().meta({ description: 'Default: now.' }),
          points: countParameter(MOST_POINTS, 360),
        },
        replies: { 200: { description: 'One element for each interface that has ever been.', schema: trendsSchema } },
        errors: { ...UNKNOWN, ...UNAVAILABLE },
      },
      async ({ query }) => {
        const toMs = query.to ?? clock()
        const fromMs = query.from ?? toMs - TREND_HOURS * 3_600_000
        if (fromMs >= toMs) throw new ApiError(400, 'bad_parameter', 'parameter from: must be before to')
        const { router, interface: name, points } = query
        const loads = await view.history('loads', { fromMs, toMs, router, interface: name, points })
        // One that is not configured any more may still have a history.
        if (loads.interfaces.length === 0) findInterfaces(view.routers(), query)
        return ok(presentTrends(inOrder(loads, view)))
      },
    ),
    route(
      {
        method: 'get',
        path: '/api/v1/history/overrides',
        tag: 'history',
        summary: 'Overrides that GoBGP held, newest first: from when until when, and why',
        query: {
          router: name('router'),
          prefix: prefixParameter
            .optional()
            .meta({ description: 'Those of this prefix, of one that holds it, or of a part of it.' }),
          interface: name('interface').meta({ description: 'The one that traffic was moved from, or to.' }),
          ...range,
          ...page,
        },
        replies: { 200: { description: 'Newest first.', schema: z.array(overrideSpanSchema) } },
        errors: UNAVAILABLE,
      },
      async ({ query: { prefix, from, to, ...query } }) => {
        const spans = await view.history('overrides', {
          ...pick(query),
          interface: query.interface,
          prefix: prefix && formatPrefix(prefix),
          fromMs: from,
          toMs: to,
        })
        return ok(spans.map(presentOverrideSpan))
      },
    ),
    route(
      {
        method: 'get',
        path: '/api/v1/history/alarms',
        tag: 'history',
        summary: 'Alarms, newest first: from when until when',
        query: { router: name('router'), kind: z.enum(ALARM_KINDS).optional(), ...range, ...page },
        replies: { 200: { description: 'Newest first.', schema: z.array(alarmSpanSchema) } },
        errors: UNAVAILABLE,
      },
      async ({ query: { from, to, ...query } }) => {
        const spans = await view.history('alarms', { ...pick(query), kind: query.kind, fromMs: from, toMs: to })
        return ok(spans.map(presentAlarmSpan))
      },
    ),
    route(
      {
        method: 'get',
        path: '/api/v1/history/modes',
        tag: 'history',
        summary: 'Every change of the mode, newest first',
        query: { ...range, limit: limitParameter(100) },
        replies: { 200: { description: 'Newest first.', schema: z.array(modeChangeSchema) } },
        errors: UNAVAILABLE,
      },
      async ({ query: { from, to, limit } }) => {
        const changes = await view.history('modes', { fromMs: from, toMs: to, router: undefined, limit })
        return ok(changes.map(presentModeChange))
      },
    ),
  ]
}

/** A name that need not be configured any more. */
function name(of: string) {
  return z.string().min(1, 'must not be empty').optional().meta({ description: `Name of the ${of}.` })
}

function pick(query: { router?: string | undefined; before?: number | undefined; limit: number }) {
  return { router: query.router, before: query.before, limit: query.limit }
}

/** In the order of the configuration; what is not there any more comes last. */
function inOrder(loads: Loads, view: ApiView): Loads {
  const names = view.routers().flatMap(({ interfaces }) => interfaces)
  const place = ({ router, interface: own }: Loads['interfaces'][number]): number => {
    const at = names.findIndex((i) => i.router === router && i.name === own)
    return at === -1 ? names.length : at
  }
  return { ...loads, interfaces: loads.interfaces.toSorted((a, b) => place(a) - place(b)) }
}
