/** The state of the service itself, and its mode. */
import type { Logger } from 'pino'
import { z } from 'zod'
import type { Clock } from '../model/clock.ts'
import { LOG_LEVELS } from '../model/log-level.ts'
import { MODES } from '../model/mode.ts'
import { count } from './json/schemas.ts'
import { presentStatus, statusSchema } from './json/status.ts'
import { ok, reply, route, type Route } from './route.ts'
import type { ApiView } from './view.ts'

const changed = z
  .object({
    mode: z.enum(MODES),
    applied: z.boolean().meta({ description: 'A whole cycle has run in the mode.' }),
    left: z.array(z.object({ router: z.string(), overrides: count.nullable() })).meta({
      description: 'In mode off, routers whose GoBGP still holds overrides; null: it did not tell how many.',
    }),
  })
  .meta({ id: 'ModeChange' })

const logState = z.object({ level: z.enum(LOG_LEVELS) }).meta({ id: 'Log' })

/** GET status, PUT mode, GET and PUT log. */
export function statusRoutes(view: ApiView, clock: Clock, logger: Logger): readonly Route[] {
  return [
    route(
      {
        method: 'get',
        path: '/api/v1/status',
        tag: 'service',
        summary: 'The service, its mode, GoBGP, the routers and what is wrong',
        replies: { 200: { description: 'The state as of now.', schema: statusSchema } },
      },
      () => ok(presentStatus(view, clock())),
    ),
    route(
      {
        method: 'put',
        path: '/api/v1/mode',
        tag: 'service',
        summary: 'Sets the mode; off withdraws everything',
        description: 'The mode survives a restart. Answers within 5 s.',
        needsToken: true,
        body: z.strictObject({ mode: z.enum(MODES, `must be one of ${MODES.join(', ')}`) }),
        replies: {
          200: { description: 'All is done.', schema: changed },
          202: { description: 'The mode is set; the answer says what is not done yet.', schema: changed },
        },
        errors: { 500: 'The mode is set, and cannot be kept for the next start.' },
      },
      async ({ body, remote }) => {
        const from = view.mode()
        const { applied, left } = await view.setMode(body.mode)
        logger.info({ from, to: body.mode, remote }, 'mode changed over REST')
        return reply(applied && left.length === 0 ? 200 : 202, {
          mode: view.mode(),
          applied,
          left: left.map(({ router, overrides }) => ({ router, overrides: overrides ?? null })),
        })
      },
    ),
    route(
      {
        method: 'get',
        path: '/api/v1/log',
        tag: 'service',
        summary: 'How much is logged',
        replies: { 200: { description: 'As of now.', schema: logState } },
      },
      () => ok({ level: view.logLevel() }),
    ),
    route(
      {
        method: 'put',
        path: '/api/v1/log',
        tag: 'service',
        summary: 'Sets how much is logged, until SIGHUP or the next start',
        description: '`log.level` of the configuration says what it is then.',
        needsToken: true,
        body: z.strictObject({ level: z.enum(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(', ')}`) }),
        replies: { 200: { description: 'It is set.', schema: logState } },
      },
      ({ body: { level }, remote }) => {
        const from = view.logLevel()
        view.setLogLevel(level)
        // At the quieter level it might not be seen.
        logger.warn({ from, to: level, remote }, 'log level changed over REST')
        return ok({ level: view.logLevel() })
      },
    ),
  ]
}
