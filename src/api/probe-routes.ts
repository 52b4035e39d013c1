/** What supervisors and Prometheus ask. */
import { z } from 'zod'
import { errorBody, errorSchema } from './api-error.ts'
import { findMissing } from './health.ts'
import type { Metrics } from './metrics/metrics.ts'
import { ok, reply, route, type Route } from './route.ts'
import type { ApiView } from './view.ts'

const notReady = errorSchema.extend({ missing: z.array(z.string()) }).meta({ id: 'NotReady' })

/** GET healthz, readyz and metrics. */
export function probeRoutes(view: ApiView, metrics: Metrics): readonly Route[] {
  return [
    route(
      {
        method: 'get',
        path: '/healthz',
        tag: 'service',
        summary: 'Whether the service lives',
        query: 'any',
        replies: { 200: { description: 'It does.', schema: z.object({ status: z.literal('alive') }) } },
      },
      () => ok({ status: 'alive' } as const),
    ),
    route(
      {
        method: 'get',
        path: '/readyz',
        tag: 'service',
        summary: 'Whether the service can do its work',
        description:
          'Ready when GoBGP answers, at least one router has its session and its telemetry, and the first ' +
          'plan is made.',
        query: 'any',
        replies: {
          200: { description: 'It can.', schema: z.object({ status: z.literal('ready') }) },
          503: { description: 'What is missing.', schema: notReady },
        },
      },
      () => {
        const missing = findMissing(view)
        if (missing.length === 0) return ok({ status: 'ready' } as const)
        return reply(503, { ...errorBody('not_ready', missing.join('; ')), missing })
      },
    ),
    route(
      {
        method: 'get',
        path: '/metrics',
        tag: 'service',
        summary: 'All metrics, for Prometheus',
        query: 'any',
        replies: {
          200: { description: "Prometheus' text format.", schema: z.string(), type: metrics.contentType },
        },
      },
      async () => ok(await metrics.render()),
    ),
  ]
}
