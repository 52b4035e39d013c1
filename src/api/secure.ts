/** What every request must pass: a Host that is ours, and a token where state changes. */
import { createHash, timingSafeEqual } from 'node:crypto'
import { isIP } from 'node:net'
import type { RequestHandler } from 'express'
import { isLoopback } from '../config/is-loopback.ts'
import { ApiError } from './api-error.ts'

/** Headers that keep a browser from guessing types, embedding, caching or running what it is given. */
export const setSecurityHeaders: RequestHandler = (_, response, next) => {
  response.setHeader('cache-control', 'no-store')
  response.setHeader('content-security-policy', "default-src 'none'; frame-ancestors 'none'")
  response.setHeader('cross-origin-resource-policy', 'same-origin')
  response.setHeader('referrer-policy', 'no-referrer')
  response.setHeader('x-content-type-options', 'nosniff')
  next()
}

/**
 * Refuses a Host header that is no loopback name or address. A service that listens on loopback trusts this
 * machine's users; without this check any web page could reach it through a name of its own that resolves to
 * 127.0.0.1 (DNS rebinding).
 */
export const requireLoopbackHost: RequestHandler = (request, _, next) => {
  const host = request.headers.host ?? ''
  const url = URL.parse(`http://${host}`)
  if (url !== null && isLoopbackName(url.hostname)) return next()
  throw new ApiError(421, 'misdirected', `the API listens on loopback and does not answer for "${host}"`)
}

function isLoopbackName(hostname: string): boolean {
  if (hostname === 'localhost') return true
  const address = hostname.replace(/^\[(.*)\]$/, '$1')
  return isIP(address) !== 0 && isLoopback(address)
}

/** Demands `Authorization: Bearer TOKEN`; without a configured token nothing may pass. */
export function requireToken(token: string | undefined): RequestHandler {
  return (request, response, next) => {
    if (token === undefined) {
      throw new ApiError(403, 'forbidden', 'nothing can be changed: the configuration has no api.token')
    }
    const given = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1]
    if (given !== undefined && timingSafeEqual(digest(given), digest(token))) return next()
    response.setHeader('www-authenticate', 'Bearer realm="spillway"')
    throw new ApiError(401, 'unauthorized', 'this needs "Authorization: Bearer TOKEN" with the right token')
  }
}

/** Of one length for every token, so that comparing takes one time. */
function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
