/**
 * The kinds of values that a configuration holds: text in the file → what the service works with. `kind` in their
 * metadata is what they are in words, for the reference.
 */
import { z } from 'zod'
import { parseAddress, parseInterfaceAddress, parsePrefix, prefixOf, type Address } from '../model/prefix.ts'
import { parseCommunity } from '../model/route.ts'
import {
  formatDuration, formatRate, formatSize, parseDuration, parseRate, parseSize,
} from '../model/units.ts'
import type { Listen } from './config.ts'

const MAX_RATE_BPS = 1e15
const MAX_DURATION_MS = 24 * 3_600_000

/** A transform that turns a reader's RangeError into a fault. */
function reading<From, To>(read: (from: From) => To) {
  return (from: From, context: z.core.$RefinementCtx<From>): To => {
    try {
      return read(from)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      context.addIssue({ code: 'custom', message: error.message, input: from })
      return z.NEVER
    }
  }
}

/** Text from the environment reads like what it says: `"80"` as a number, `"true"` as a truth value. */
const unquoted = (value: unknown): unknown => {
  if (typeof value !== 'string') return value
  if (value === 'true' || value === 'false') return value === 'true'
  return /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value
}

/** A list, or one value that stands for a list of one. */
export const oneOrMore = <Item extends z.ZodType>(item: Item) =>
  z
    .preprocess((value) => (Array.isArray(value) ? value : [value]), z.array(item).min(1, 'must not be empty'))
    .meta({ kind: `one or a list of: ${String(item.meta()?.['kind'])}` })

export const flag = z.preprocess(unquoted, z.boolean()).meta({ kind: 'true or false' })

/** A whole number within bounds, both included. */
export const wholeNumber = (min: number, max: number) =>
  z
    .preprocess(
      unquoted,
      z
        .number()
        .refine(
          (n) => Number.isInteger(n) && n >= min && n <= max,
          `must be a whole number from ${min} to ${max}`,
        ),
    )
    .meta({ kind: `whole number, ${min} to ${max}` })

/** A share of 1; above 0. */
export const share = z
  .preprocess(
    unquoted,
    z.number().refine((n) => n > 0 && n <= 1, 'must be a share of 1: above 0, at most 1'),
  )
  .meta({ kind: 'share of 1, above 0' })

/** Percent in the file, a share of 1 in the service. REST gives shares, so a share is an easy mistake. */
export const percent = z
  .preprocess(
    unquoted,
    z.number().refine((n) => n > 1 && n <= 100, {
      error: ({ input }) =>
        typeof input === 'number' && input > 0 && input <= 1
          ? `must be percent, above 1 and at most 100; did you mean ${input * 100}?`
          : 'must be percent: above 1, at most 100',
    }),
  )
  .transform((n) => n / 100)
  .meta({ kind: 'percent, above 1 and up to 100' })

/** bit/s, whole. */
export const rate = z.union([z.string(), z.number()], 'must be a rate, such as 100Mbps').transform(
  reading((text) => {
    const bps = Math.round(parseRate(text))
    if (bps >= 1 && bps <= MAX_RATE_BPS) return bps
    throw new RangeError(`must be from 1 bps to ${formatRate(MAX_RATE_BPS)}`)
  }),
).meta({ kind: 'rate' })

/** Milliseconds, whole, within bounds; at most a day. */
export const duration = (minMs: number, maxMs = MAX_DURATION_MS) =>
  z.union([z.string(), z.number()], 'must be a duration, such as 30s').transform(
    reading((text) => {
      const ms = Math.round(parseDuration(text))
      if (ms >= minMs && ms <= maxMs) return ms
      throw new RangeError(`must be from ${formatDuration(minMs)} to ${formatDuration(maxMs)}`)
    }),
  ).meta({ kind: `duration, ${formatDuration(minMs)} to ${formatDuration(maxMs)}` })

/** Bytes, within bounds. */
export const size = (minBytes: number, maxBytes: number) =>
  z.union([z.string(), z.number()], 'must be a size, such as 4MiB').transform(
    reading((text) => {
      const bytes = parseSize(text)
      if (bytes >= minBytes && bytes <= maxBytes) return bytes
      throw new RangeError(`must be from ${formatSize(minBytes)} to ${formatSize(maxBytes)}`)
    }),
  ).meta({ kind: `size, ${formatSize(minBytes)} to ${formatSize(maxBytes)}` })

