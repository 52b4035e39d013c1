/** Overrides as paths, and back. Pure. */
import type { InstalledOverride, Override } from '../model/override.ts'
import { compareAddresses, formatAddress, formatPrefix, isLinkLocal, prefixOf, type Prefix } from '../model/prefix.ts'
import { formatAsPath, NO_EXPORT, type PathAttributes, type Route } from '../model/route.ts'
import type { LocalPath } from './wire/gobgp-api.ts'

/** First data field of our large communities (RFC 8092); the second is the value. */
const SINCE_SECONDS = 1
const FROM_IF_INDEX = 2
/** Whom the override is meant for, by `routerNumber`: where routers share a gobgpd. */
const ROUTER = 3
const PINNED_UNTIL_SECONDS = 4

export interface OverrideOptions {
  readonly localPref: number
  /** Community that marks our routes, 32 bits; its ASN half also owns our large communities. */
  readonly marker: number
}

/**
 * The attributes that an override is injected with: exit, AS_PATH, ORIGIN and MED are those of the path that
 * it follows. What a restart must know travels along: since when, the ifIndex of the natural exit, and until when
 * it is pinned; and whom it is meant for, where the gobgpd is shared.
 */
export function overrideAttributes(
  override: Override, fromIfIndex: number, options: OverrideOptions, routerNumber?: number,
): PathAttributes {
  const { nextHop, origin, asPath, med } = override.follows
  const globalAdmin = options.marker >>> 16
  const further = [
    [ROUTER, routerNumber],
    [PINNED_UNTIL_SECONDS, secondsOf(override.pinnedUntilMs)],
  ] as const
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
      ...further.flatMap(([data1, data2]) => (data2 === undefined ? [] : [{ globalAdmin, data1, data2 }])),
    ],
    originatorId: undefined,
  }
}

function secondsOf(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.floor(ms / 1000)
}

/** The override that a local path of GoBGP is, or undefined when it is not ours. */
export function readOverride(
  router: string, { prefix, attributes }: LocalPath, { marker }: OverrideOptions,
): InstalledOverride | undefined {
  if (!isOurs(attributes, marker)) return undefined
  const msOf = (field: number): number | undefined => {
    const seconds = valueOf(attributes, marker, field)
    return seconds === undefined ? undefined : seconds * 1000
  }
  return {
    router,
    prefix,
    attributes,
    fromIfIndex: valueOf(attributes, marker, FROM_IF_INDEX),
    sinceMs: msOf(SINCE_SECONDS),
    pinnedUntilMs: msOf(PINNED_UNTIL_SECONDS),
  }
}

function valueOf({ largeCommunities }: PathAttributes, marker: number, field: number): number | undefined {
  return largeCommunities.find(
    ({ globalAdmin, data1 }) => globalAdmin === marker >>> 16 && data1 === field,
  )?.data2
}

/** The `routerNumber` of whom a path of ours is meant for, in a shared gobgpd; undefined when it names none. */
export function readRouterNumber(attributes: PathAttributes, marker: number): number | undefined {
  return valueOf(attributes, marker, ROUTER)
}

/** The large community (RFC 8092), as `ASN:3:NUMBER`, that is on what is meant for the router. */
export function routerCommunity(routerNumber: number, marker: number): string {
  return `${marker >>> 16}:${ROUTER}:${routerNumber}`
}

/** Of the routes that are local to GoBGP, ours are the marked ones. */
export function isOurs(attributes: PathAttributes, marker: number): boolean {
  return attributes.communities.includes(marker)
}

/**
 * A path that the RPKI calls invalid is never an alternate: throws RangeError when the received routes that
 * hold the prefix have the followed path with no other verdict.
 */
export function checkRpki({ prefix, follows }: Override, covering: readonly Route[]): void {
  const followed = covering
    .flatMap(({ paths }) => paths)
    .filter(
      ({ nextHop, asPath }) =>
        compareAddresses(nextHop, follows.nextHop) === 0 &&
        formatAsPath(asPath) === formatAsPath(follows.asPath),
    )
  if (followed.length === 0 || followed.some(({ rpki }) => rpki !== 'invalid')) return
  throw new RangeError(
    `override ${formatPrefix(prefix)} refused: RPKI invalid: AS path ${formatAsPath(follows.asPath)} by ` +
      `next hop ${formatAddress(follows.nextHop)}`,
  )
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
  if (isLinkLocal(nextHop)) refuse(`its next hop ${formatAddress(nextHop)} is link-local`)
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
