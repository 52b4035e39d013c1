/** Puts declared routes into Express, with the checks that they declare before them. */
import { json, type IRouter, type Request, type RequestHandler } from 'express'
import { z } from 'zod'
import { ApiError, refuseOtherMethods } from './api-error.ts'
import { checkShape } from './check-shape.ts'
import type { Route, RouteSpec } from './route.ts'
import { requireToken } from './secure.ts'

/** No body that the API takes is longer, bytes. */
const MAX_BODY = 10_000

/** All methods of a path that no route declares are refused. `token`: what routes that need one demand. */
export function serveRoutes(app: IRouter, routes: readonly Route[], token: string | undefined): void {
  for (const [path, here] of Map.groupBy(routes, ({ spec }) => spec.path)) {
    const served = app.route(path.replaceAll(/\{(\w+)\}/g, ':$1'))
    for (const one of here) served[one.spec.method](...handlersOf(one, token))
    const methods = here.flatMap(({ spec: { method } }) => (method === 'get' ? ['get', 'head'] : [method]))
    served.all(refuseOtherMethods(...methods.map((method) => method.toUpperCase())))
  }
}

function handlersOf({ spec, handle }: Route, token: string | undefined): RequestHandler[] {
  const params = z.strictObject(spec.params ?? {})
  const query = spec.query === 'any' ? undefined : z.strictObject(spec.query ?? {})
  const answer: RequestHandler = (request, response) =>
    handle(
      {
        params: checkShape(params, request.params, 'parameter'),
        query: query === undefined ? {} : checkShape(query, request.query, 'parameter'),
        body: spec.body === undefined ? undefined : readBody(request, spec.body),
        remote: request.socket.remoteAddress,
      },
      response,
    )
  return [
    ...(spec.needsToken === true ? [requireToken(token)] : []),
    ...(spec.body === undefined ? [] : [json({ limit: MAX_BODY })]),
    answer,
  ]
}

function readBody(request: Request, schema: NonNullable<RouteSpec['body']>): unknown {
  if (request.is('application/json') === false) {
    throw new ApiError(415, 'unsupported_media_type', 'send application/json')
  }
  return checkShape(schema, request.body as unknown, 'body')
}
