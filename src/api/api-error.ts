/** Errors as REST gives them: a fitting status and `{"error": {"code", "message"}}`. */
import type { ErrorRequestHandler, RequestHandler } from 'express'
import type { Logger } from 'pino'
import { z } from 'zod'

export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly status: number
  /** One word for programs; the message is for people. */
  readonly code: string

  constructor(status: number, code: string, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

/** JSON of an error. */
export const errorSchema = z
  .object({
    error: z.object({
      code: z.string().meta({ description: 'One word, for programs.' }),
      message: z.string().meta({ description: 'For people.' }),
    }),
  })
  .meta({ id: 'Error' })

export function errorBody(code: string, message: string): z.input<typeof errorSchema> {
  return { error: { code, message } }
}

export const refuseUnknownRoute: RequestHandler = (request) => {
  throw new ApiError(404, 'not_found', `there is nothing at ${request.path}`)
}

/** Stands behind a route's own methods. */
export function refuseOtherMethods(...methods: readonly string[]): RequestHandler {
  return (request, response) => {
    response.setHeader('allow', methods.join(', '))
    const message = `${request.method} is not allowed here; use ${methods.join(' or ')}`
    throw new ApiError(405, 'method_not_allowed', message)
  }
}

/** Faults of a request that Express and its body parser find, by status. */
const CODES: Readonly<Record<number, string>> = {
  400: 'bad_request',
  413: 'body_too_large',
  415: 'unsupported_media_type',
}

/** Answers with the error. One that is no fault of the request is logged, and told without its details. */
export function answerErrors(logger: Logger): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    if (response.headersSent) return next(error)
    const answer = (status: number, code: string, message: string): void =>
      void response.status(status).type('json').json(errorBody(code, message))
    if (error instanceof ApiError) {
      // What is unavailable is an alarm already.
      if (error.status >= 500 && error.status !== 503) logger.error({ err: error, path: request.path }, 'request failed')
      return answer(error.status, error.code, error.message)
    }
    const { status, message } = error as { status?: unknown; message?: unknown }
    const code = typeof status === 'number' ? CODES[status] : undefined
    if (code !== undefined) return answer(Number(status), code, String(message))
    logger.error({ err: error, method: request.method, path: request.path }, 'request failed')
    answer(500, 'internal', 'the service failed to answer; its log says more')
  }
}
