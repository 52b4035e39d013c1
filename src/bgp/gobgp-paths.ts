/** Paths of GoBGP's API to and from the model. Pure. */
import {
  addressBits, formatAddress, parseAddress, prefixOf, type Address, type Family, type Prefix,
} from '../model/prefix.ts'
import type { AsSegment, LargeCommunity, Origin, PathAttributes } from '../model/route.ts'
import type { PathChange, UnusableReason } from './gobgp-api.ts'
import {
  SEGMENT, TABLE, type AttributeMessage, type FamilyMessage, type GobgpDialect, type NlriMessage,
  type PathMessage, type ReceivedAttribute, type SentPath,
} from './gobgp-dialect.ts'
import type { Rpc } from './grpc-channel.ts'

const SAFI_UNICAST = 1
const SEGMENT_KINDS = new Map<number, AsSegment['kind']>(
  Object.entries(SEGMENT).map(([kind, type]) => [type, kind as AsSegment['kind']]),
)

/** The family's name in GoBGP: AFI (RFC 4760, IANA's address family numbers) and SAFI unicast. */
export function familyMessage(family: Family): FamilyMessage {
  return { afi: family === 4 ? 1 : 2, safi: SAFI_UNICAST }
}

/** A path as it was received. Never throws: what cannot be understood is `unusable`. */
export function readPath(path: PathMessage): PathChange {
  const pathId = path.identifier
  const prefix = readPrefix(path.nlri)
  if (prefix === undefined) return { kind: 'unusable', prefix, pathId, reason: 'no_prefix' }
  if (path.is_withdraw) return { kind: 'withdrawn', prefix, pathId }
  const attributes = readAttributes(path.pattrs)
  return typeof attributes === 'string'
    ? { kind: 'unusable', prefix, pathId, reason: attributes }
    : { kind: 'announced', prefix, pathId, attributes }
}

/** GoBGP 3.10 stores what it was given wrongly as prefix "<nil>". */
function readPrefix(nlri: NlriMessage | null): Prefix | undefined {
  if (!nlri?.prefix) return undefined
  const { prefix, prefix_len } = nlri.prefix
  try {
    const address = parseAddress(prefix)
    return prefix_len > addressBits(address.family) ? undefined : prefixOf(address, prefix_len)
  } catch {
    return undefined
  }
}

function readAttributes(pattrs: readonly ReceivedAttribute[]): PathAttributes | UnusableReason {
  let nextHop: Address | undefined
  let origin: Origin | undefined
  let asPath: readonly AsSegment[] = []
  let med: number | undefined
  let localPref: number | undefined
  let communities: readonly number[] = []
  let largeCommunities: readonly LargeCommunity[] = []
  let originatorId: string | undefined
  try {
    for (const attribute of pattrs) {
      switch (attribute.attr) {
        case 'origin':
          origin = readOrigin(attribute.origin.origin)
          break
        case 'as_path':
          asPath = attribute.as_path.segments.map(readSegment)
          break
        case 'next_hop':
          nextHop = readNextHop([attribute.next_hop.next_hop])
          break
        case 'mp_reach':
          nextHop = readNextHop(attribute.mp_reach.next_hops)
          break
        case 'multi_exit_disc':
          med = attribute.multi_exit_disc.med
          break
        case 'local_pref':
          localPref = attribute.local_pref.local_pref
          break
        case 'communities':
          communities = attribute.communities.communities
          break
        case 'large_communities':
          largeCommunities = attribute.large_communities.communities.map(
            ({ global_admin, local_data1, local_data2 }) => ({
              globalAdmin: global_admin, data1: local_data1, data2: local_data2,
            }),
          )
          break
        case 'originator_id':
          originatorId = attribute.originator_id.id
          break
        case 'malformed':
          return 'malformed'
        case undefined:
          // CLUSTER_LIST, AGGREGATOR, extended communities and what is yet to come: steering needs none of
          // them.
          break
      }
    }
  } catch {
    return 'malformed'
  }
  if (nextHop === undefined) return 'no_next_hop'
  if (origin === undefined) return 'no_origin'
  return { nextHop, origin, asPath, med, localPref, communities, largeCommunities, originatorId }
}

function readOrigin(origin: number): Origin {
  if (origin !== 0 && origin !== 1 && origin !== 2) throw new RangeError(`ORIGIN ${origin}`)
  return origin
}

