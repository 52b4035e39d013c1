/** Query parameters, read strictly: what is unknown, given twice or malformed is refused by name. */
import type { Request } from 'express'
import { z } from 'zod'
import { addressBits, parseAddress, parsePrefix, prefixOf, type Prefix } from '../model/prefix.ts'
import type { EgressInterface, Router } from '../model/topology.ts'
import { ApiError } from './api-error.ts'

/** The parameters of `shape`; throws ApiError 400 that names the one at fault. */
export function readQuery<Shape extends z.ZodRawShape>(request: Request, shape: Shape) {
  const result = z.strictObject(shape).safeParse(request.query)
  if (result.success) return result.data
  const issue = result.error.issues[0]!
  if (issue.code === 'unrecognized_keys') {
    const known = Object.keys(shape)
    const hint = known.length === 0 ? 'there are none here' : `known here: ${known.join(', ')}`
    throw new ApiError(400, 'bad_parameter', `unknown parameter ${issue.keys.join(', ')}; ${hint}`)
  }
  const name = issue.path.join('.')
  const given = (request.query as Record<string, unknown>)[name]
  const fault =
    given === undefined ? 'is missing' : Array.isArray(given) ? 'is given more than once' : issue.message
  throw new ApiError(400, 'bad_parameter', `parameter ${name}: ${fault}`)
}

export const nameParameter = z.string().min(1, 'must not be empty')

/** How many entries to give: 1 to 1000. */
export function limitParameter(otherwise: number) {
  return z
    .string()
    .regex(/^([1-9]\d{0,2}|1000)$/, 'must be a whole number from 1 to 1000')
    .transform(Number)
    .default(otherwise)
}

/** A prefix of any length; an address counts as the longest. */
export const prefixParameter = z.string().transform((text, context): Prefix => {
  try {
    if (text.includes('/')) return parsePrefix(text)
    const address = parseAddress(text)
    return prefixOf(address, addressBits(address.family))
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    context.addIssue({ code: 'custom', message: error.message })
    return z.NEVER
  }
})

/** The router of that name; throws ApiError 404. */
export function findRouter(routers: readonly Router[], name: string): Router {
  const router = routers.find((r) => r.name === name)
  if (router === undefined) throw new ApiError(404, 'unknown_router', `no router "${name}" is configured`)
  return router
}

export interface InterfaceFilter {
  readonly router?: string | undefined
  readonly interface?: string | undefined
}

/** The configured interfaces that the filter leaves; throws ApiError 404 for a name that leaves none. */
export function findInterfaces(
  routers: readonly Router[],
  filter: InterfaceFilter,
): readonly EgressInterface[] {
  const wanted = filter.router === undefined ? routers : [findRouter(routers, filter.router)]
  const interfaces = wanted.flatMap((router) => router.interfaces)
  if (filter.interface === undefined) return interfaces
  const named = interfaces.filter(({ name }) => name === filter.interface)
  if (named.length > 0) return named
  const where = filter.router === undefined ? 'any router' : `router "${filter.router}"`
  throw new ApiError(404, 'unknown_interface', `no interface "${filter.interface}" is configured on ${where}`)
}
