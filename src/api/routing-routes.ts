/** What routers learned, what was decided, and why. */
import { z } from 'zod'
import { DECISION_KINDS } from '../model/decision.ts'
import { formatPrefix, overlaps } from '../model/prefix.ts'
import { ApiError } from './api-error.ts'
import { decisionSchema, presentDecision } from './json/decision.ts'
import { explanationSchema, presentExplanation } from './json/explanation.ts'
import { pathSchema, presentPath } from './json/path.ts'
import {
  entryParameter, findRouter, limitParameter, prefixParameter, routerName, timeParameter, UNKNOWN,
} from './parameters.ts'
import { overridesOf } from './override-routes.ts'
import { ok, route, type Route } from './route.ts'
import type { ApiView } from './view.ts'

/** GET paths, decisions and explain. */
export function routingRoutes(view: ApiView): readonly Route[] {
  return [
    route(
      {
        method: 'get',
        path: '/api/v1/paths',
        tag: 'routing',
        summary: 'Every received path for the prefix, best first',
        query: { router: routerName, prefix: prefixParameter },
        replies: {
          200: {
            description: 'Those of the longest received route that holds the prefix.',
            schema: z.array(pathSchema),
          },
        },
        errors: UNKNOWN,
      },
      ({ query: wanted }) => {
        const router = findRouter(view.routers(), wanted.router)
        const isOverridden = overridesOf(view).some(
          ({ state, override }) =>
            state !== 'planned' &&
            override.router === router.name &&
            overlaps(override.prefix, wanted.prefix),
        )
        return ok(view.evaluatePaths(router, wanted.prefix).map((path) => presentPath(path, isOverridden)))
      },
    ),
    route(
      {
        method: 'get',
        path: '/api/v1/decisions',
        tag: 'routing',
        summary: 'What was decided and why, newest first',
        description:
          'The last 2,000 in any case; those of before, also of earlier starts, as long as the history has them ' +
          'and can be read.',
        query: {
          router: routerName.optional(),
          prefix: prefixParameter
            .optional()
            .meta({ description: 'Those about this prefix, about one that holds it, or about a part of it.' }),
          kind: z.enum(DECISION_KINDS).optional(),
          from: timeParameter.optional().meta({ description: 'None of before.' }),
          to: timeParameter.optional().meta({ description: 'None of after.' }),
          before: entryParameter.optional(),
          limit: limitParameter(100),
        },
        replies: { 200: { description: 'Newest first.', schema: z.array(decisionSchema) } },
        errors: UNKNOWN,
      },
      async ({ query: { router, prefix, kind, from, to, before, limit } }) => {
        if (router !== undefined) findRouter(view.routers(), router)
        const text = prefix && formatPrefix(prefix)
        const wanted = { router, prefix: text, kind, fromMs: from, toMs: to, before, limit }
        return ok((await view.decisions(wanted)).map(presentDecision))
      },
    ),
    route(
      {
        method: 'get',
        path: '/api/v1/explain',
        tag: 'routing',
        summary: 'Where a prefix goes, why, and what would have to change for it to move',
        query: { router: routerName, prefix: prefixParameter },
        replies: { 200: { description: 'In sentences, and in figures.', schema: explanationSchema } },
        errors: { ...UNKNOWN, 503: 'No cycle has run yet.' },
      },
      ({ query: { router, prefix } }) => {
        findRouter(view.routers(), router)
        const facts = view.explain(router, prefix)
        if (facts === undefined) throw new ApiError(503, 'not_ready', 'no cycle has run yet: ask again in a moment')
        return ok(presentExplanation(facts))
      },
    ),
  ]
}
