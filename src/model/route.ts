/** What routers learned: paths and the routes that they make up. */
import type { Address, Prefix } from './prefix.ts'

/** AS_PATH segment (RFC 4271, section 4.3): `set` counts as one hop. */
export interface AsSegment {
  readonly kind: 'sequence' | 'set' | 'confed_sequence' | 'confed_set'
  readonly asns: readonly number[]
}

/** ORIGIN (RFC 4271, section 5.1.1): lower is preferred. */
export const ORIGIN = { igp: 0, egp: 1, incomplete: 2 } as const
export type Origin = (typeof ORIGIN)[keyof typeof ORIGIN]

export interface LargeCommunity {
  readonly globalAdmin: number
  readonly data1: number
  readonly data2: number
}

/** The BGP attributes of a path that steering needs; the rest stays with GoBGP. */
export interface PathAttributes {
  readonly nextHop: Address
  readonly origin: Origin
  readonly asPath: readonly AsSegment[]
  readonly med: number | undefined
  readonly localPref: number | undefined
  /** RFC 1997, as unsigned 32-bit numbers. */
  readonly communities: readonly number[]
  /** RFC 8092. */
  readonly largeCommunities: readonly LargeCommunity[]
  /** RFC 4456, set by a route reflector. */
  readonly originatorId: string | undefined
}

/**
 * How the origin of a path fits the RPKI, as GoBGP tells (RFC 6811, section 2); `unknown` when GoBGP has no
 * RPKI server, or has not been asked.
 */
export const RPKI_STATES = ['valid', 'invalid', 'not_found', 'unknown'] as const
export type RpkiState = (typeof RPKI_STATES)[number]

/** One received path. (prefix, pathId) names it within its router. */
export interface Path extends PathAttributes {
  readonly prefix: Prefix
  /** Add-path identifier (RFC 7911) as the router sent it. */
  readonly pathId: number
  readonly rpki: RpkiState
}

/** A received prefix and its paths; never empty. */
export interface Route {
  readonly prefix: Prefix
  readonly paths: readonly Path[]
}

/** NO_EXPORT (RFC 1997). */
export const NO_EXPORT = 0xffffff01

/** Reads `ASN:VALUE` into RFC 1997's 32 bits; throws RangeError. */
export function parseCommunity(text: string): number {
  const match = /^(\d{1,5}):(\d{1,5})$/.exec(text)
  const [high, low] = [Number(match?.[1]), Number(match?.[2])]
  if (match === null || high > 0xffff || low > 0xffff) {
    throw new RangeError(`"${text}" is not a community: use ASN:VALUE, each up to 65535`)
  }
  return high * 0x10000 + low
}

/** Text of a community, `ASN:VALUE`. */
export function formatCommunity(community: number): string {
  return `${Math.floor(community / 0x10000)}:${community % 0x10000}`
}

/** AS_PATH in one line, sets in braces, as routers show it. */
export function formatAsPath(asPath: readonly AsSegment[]): string {
  return asPath
    .map(({ kind, asns }) =>
      kind === 'sequence' ? asns.join(' ') : kind === 'set' ? `{${asns.join(',')}}` : `(${asns.join(' ')})`,
    )
    .join(' ')
}