export const address = z.string().transform(reading(parseAddress)).meta({ kind: 'address' })

export const ipv4Address = address
  .refine(({ family }) => family === 4, 'must be an IPv4 address')
  .meta({ kind: 'IPv4 address' })

export const prefix = z.string().transform(reading(parsePrefix)).meta({ kind: 'prefix' })

/** An address with its subnet, `ADDRESS/LENGTH`. */
export const interfaceAddress = z.string().transform(
  reading((text) => {
    const { address, length } = parseInterfaceAddress(text)
    if (length === 0) throw new RangeError(`"${text}": a subnet of length 0 would hold every next hop`)
    return { address, subnet: prefixOf(address, length) }
  }),
).meta({ kind: '`ADDRESS/LENGTH`' })

export const community = z.string().transform(reading(parseCommunity)).meta({ kind: '`"ASN:VALUE"`' })

/** A path; one that is not absolute starts at the configuration file's directory. */
export const directory = z
  .string()
  .regex(/^[^\0]+$/, 'must be the path of a directory')
  .meta({ kind: 'path' })

/**
 * A path like that of a directory. What cannot be read as a database is moved aside, so no file of another
 * kind is to be named by mistake.
 */
export const databaseFile = z
  .string()
  .regex(/^[^\0]*[^/\0]\.sqlite$/, 'must be the path of a file that ends in .sqlite')
  .meta({ kind: 'path that ends in `.sqlite`' })

/** A router's name also stands in identifiers and in URLs. */
export const routerName = z
  .string()
  .regex(
    /^[A-Za-z0-9][\w.-]{0,63}$/,
    'must be a letter or digit, then letters, digits, "_", "." and "-"; at most 64',
  )
  .meta({ kind: 'name: letters, digits, `_`, `.` and `-`' })

/** An interface's name as the router shows it. */
export const interfaceName = z
  .string()
  .regex(
    /^[\x21-\x7e]([\x20-\x7e]{0,62}[\x21-\x7e])?$/,
    'must be at most 64 printable ASCII characters, with no space at either end',
  )
  .meta({ kind: 'text, at most 64 characters' })

export const token = z
  .string()
  .regex(/^[\x21-\x7e]{1,1024}$/, 'must be printable ASCII without spaces, and not empty')
  .meta({ kind: 'text without spaces' })

/** `ADDRESS:PORT` or `[ADDRESS]:PORT`; port 0 takes any free one. */
export const listen = z.string().transform(
  reading((text): Listen => {
    const match = /^(?:\[(?<v6>[^\]]+)\]|(?<v4>[^:[\]]+)):(?<port>\d{1,5})$/.exec(text)
    const host = match?.groups?.['v6'] ?? match?.groups?.['v4']
    const port = Number(match?.groups?.['port'])
    if (host === undefined || port > 65_535) {
      throw new RangeError(`"${text}" is not ADDRESS:PORT or [ADDRESS]:PORT`)
    }
    const address = parseAddress(host)
    if (!isMulticast(address)) return { host, port }
    throw new RangeError(`"${text}" is multicast: listen on an address of this machine`)
  }),
).meta({ kind: '`ADDRESS:PORT`' })

/** A gRPC target: `HOST:PORT`, `[ADDRESS]:PORT` or `unix:/PATH`. */
export const grpcTarget = z.string().transform(
  reading((text) => {
    if (/^unix:\/[\x21-\x7e]+$/.test(text)) return text
    const match = /^(?:\[(?<v6>[^\]]+)\]|[A-Za-z0-9][A-Za-z0-9.-]*):(?<port>\d{1,5})$/.exec(text)
    const port = Number(match?.groups?.['port'])
    if (match === null || port < 1 || port > 65_535) {
      throw new RangeError(`"${text}" is not HOST:PORT, [ADDRESS]:PORT or unix:/PATH`)
    }
    if (match.groups?.['v6'] !== undefined) parseAddress(match.groups['v6'])
    return text
  }),
).meta({ kind: '`HOST:PORT` or `unix:/PATH`' })

/** 224.0.0.0/4 (RFC 5771) or ff00::/8 (RFC 4291, section 2.7). */
function isMulticast({ family, w0 }: Address): boolean {
  return family === 4 ? w0 >>> 28 === 0xe : w0 >>> 24 === 0xff
}
