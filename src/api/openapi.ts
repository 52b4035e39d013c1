/** The OpenAPI document, made of the same declarations that check the requests. */
import { z } from 'zod'
import { createDocument } from 'zod-openapi'
import type { ZodOpenApiOperationObject, ZodOpenApiResponseObject } from 'zod-openapi'
import { errorSchema } from './api-error.ts'
import { ok, route, type Reply, type Route, type RouteSpec } from './route.ts'

const TAGS: Readonly<Record<RouteSpec['tag'], string>> = {
  service: 'The service itself.',
  traffic: 'What goes where, and how much of it.',
  routing: 'What routers learned, what is overridden, and why.',
  history: 'What was.',
}

const DESCRIPTION = `\
snake_case; rates are bit/s, shares are fractions of 1, durations are seconds where a name says so, times are
ISO 8601 in UTC. \`null\`: not known. Unknown query parameters are refused; answers may gain fields.
Lists of what is now take \`limit\` and \`offset\`, records of what was take \`limit\` and \`before\`.
Every error is \`{"error": {"code", "message"}}\`.`

/** The document itself is one more of the routes that it describes. */
export function withOpenapi(routes: readonly Route[], version: string): readonly Route[] {
  const self: Route = route(
    {
      method: 'get',
      path: '/api/openapi.json',
      tag: 'service',
      summary: 'This document',
      replies: { 200: { description: 'OpenAPI 3.1.', schema: z.record(z.string(), z.unknown()) } },
    },
    () => ok((document ??= { ...describeRoutes(all, version) })),
  )
  let document: Record<string, unknown> | undefined
  const all = [...routes, self]
  return all
}

function describeRoutes(routes: readonly Route[], version: string): ReturnType<typeof createDocument> {
  const paths: Record<string, Record<string, ZodOpenApiOperationObject>> = {}
  for (const { spec } of routes) (paths[spec.path] ??= {})[spec.method] = describe(spec)
  return createDocument(
    {
      openapi: '3.1.1',
      info: { title: 'Spillway', version, description: DESCRIPTION },
      tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
      paths,
      components: {
        securitySchemes: {
          token: { type: 'http', scheme: 'bearer', description: '`api.token` of the configuration' },
        },
      },
    },
    {
      // Answers may gain fields: whoever reads them must not insist on those of today.
      override: ({ jsonSchema, io }) => {
        if (io === 'output') delete jsonSchema.additionalProperties
      },
    },
  )
}

function describe(spec: RouteSpec): ZodOpenApiOperationObject {
  const { tag, summary, description, params, query, body, needsToken, replies } = spec
  const given = Object.entries(replies).map(([status, reply]) => [status, describeReply(reply)] as const)
  const errors = Object.entries(errorsOf(spec)).map(([status, why]) => [status, describeError(why)] as const)
  return {
    operationId: operationId(spec),
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    requestParams: {
      ...(params === undefined ? {} : { path: z.object(params) }),
      ...(query === undefined || query === 'any' ? {} : { query: z.object(query) }),
    },
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: body } } } }),
    ...(needsToken === true ? { security: [{ token: [] }] } : {}),
    responses: { ...Object.fromEntries([...given, ...errors]), default: describeError('Any other error.') },
  }
}

function describeReply({ description, schema, type = 'application/json' }: Reply): ZodOpenApiResponseObject {
  return { description, content: { [type]: { schema } } }
}

function describeError(description: string): ZodOpenApiResponseObject {
  return { description, content: { 'application/json': { schema: errorSchema } } }
}

/** Those that its checks bring about, and its own. */
function errorsOf({ query, body, needsToken, errors }: RouteSpec): Readonly<Record<number, string>> {
  return {
    ...(query === 'any' ? {} : { 400: 'A parameter or the body is not as it should be.' }),
    ...(needsToken === true
      ? { 401: 'The token is missing or wrong.', 403: 'The configuration has no `api.token`.' }
      : {}),
    ...(body === undefined ? {} : { 413: 'The body is too large.', 415: 'The body is no JSON in UTF-8.' }),
    ...errors,
  }
}

/** `GET /api/v1/overrides/{id}` → `getOverridesId`. */
function operationId({ method, path }: RouteSpec): string {
  const words = path.replace(/^\/api\/(v1\/)?/, '').split(/[^a-z0-9]+/i).filter((word) => word !== '')
  return method + words.map((word) => word[0]!.toUpperCase() + word.slice(1)).join('')
}