function readSegment({ type, numbers }: { type: number; numbers: readonly number[] }): AsSegment {
  const kind = SEGMENT_KINDS.get(type)
  if (kind === undefined) throw new RangeError(`AS_PATH segment of type ${type}`)
  return { kind, asns: numbers }
}

/**
 * The global address where a link-local one comes with it (RFC 2545, section 3); undefined when there is
 * none.
 */
function readNextHop(texts: readonly string[]): Address | undefined {
  const addresses = texts.filter((text) => text !== '' && text !== '<nil>').map(parseAddress)
  return addresses.find((a) => !isLinkLocal(a)) ?? addresses[0]
}

/** fe80::/10 (RFC 4291, section 2.5.6). */
function isLinkLocal(a: Address): boolean {
  return a.family === 6 && a.w0 >>> 22 === 0xfe80 >>> 6
}

/**
 * The path to add for an override, with identifier 0. IPv6 has its next hop in MP_REACH_NLRI (RFC 4760,
 * section 3).
 */
export function writePath(prefix: Prefix, a: PathAttributes): SentPath {
  const family = familyMessage(prefix.family)
  const nlri = writePrefix(prefix)
  const nextHop = formatAddress(a.nextHop)
  const segments = a.asPath.map(({ kind, asns }) => ({ type: SEGMENT[kind], numbers: [...asns] }))
  const pattrs: AttributeMessage[] = [
    { attr: 'origin', origin: { origin: a.origin } },
    { attr: 'as_path', as_path: { segments } },
    prefix.family === 4
      ? { attr: 'next_hop', next_hop: { next_hop: nextHop } }
      : { attr: 'mp_reach', mp_reach: { family, next_hops: [nextHop], nlris: [nlri] } },
  ]
  if (a.med !== undefined) pattrs.push({ attr: 'multi_exit_disc', multi_exit_disc: { med: a.med } })
  if (a.localPref !== undefined) pattrs.push({ attr: 'local_pref', local_pref: { local_pref: a.localPref } })
  if (a.communities.length > 0) {
    pattrs.push({ attr: 'communities', communities: { communities: [...a.communities] } })
  }
  if (a.largeCommunities.length > 0) {
    const communities = a.largeCommunities.map(({ globalAdmin, data1, data2 }) => ({
      global_admin: globalAdmin, local_data1: data1, local_data2: data2,
    }))
    pattrs.push({ attr: 'large_communities', large_communities: { communities } })
  }
  return { nlri, pattrs, family, identifier: 0 }
}

function writePrefix(prefix: Prefix): NlriMessage {
  return { prefix: { prefix: formatAddress(prefix), prefix_len: prefix.length } }
}

// One by one, since the difference of a number and nothing compares as no difference.
const PREFIX_FIELDS = ['family', 'w0', 'w1', 'w2', 'w3', 'length'] as const

declare const checked: unique symbol
/** The bytes of a DeletePath for exactly one route. */
export type Withdrawal = Buffer & { readonly [checked]: true }

/** The only DeletePath that can be called: GoBGP 3 takes one without a path as "all local routes". */
export function withdrawRpc({ deletePath }: GobgpDialect): Rpc<Withdrawal, object> {
  return { path: deletePath.path, encode: (bytes) => bytes, decode: deletePath.decodeReply }
}

/**
 * Makes the request that takes back one route. Protobuf drops without a word what it cannot place, so the
 * bytes are read back: throws RangeError, and nothing can be sent, unless they name this route.
 */
export function encodeWithdrawal({ deletePath }: GobgpDialect, prefix: Prefix, pathId: number): Withdrawal {
  const family = familyMessage(prefix.family)
  const path = { nlri: writePrefix(prefix), family, identifier: pathId, is_withdraw: true }
  const bytes = deletePath.encodeRequest({ table_type: TABLE.global, family, path })
  const written = deletePath.decodeRequest(bytes)
  const change = written.path && readPath(written.path)
  if (
    change?.kind !== 'withdrawn' ||
    !PREFIX_FIELDS.every((field) => change.prefix[field] === prefix[field]) ||
    change.pathId !== pathId ||
    written.family?.afi !== family.afi ||
    written.family.safi !== family.safi
  ) {
    const named = JSON.stringify({ ...prefix, pathId })
    throw new RangeError(`no withdrawal can be made of ${named}: nothing was sent`)
  }
  return bytes as Withdrawal
}
