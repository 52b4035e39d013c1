/** Parameters that several routes take, and what they name. */
import { z } from 'zod'
import { addressBits, parseAddress, parsePrefix, prefixOf, type Prefix } from '../model/prefix.ts'
import type { EgressInterface, Router } from '../model/topology.ts'
import { parseDuration } from '../model/units.ts'
import { ApiError } from './api-error.ts'

const name = z.string().min(1, 'must not be empty')
export const routerName = name.meta({ description: 'Name of a configured router.' })
export const interfaceName = name.meta({ description: 'Name of a configured interface.' })

/** The answer to a name that is not configured. */
export const UNKNOWN = { 404: 'No such router or interface is configured.' } as const

/** How many entries to give: 1 to 1000. */
export function limitParameter(otherwise: number) {
  return countParameter(1000, otherwise)
}

/** How many to give: 1 to `most`. */
export function countParameter(most: number, otherwise: number) {
  return wholeNumber(1, most)
    .default(otherwise)
    .meta(asInteger('How many to give at most.', { minimum: 1, maximum: most, default: otherwise }))
}

/** The same of a list that is given as a whole unless asked for less. */
export const optionalLimit = wholeNumber(1, 1000)
  .optional()
  .meta(asInteger('How many to give at most; all unless given.', { minimum: 1, maximum: 1000 }))

/** Which part of a list to give. */
export const offsetParameter = wholeNumber(0, 999_999)
  .default(0)
  .meta(asInteger('How many to pass over.', { minimum: 0, maximum: 999_999, default: 0 }))

function wholeNumber(least: number, most: number) {
  const fault = `must be a whole number from ${least} to ${most}`
  return z
    .string()
    .regex(/^\d{1,9}$/, fault)
    .transform(Number)
    .refine((n) => n >= least && n <= most, fault)
}

/** How a number that comes as text stands in the OpenAPI document. */
function asInteger(description: string, bounds: object) {
  const override = ({ jsonSchema }: { readonly jsonSchema: { pattern?: string } }): void => {
    delete jsonSchema.pattern
    Object.assign(jsonSchema, { type: 'integer' }, bounds)
  }
  return { description, override }
}

/** A point in time; ms since the epoch. */
export const timeParameter = z.iso
  .datetime({ offset: true, error: 'must be an ISO 8601 time, such as 2030-01-02T03:04:05Z' })
  .transform((text) => Date.parse(text))

/** Where the page before ended: what its last entry is called. */
export const entryParameter = z
  .string()
  .regex(/^\d{1,16}$/, 'must be the number of an entry')
  .transform(Number)
  .meta({
    description: 'Only entries before this one: the next page after it.',
    override: ({ jsonSchema }) => {
      delete jsonSchema.pattern
      Object.assign(jsonSchema, { type: 'integer', minimum: 0 })
    },
  })

/** A duration from one to another, as the configuration writes it; in ms. */
export function durationParameter(shortest: string, longest: string) {
  const [leastMs, mostMs] = [parseDuration(shortest), parseDuration(longest)]
  return z
    .string()
    .transform((text, context): number => {
      try {
        const ms = Math.round(parseDuration(text))
        if (ms >= leastMs && ms <= mostMs) return ms
        context.addIssue({ code: 'custom', message: `must be from ${shortest} to ${longest}` })
      } catch (error) {
        if (!(error instanceof RangeError)) throw error
        context.addIssue({ code: 'custom', message: error.message })
      }
      return z.NEVER
    })
    .meta({ description: `A duration as in the configuration, from ${shortest} to ${longest}.`, example: '1h' })
}

/** A prefix of any length; an address counts as the longest. */
export const prefixParameter = z
  .string()
  .transform((text, context): Prefix => {
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
  .meta({ description: 'An IPv4 or IPv6 prefix of any length; an address counts as the longest.' })

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
