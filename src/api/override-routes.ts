/** Overrides: those that there are, and what operators order by hand. */
import type { Logger } from 'pino'
import { z } from 'zod'
import { OVERRIDE_STATES, type OverrideReport } from '../controller/report.ts'
import { formatPrefix, overlaps } from '../model/prefix.ts'
import { ApiError } from './api-error.ts'
import { overrideSchema, presentOverride } from './json/override.ts'
import { time } from './json/schemas.ts'
import { toTime } from './json/values.ts'
import {
  durationParameter, findInterfaces, interfaceName, offsetParameter, optionalLimit, prefixParameter,
  routerName, UNKNOWN,
} from './parameters.ts'
import { ok, reply, route, type Route } from './route.ts'
import type { ApiView } from './view.ts'

const [SHORTEST, HALF_AN_HOUR, LONGEST] = ['10s', '30m', '168h'] as const

const PIN = `\
Guards hold as for the plan's own overrides: what a received route of the exit covers, deny list, bogons, own \
prefixes, lengths, caps, no nesting. It may fill the exit up to its high watermark. It takes over the override \
of the same prefix. While it lasts its traffic counts as detoured, and is not brought home; it survives \
restarts and reloads. It goes when its route goes, when its time is over (while the mode is frozen: after \
that), when the mode is off, and, last of all, when its exit overflows. In dry-run it is only planned; frozen \
and off refuse it.`

const WITHDRAW = `\
The prefix, and all that shares addresses with it, is set aside for a while, as status tells: no override leads \
it anywhere but by another pin. It survives restarts and reloads, and mode off and on again.`

const pending = z.object({ id: z.string(), message: z.string() })
const withdrawn = z
  .object({ id: z.string(), state: z.enum(['withdrawn', 'withdrawing']), until: time })
  .meta({ id: 'Withdrawal' })

/** GET, POST and DELETE overrides. */
export function overrideRoutes(view: ApiView, logger: Logger): readonly Route[] {
  return [
    route(
      {
        method: 'get',
        path: '/api/v1/overrides',
        tag: 'routing',
        summary: 'Every override: what it moves, whereto, since when and why',
        query: {
          router: routerName.optional(),
          interface: interfaceName.optional().meta({ description: 'Filters `from_interface`.' }),
          to_interface: interfaceName.optional(),
          prefix: prefixParameter.optional().meta({ description: 'Those that share addresses with it.' }),
          state: z.enum(OVERRIDE_STATES).optional(),
          limit: optionalLimit,
          offset: offsetParameter,
        },
        replies: {
          200: { description: 'As of the last cycle.', schema: z.array(overrideSchema) },
        },
        errors: UNKNOWN,
      },
      ({ query: { limit, offset, ...wanted } }) => {
        findInterfaces(view.routers(), wanted)
        findInterfaces(view.routers(), { router: wanted.router, interface: wanted.to_interface })
        return ok(
          overridesOf(view)
            .filter(({ override }) => (wanted.router ?? override.router) === override.router)
            .filter(({ override }) => (wanted.interface ?? override.fromInterface) === override.fromInterface)
            .filter(({ override }) => (wanted.to_interface ?? override.toInterface) === override.toInterface)
            .filter(({ override }) => wanted.prefix === undefined || overlaps(override.prefix, wanted.prefix))
            .filter(({ state }) => (wanted.state ?? state) === state)
            .slice(offset, limit === undefined ? undefined : offset + limit)
            .map((report) => presentOverride(report, view)),
        )
      },
    ),
    route(
      {
        method: 'post',
        path: '/api/v1/overrides',
        tag: 'routing',
        summary: 'Pins a prefix to an exit by hand, for a while',
        description: PIN,
        needsToken: true,
        body: z.strictObject({
          router: routerName,
          prefix: prefixParameter,
          to_interface: interfaceName,
          ttl: durationParameter(SHORTEST, LONGEST),
        }),
        replies: {
          201: { description: 'It is in force; or planned, in dry-run.', schema: overrideSchema },
          202: { description: 'It is not in force yet.', schema: pending },
        },
        errors: { ...UNKNOWN, 409: 'A guard refuses it; the message says which.' },
      },
      async ({ body, remote = 'unknown' }) => {
        const { router, prefix, to_interface: toInterface, ttl: ttlMs } = body
        findInterfaces(view.routers(), { router, interface: toInterface })
        const answer = await view.pin({ router, prefix, toInterface, ttlMs, by: remote })
        const about = { router, prefix: formatPrefix(prefix), to: toInterface, remote }
        logger.info({ ...about, answer: answer.kind }, 'a pin was asked for over REST')
        switch (answer.kind) {
          case 'refused':
            throw new ApiError(409, 'refused', answer.why)
          case 'made':
            return reply(201, presentOverride(answer.override, view))
          case 'pending':
            return reply(202, { id: answer.id, message: answer.why })
        }
      },
    ),
    route(
      {
        method: 'delete',
        path: '/api/v1/overrides/{id}',
        tag: 'routing',
        summary: 'Withdraws an override by hand, and keeps it out for a while',
        description: WITHDRAW,
        needsToken: true,
        params: { id: z.string().meta({ description: '`id` of an override.' }) },
        query: {
          for: durationParameter(SHORTEST, LONGEST)
            .prefault(HALF_AN_HOUR)
            .meta({ description: `How long it is to stay out; ${HALF_AN_HOUR} unless given.` }),
        },
        replies: {
          200: { description: 'GoBGP does not hold it any more.', schema: withdrawn },
          202: { description: 'It goes as soon as GoBGP answers.', schema: withdrawn },
        },
        errors: { 404: 'There is no such override.', 409: 'It is not ours to withdraw.' },
      },
      async ({ params: { id }, query, remote = 'unknown' }) => {
        const answer = await view.withdraw(id, query.for, remote)
        if (answer === undefined) throw new ApiError(404, 'unknown_override', `there is no override "${id}"`)
        logger.info({ id, remote, answer: answer.kind }, 'an override was withdrawn over REST')
        if (answer.kind === 'refused') throw new ApiError(409, 'refused', answer.why)
        const until = toTime(answer.untilMs)
        if (answer.kind === 'withdrawn') return reply(200, { id, state: 'withdrawn', until } as const)
        return reply(202, { id, state: 'withdrawing', until } as const)
      },
    ),
  ]
}

/** All of the last cycle. */
export function overridesOf(view: ApiView): readonly OverrideReport[] {
  return view.report()?.routers.flatMap(({ overrides }) => overrides) ?? []
}
