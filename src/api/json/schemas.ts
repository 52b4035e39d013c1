/** How values stand in JSON, as schemas. */
import { z } from 'zod'

/** Whole bit/s. */
export const bps = z.int().nonnegative().meta({ description: 'bit/s' })
export const time = z.iso.datetime().meta({ description: 'ISO 8601, UTC' })
export const seconds = z.number().nonnegative().meta({ description: 'seconds' })
/** May be above 1: a link that is offered more than it carries. */
export const share = z.number().nonnegative().meta({ description: 'a fraction of 1' })
export const count = z.int().nonnegative()
export const prefix = z.string().meta({ description: 'IPv4 or IPv6 prefix', example: '198.51.100.0/24' })
export const address = z.string().meta({ description: 'IPv4 or IPv6 address', example: '192.0.2.1' })
export const community = z.string().regex(/^\d+:\d+$/).meta({ description: 'RFC 1997', example: '64512:100' })
