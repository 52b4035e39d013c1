/**
 * A route of the API, declared once: requests are checked by its schemas, and the OpenAPI document is made
 * of them.
 */
import type { Response } from 'express'
import type { z } from 'zod'

/** What a route answers with one status. */
export interface Reply {
  readonly description: string
  /** In its input form: what the route gives. */
  readonly schema: z.ZodType
  /** Media type; JSON when undefined. */
  readonly type?: string
}

export type Replies = Readonly<Record<number, Reply>>

export interface RouteSpec<
  Params extends z.ZodRawShape = z.ZodRawShape,
  Query extends z.ZodRawShape = z.ZodRawShape,
  Body extends z.ZodType = z.ZodType,
  Given extends Replies = Replies,
> {
  readonly method: 'get' | 'put' | 'post' | 'delete'
  /** As OpenAPI writes it: `/api/v1/overrides/{id}`. */
  readonly path: string
  readonly tag: 'service' | 'traffic' | 'routing' | 'history'
  /** One line, without a full stop. */
  readonly summary: string
  readonly description?: string
  /** What the braces of the path stand for. */
  readonly params?: Params
  /** Every parameter that there may be; `any`: others are passed over, as probes add what they like. */
  readonly query?: Query | 'any'
  /** JSON that must be sent. */
  readonly body?: Body
  /** It changes state. */
  readonly needsToken?: true
  readonly replies: Given
  /** Errors of its own: what leads to which status. */
  readonly errors?: Readonly<Record<number, string>>
}

/** A request that has passed the checks. */
export interface Asked<
  Params extends z.ZodRawShape,
  Query extends z.ZodRawShape,
  Body extends z.ZodType,
> {
  readonly params: z.output<z.ZodObject<Params>>
  readonly query: z.output<z.ZodObject<Query>>
  readonly body: z.output<Body>
  /** Address of who asks. */
  readonly remote: string | undefined
}

/** One of the statuses that the route declares, with a body that fits its schema. */
export type Answer<Given extends Replies> = {
  [Status in keyof Given & number]: {
    readonly status: Status
    readonly body: z.input<Given[Status]['schema']>
  }
}[keyof Given & number]

export interface Route {
  readonly spec: RouteSpec
  /** Answers a request that has passed the checks; throws ApiError. */
  readonly handle: (
    asked: Asked<z.ZodRawShape, z.ZodRawShape, z.ZodType>,
    response: Response,
  ) => void | Promise<void>
}

/** A route that answers with one body. */
export function route<
  Given extends Replies,
  Params extends z.ZodRawShape = {},
  Query extends z.ZodRawShape = {},
  Body extends z.ZodType = z.ZodUndefined,
>(
  spec: RouteSpec<Params, Query, Body, Given>,
  answer: (asked: Asked<Params, Query, Body>) => Answer<Given> | Promise<Answer<Given>>,
): Route {
  return {
    spec,
    handle: async (asked, response) => {
      const { status, body } = await answer(asked as Asked<Params, Query, Body>)
      const { type } = spec.replies[status]!
      response.status(status)
      if (type === undefined) response.json(body)
      else response.type(type).send(body)
    },
  }
}

/**
 * A route whose answer goes on: `open` has the response, with its head, from then on. It has one reply,
 * whose schema is that of what it goes on with.
 */
export function streamRoute<Query extends z.ZodRawShape>(
  spec: RouteSpec<z.ZodRawShape, Query>,
  open: (asked: { readonly query: z.output<z.ZodObject<Query>> }, response: Response) => void,
): Route {
  const [[status, { type }]] = Object.entries(spec.replies) as [[string, Reply]]
  return {
    spec,
    handle: ({ query }, response) => {
      response.status(Number(status)).type(type!)
      if (response.req.method === 'HEAD') response.end()
      else open({ query: query as z.output<z.ZodObject<Query>> }, response)
    },
  }
}

/** An answer with one of the statuses that a route declares. */
export function reply<const Status extends number, Body>(
  status: Status,
  body: Body,
): { readonly status: Status; readonly body: Body } {
  return { status, body }
}

export function ok<Body>(body: Body): { readonly status: 200; readonly body: Body } {
  return reply(200, body)
}
