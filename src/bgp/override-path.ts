/** Overrides as paths, and back. Pure. */
import type { InstalledOverride, Override } from '../model/override.ts'
import { compareAddresses, formatAddress, formatPrefix, prefixOf, type Prefix } from '../model/prefix.ts'
import { NO_EXPORT, type PathAttributes } from '../model/route.ts'
import type { LocalPath } from './gobgp-api.ts'

/** First data field of our large communities (RFC 8092); the second is the value. */
const SINCE_SECONDS = 1
const FROM_IF_INDEX = 2

export interface OverrideOptions {
  readonly localPref: number
  /** Community that marks our routes, 32 bits; its ASN half also owns our large communities. */
  readonly marker: number
}

/**
 * The attributes that an override is injected with: exit, AS_PATH, ORIGIN and MED are those of the path that
 * it follows. What a restart must know travels along: since when, and the ifIndex of the natural exit.
 */
export function overrideAttributes(
  override: Override, fromIfIndex: number, options: OverrideOptions,
): PathAttributes {
  const { nextHop, origin, asPath, med } = override.follows
  const globalAdmin = options.marker >>> 16
  return {
    nextHop,
    origin,
    asPath,
    med,
    localPref: options.localPref,
    communities: [options.marker, NO_EXPORT],
    largeCommunities: [
      { globalAdmin, data1: SINCE_SECONDS, data2: Math.floor(override.sinceMs / 1000) },
      { globalAdmin, data1: FROM_IF_INDEX, data2: fromIfIndex },
    ],
    originatorId: undefined,
  }
}

/** The override that a local path of GoBGP is, or undefined when it is not ours. */
export function readOverride(
  router: string, { prefix, attributes }: LocalPath, { marker }: OverrideOptions,
): InstalledOverride | undefined {
  if (!isOurs(attributes, marker)) return undefined
  const ours = attributes.largeCommunities.filter(({ globalAdmin }) => globalAdmin === marker >>> 16)
  const valueOf = (field: number): number | undefined => ours.find(({ data1 }) => data1 === field)?.data2
  const sinceSeconds = valueOf(SINCE_SECONDS)
  return {
    router,
    prefix,
    attributes,
    fromIfIndex: valueOf(FROM_IF_INDEX),
    sinceMs: sinceSeconds === undefined ? undefined : sinceSeconds * 1000,
  }
}

/** Of the routes that are local to GoBGP, ours are the marked ones. */
export function isOurs(attributes: PathAttributes, marker: number): boolean {
  return attributes.communities.includes(marker)
}

/** The last guard before GoBGP: throws RangeError for a route that must never be injected. */
export function checkInjectable(prefix: Prefix, attributes: PathAttributes, marker: number): void {
  const refuse = (why: string): never => {
    throw new RangeError(`override ${formatPrefix(prefix)} refused: ${why}`)
  }
  if (prefix.length === 0) refuse('a default route is never injected')
  if (compareAddresses(prefix, prefixOf(prefix, prefix.length)) !== 0) {
    refuse('it has bits set behind its length')
  }
  if (!attributes.communities.includes(NO_EXPORT)) refuse('it lacks NO_EXPORT')
  if (!attributes.communities.includes(marker)) refuse('it lacks the marker community')
  const { nextHop } = attributes
  if (nextHop.family !== prefix.family) {
    refuse(`its next hop ${formatAddress(nextHop)} is not IPv${prefix.family}, as its prefix is`)
  }
  if ((nextHop.w0 | nextHop.w1 | nextHop.w2 | nextHop.w3) === 0) {
    refuse('without a next hop GoBGP would put its own address in its place')
  }
  for (const value of numbersOf(attributes)) {
    if (value >>> 0 !== value) refuse(`${value} is no unsigned 32-bit number`)
  }
}

function numbersOf({ med, localPref, asPath, communities, largeCommunities }: PathAttributes): number[] {
  return [
    med ?? 0,
    localPref ?? 0,
    ...asPath.flatMap(({ asns }) => asns),
    ...communities,
    ...largeCommunities.flatMap(({ globalAdmin, data1, data2 }) => [globalAdmin, data1, data2]),
  ]
}
