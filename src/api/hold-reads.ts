/** Before the first cycle nobody knows what is in force: an empty list would be a lie, a moment's patience is none. */
import type { RequestHandler } from 'express'

/** What tells of the last cycle, and has no way to say that there was none. */
export const TOLD_OF_CYCLES = [
  '/api/v1/overrides', '/api/v1/interfaces', '/api/v1/prefixes', '/api/v1/explain', '/api/v1/events', '/metrics',
]

/** Lets who only reads wait until `known` is resolved; what changes state goes on at once. */
export function holdReads(known: Promise<unknown>): RequestHandler {
  return ({ method }, _response, next) => {
    if (method !== 'GET' && method !== 'HEAD') next()
    else void known.then(() => next())
  }
}
