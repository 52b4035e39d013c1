/** Path attributes as an UPDATE carries them (RFC 4271, section 4.3), with AS numbers of four octets (RFC 6793). Pure. */
import { addressOfBytes, isLinkLocal, type Address } from '../../model/prefix.ts'
import type { AttributePacker } from './packed-attributes.ts'

const EXTENDED_LENGTH = 0x10
/** IANA's registry of BGP path attributes. */
const TYPE = {
  origin: 1, asPath: 2, nextHop: 3, med: 4, localPref: 5, communities: 8, originatorId: 9, mpReach: 14, large: 32,
} as const

/** Hands an attribute, with its flags and length, to the packer; what is no attribute makes the path malformed. */
export function readBgpAttribute(bytes: Uint8Array, start: number, end: number, packer: AttributePacker): void {
  const isLong = ((bytes[start] ?? 0) & EXTENDED_LENGTH) !== 0
  const at = start + (isLong ? 4 : 3)
  const length = isLong ? (bytes[start + 2]! << 8) | bytes[start + 3]! : bytes[start + 2]!
  if (at > end || at + length !== end || !readValue(bytes, bytes[start + 1]!, at, end, packer)) packer.isMalformed = true
}

/** False when the bytes are no value of the type. */
function readValue(bytes: Uint8Array, type: number, at: number, end: number, packer: AttributePacker): boolean {
  const length = end - at
  switch (type) {
    case TYPE.origin:
      packer.origin = bytes[at]!
      return length === 1
    case TYPE.asPath:
      return readAsPath(bytes, at, end, packer)
    case TYPE.nextHop:
      packer.nextHop = readAddress(bytes, at, length)
      return packer.nextHop !== undefined
    case TYPE.med:
      packer.med = word(bytes, at)
      return length === 4
    case TYPE.localPref:
      packer.localPref = word(bytes, at)
      return length === 4
    case TYPE.communities:
      for (let i = at; i < end; i += 4) packer.addCommunity(word(bytes, i))
      return length % 4 === 0
    case TYPE.originatorId:
      packer.originator = word(bytes, at)
      return length === 4
    case TYPE.mpReach:
      return readNextHop(bytes, at, end, packer)
    case TYPE.large:
      for (let i = at; i < end; i += 12) packer.addLarge(word(bytes, i), word(bytes, i + 4), word(bytes, i + 8))
      return length % 12 === 0
    default:
      // CLUSTER_LIST, AGGREGATOR, extended communities and what is yet to come: steering needs none of them.
      return true
  }
}

function readAsPath(bytes: Uint8Array, start: number, end: number, packer: AttributePacker): boolean {
  let at = start
  while (at + 2 <= end) {
    packer.beginSegment(bytes[at]!)
    const behind = at + 2 + 4 * bytes[at + 1]!
    if (behind > end) return false
    for (at += 2; at < behind; at += 4) packer.addAsn(word(bytes, at))
  }
  return at === end
}

/** MP_REACH_NLRI (RFC 4760, section 3); a link-local address may follow the global one (RFC 2545, section 3). */
function readNextHop(bytes: Uint8Array, at: number, end: number, packer: AttributePacker): boolean {
  const first = at + 4
  const length = bytes[at + 3] ?? 0
  if (first + length > end) return false
  if (length === 32) {
    const [one, other] = [readAddress(bytes, first, 16)!, readAddress(bytes, first + 16, 16)!]
    packer.nextHop = isLinkLocal(one) && !isLinkLocal(other) ? other : one
  } else {
    packer.nextHop = readAddress(bytes, first, length)
  }
  return packer.nextHop !== undefined
}

function readAddress(bytes: Uint8Array, at: number, length: number): Address | undefined {
  return length === 4 || length === 16 ? addressOfBytes(bytes.subarray(at, at + length)) : undefined
}

function word(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
}
