/** Paths to GoBGP's API: what is injected, and what takes it back. Pure. */
import { addressBits, formatAddress, parseAddress, prefixOf, type Family, type Prefix } from '../../model/prefix.ts'
import type { PathAttributes } from '../../model/route.ts'
import type { RouteKey } from './gobgp-api.ts'
import {
  TABLE, type AttributeMessage, type FamilyMessage, type GobgpDialect, type NlriMessage, type PathKey,
  type PathMessage, type SentPath,
} from './gobgp-dialect.ts'
import type { Rpc } from './grpc-channel.ts'
import { SEGMENT } from './packed-attributes.ts'

const SAFI_UNICAST = 1

/** The family's name in GoBGP: AFI (RFC 4760, IANA's address family numbers) and SAFI unicast. */
export function familyMessage(family: Family): FamilyMessage {
  return { afi: family === 4 ? 1 : 2, safi: SAFI_UNICAST }
}

/** True when the path takes back exactly this route. */
export function isWithdrawalOf(path: PathMessage, { prefix, pathId }: RouteKey): boolean {
  const named = readPrefix(path.nlri)
  const { afi, safi } = familyMessage(prefix.family)
  return (
    path.is_withdraw &&
    named !== undefined &&
    PREFIX_FIELDS.every((field) => named[field] === prefix[field]) &&
    path.identifier === pathId &&
    path.family?.afi === afi &&
    path.family.safi === safi
  )
}

/** Undefined where it names none. */
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

/** The path to add for an override. IPv6 has its next hop in MP_REACH_NLRI (RFC 4760, section 3). */
export function writePath(prefix: Prefix, a: PathAttributes, pathId = 0): SentPath {
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
  return { nlri, pattrs, family, identifier: pathId }
}

export function writePrefix(prefix: Prefix): NlriMessage {
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

/** Makes the request that takes back one route. Throws RangeError where none can be made. */
export function encodeWithdrawal(dialect: GobgpDialect, prefix: Prefix, pathId: number): Withdrawal {
  const key = { nlri: writePrefix(prefix), family: familyMessage(prefix.family), identifier: pathId }
  const route = { prefix, pathId }
  return encodeDeletion(dialect, key, route, (written) => isWithdrawalOf(written, route))
}

/** The same for a note. */
export function encodeNoteRemoval(dialect: GobgpDialect, key: PathKey): Withdrawal {
  const address = key.nlri.encapsulation?.address
  return encodeDeletion(dialect, key, key, ({ nlri, is_withdraw }) =>
    is_withdraw && address !== undefined && nlri?.encapsulation?.address === address)
}

/**
 * Protobuf drops without a word what it cannot place, so the bytes are read back: throws RangeError, and
 * nothing can be sent, unless they name this route.
 */
function encodeDeletion(
  { deletePath }: GobgpDialect, { nlri, family, identifier }: PathKey, route: object,
  names: (written: PathMessage) => boolean,
): Withdrawal {
  const path = { nlri, family, identifier, is_withdraw: true }
  const bytes = deletePath.encodeRequest({ table_type: TABLE.global, family, path })
  const written = deletePath.decodeRequest(bytes)
  if (
    !written.path ||
    !names(written.path) ||
    written.path.identifier !== identifier ||
    written.family?.afi !== family.afi ||
    written.family.safi !== family.safi
  ) {
    throw new RangeError(`no withdrawal can be made of ${JSON.stringify(route)}: nothing was sent`)
  }
  return bytes as Withdrawal
}
