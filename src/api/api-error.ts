/** Errors as REST gives them: a fitting status and `{"error": {"code", "message"}}`. */
import type { ErrorRequestHandler, RequestHandler } from 'express'
import type { Logger } from 'pino'

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
export function errorBody(code: string, message: string): { error: { code: string; message: string } } {
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
    if (error instanceof ApiError) {
      if (error.status >= 500) logger.error({ err: error, path: request.path }, 'request failed')
      return void response.status(error.status).json(errorBody(error.code, error.message))
    }
    const { status, message } = error as { status?: unknown; message?: unknown }
    const code = typeof status === 'number' ? CODES[status] : undefined
    if (code !== undefined) return void response.status(Number(status)).json(errorBody(code, String(message)))
    logger.error({ err: error, method: request.method, path: request.path }, 'request failed')
    response.status(500).json(errorBody('internal', 'the service failed to answer; its log says more'))
  }
}
