/** BGP messages to send, as bytes: what a router needs to give a table away. */

/** Attributes of one UPDATE (RFC 4271, section 5). */
export interface UpdateAttributes {
  /** 4 or 16 bytes in network order; its length tells the family of the prefixes. */
  readonly nextHop: Uint8Array
  readonly asPath: readonly number[]
  readonly med: number
  readonly localPref: number
  /** RFC 1997, 32 bits each. */
  readonly communities: readonly number[]
}

/** Prefixes of one family with their add-path identifiers, encoded by `encodePrefix`. */
export type Nlri = Buffer

const HEADER_BYTES = 19
const OPEN = 1
const UPDATE = 2
const KEEPALIVE = 4
const AS_TRANS = 23_456
const CAPABILITY = { multiprotocol: 1, fourOctetAs: 65, addPath: 69 } as const
const ADD_PATH_SEND = 2
const SAFI_UNICAST = 1

/** A message of a type with its header (RFC 4271, section 4.1). */
function message(type: number, body: Uint8Array): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES + body.length, 0xff)
  bytes.writeUInt16BE(bytes.length, 16)
  bytes[18] = type
  bytes.set(body, HEADER_BYTES)
  return bytes
}

export const KEEPALIVE_MESSAGE = message(KEEPALIVE, new Uint8Array())

/**
 * OPEN (RFC 4271, section 4.2) for IPv4 and IPv6 unicast with four-octet AS numbers (RFC 6793), offering to
 * send several paths of a prefix (RFC 7911).
 */
export function encodeOpen(asn: number, routerId: Uint8Array, holdSeconds: number): Buffer {
  const four = Buffer.alloc(4)
  four.writeUInt32BE(asn)
  const capabilities = Buffer.concat([
    capability(CAPABILITY.multiprotocol, [0, 1, 0, SAFI_UNICAST]),
    capability(CAPABILITY.multiprotocol, [0, 2, 0, SAFI_UNICAST]),
    capability(CAPABILITY.fourOctetAs, [...four]),
    capability(CAPABILITY.addPath, [0, 1, SAFI_UNICAST, ADD_PATH_SEND, 0, 2, SAFI_UNICAST, ADD_PATH_SEND]),
  ])
  const fixed = Buffer.alloc(10)
  fixed[0] = 4
  fixed.writeUInt16BE(asn > 0xffff ? AS_TRANS : asn, 1)
  fixed.writeUInt16BE(holdSeconds, 3)
  fixed.set(routerId, 5)
  fixed[9] = capabilities.length + 2
  return message(OPEN, Buffer.concat([fixed, Buffer.from([2, capabilities.length]), capabilities]))
}

function capability(code: number, value: readonly number[]): Buffer {
  return Buffer.from([code, value.length, ...value])
}

/** Appends (path identifier, prefix) to `into` at `at`; gives where it ends. `words`: the address, 32 bits each. */
export function encodePrefix(
  into: Buffer, at: number, pathId: number, words: ArrayLike<number>, length: number,
): number {
  into.writeUInt32BE(pathId, at)
  into[at + 4] = length
  const octets = (length + 7) >> 3
  for (let i = 0; i < octets; i++) into[at + 5 + i] = words[i >> 2]! >>> (24 - 8 * (i & 3))
  return at + 5 + octets
}

/** An UPDATE that announces; IPv6 by MP_REACH_NLRI (RFC 4760, section 3). */
export function encodeAnnouncement(attributes: UpdateAttributes, nlri: Nlri): Buffer {
  const { nextHop, asPath, med, localPref, communities } = attributes
  const isFour = nextHop.length === 4
  const path = Buffer.alloc(2 + 4 * asPath.length)
  path[0] = 2
  path[1] = asPath.length
  asPath.forEach((asn, i) => path.writeUInt32BE(asn, 2 + 4 * i))
  const attributesBytes = Buffer.concat([
    attribute(0x40, 1, Buffer.from([0])),
    attribute(0x40, 2, path),
    ...(isFour ? [attribute(0x40, 3, nextHop)] : []),
    attribute(0x80, 4, words([med])),
    attribute(0x40, 5, words([localPref])),
    ...(communities.length > 0 ? [attribute(0xc0, 8, words(communities))] : []),
    ...(isFour ? [] : [attribute(0x80, 14, Buffer.concat([Buffer.from([0, 2, SAFI_UNICAST, 16]), nextHop, Buffer.from([0]), nlri]))]),
  ])
  const head = Buffer.alloc(4)
  head.writeUInt16BE(attributesBytes.length, 2)
  return message(UPDATE, Buffer.concat(isFour ? [head, attributesBytes, nlri] : [head, attributesBytes]))
}

/** An UPDATE that withdraws; IPv6 by MP_UNREACH_NLRI (RFC 4760, section 4). Without prefixes it is End-of-RIB (RFC 4724). */
export function encodeWithdrawal(family: 4 | 6, nlri: Nlri): Buffer {
  if (family === 4) {
    const body = Buffer.alloc(4 + nlri.length)
    body.writeUInt16BE(nlri.length)
    body.set(nlri, 2)
    return message(UPDATE, body)
  }
  const unreach = attribute(0x80, 15, Buffer.concat([Buffer.from([0, 2, SAFI_UNICAST]), nlri]))
  const head = Buffer.alloc(4)
  head.writeUInt16BE(unreach.length, 2)
  return message(UPDATE, Buffer.concat([head, unreach]))
}

function attribute(flags: number, type: number, value: Uint8Array): Buffer {
  const EXTENDED_LENGTH = 0x10
  const head = Buffer.from([flags | EXTENDED_LENGTH, type, value.length >> 8, value.length & 255])
  return Buffer.concat([head, value])
}

function words(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length)
  values.forEach((value, i) => bytes.writeUInt32BE(value, 4 * i))
  return bytes
}
