/**
 * IPv4 and IPv6 addresses and prefixes as numbers, so that comparing and splitting them allocates nothing.
 */
import ipaddr from 'ipaddr.js'

export type Family = 4 | 6

/**
 * An address as four unsigned 32-bit words, most significant first. An IPv4 address sits in `w0`;
 * its other words are 0.
 */
export interface Address {
  readonly family: Family
  readonly w0: number
  readonly w1: number
  readonly w2: number
  readonly w3: number
}

/** A prefix: all bits behind `length` are 0. */
export interface Prefix extends Address {
  readonly length: number
}

/** Bits of an address of this family: 32 or 128. */
export function addressBits(family: Family): 32 | 128 {
  return family === 4 ? 32 : 128
}

/**
 * Reads an IPv4 (four decimal parts) or IPv6 (RFC 4291, section 2.2) address; throws RangeError on anything
 * else.
 */
export function parseAddress(text: string): Address {
  // Told apart by the colon first: ipaddr.js tells by an exception, which takes ten times as long.
  if (text.includes(':')) {
    if (!text.includes('%') && ipaddr.IPv6.isValid(text)) {
      return addressOfBytes(ipaddr.IPv6.parse(text).toByteArray())
    }
  } else if (ipaddr.IPv4.isValidFourPartDecimal(text)) {
    return addressOfBytes(ipaddr.IPv4.parse(text).octets)
  }
  throw new RangeError(`"${text}" is not an IPv4 or IPv6 address`)
}

/** An address from its 4 or 16 bytes in network order. */
export function addressOfBytes(bytes: ArrayLike<number>): Address {
  const word = (i: number): number =>
    ((bytes[i]! << 24) | (bytes[i + 1]! << 16) | (bytes[i + 2]! << 8) | bytes[i + 3]!) >>> 0
  return bytes.length === 4
    ? { family: 4, w0: word(0), w1: 0, w2: 0, w3: 0 }
    : { family: 6, w0: word(0), w1: word(4), w2: word(8), w3: word(12) }
}

/** Text of an address; IPv6 as RFC 5952 wants it. */
export function formatAddress(a: Address): string {
  if (a.family === 4) {
    return `${a.w0 >>> 24}.${(a.w0 >>> 16) & 255}.${(a.w0 >>> 8) & 255}.${a.w0 & 255}`
  }
  const parts = [a.w0, a.w1, a.w2, a.w3].flatMap((w) => [w >>> 16, w & 0xffff])
  return new ipaddr.IPv6(parts).toRFC5952String()
}

/** Reads `ADDRESS/LENGTH`; throws RangeError when it is no prefix or has bits set behind its length. */
export function parsePrefix(text: string): Prefix {
  const { address, length } = parseInterfaceAddress(text)
  const prefix = prefixOf(address, length)
  if (compareAddresses(prefix, address) !== 0) {
    throw new RangeError(`"${text}" has bits set behind its length; did you mean ${formatPrefix(prefix)}?`)
  }
  return prefix
}

/** Reads `ADDRESS/LENGTH` and keeps the address's own bits, as on an interface; throws RangeError. */
export function parseInterfaceAddress(text: string): { address: Address; length: number } {
  const match = /^([^/]+)\/(\d{1,3})$/.exec(text)
  if (match === null) throw new RangeError(`"${text}" is not ADDRESS/LENGTH`)
  const address = parseAddress(match[1]!)
  const length = Number(match[2])
  if (length > addressBits(address.family)) {
    throw new RangeError(`"${text}": the longest length is ${addressBits(address.family)}`)
  }
  return { address, length }
}

/** Text of a prefix, `ADDRESS/LENGTH`: canonical, so it also serves as a key. */
export function formatPrefix(p: Prefix): string {
  return `${formatAddress(p)}/${p.length}`
}

/** The prefix of this length (at most the family's bits) that holds the address. */
export function prefixOf(a: Address, length: number): Prefix {
  return {
    family: a.family,
    w0: (a.w0 & wordMask(length)) >>> 0,
    w1: (a.w1 & wordMask(length - 32)) >>> 0,
    w2: (a.w2 & wordMask(length - 64)) >>> 0,
    w3: (a.w3 & wordMask(length - 96)) >>> 0,
    length,
  }
}

/** The highest address in the prefix. */
export function lastAddressOf({ family, w0, w1, w2, w3, length }: Prefix): Address {
  if (family === 4) return { family, w0: (w0 | ~wordMask(length)) >>> 0, w1: 0, w2: 0, w3: 0 }
  return {
    family,
    w0: (w0 | ~wordMask(length)) >>> 0,
    w1: (w1 | ~wordMask(length - 32)) >>> 0,
    w2: (w2 | ~wordMask(length - 64)) >>> 0,
    w3: (w3 | ~wordMask(length - 96)) >>> 0,
  }
}

/** fe80::/10 (RFC 4291, section 2.5.6): it means something on its own link only. */
export function isLinkLocal(a: Address): boolean {
  return a.family === 6 && a.w0 >>> 22 === 0xfe80 >>> 6
}

/** The two halves of a prefix, lower first; undefined for a single address. */
export function halvesOf(p: Prefix): readonly [Prefix, Prefix] | undefined {
  if (p.length >= addressBits(p.family)) return undefined
  const length = p.length + 1
  const words: [number, number, number, number] = [p.w0, p.w1, p.w2, p.w3]
  const word = (p.length >>> 5) as 0 | 1 | 2 | 3
  words[word] = (words[word] | (1 << (31 - (p.length & 31)))) >>> 0
  const [w0, w1, w2, w3] = words
  return [
    { ...p, length },
    { family: p.family, w0, w1, w2, w3, length },
  ]
}

/** Value of bit `index` (0 is the most significant) of an address: 0 or 1. */
export function bitOf(a: Address, index: number): 0 | 1 {
  const word = index < 32 ? a.w0 : index < 64 ? a.w1 : index < 96 ? a.w2 : a.w3
  return ((word >>> (31 - (index & 31))) & 1) as 0 | 1
}

/** True when every address of `inner` (an address or a prefix) lies in `outer`. */
export function contains(outer: Prefix, inner: Address | Prefix): boolean {
  if (outer.family !== inner.family) return false
  if ('length' in inner && inner.length < outer.length) return false
  const n = outer.length
  return (
    ((outer.w0 ^ inner.w0) & wordMask(n)) === 0 &&
    ((outer.w1 ^ inner.w1) & wordMask(n - 32)) === 0 &&
    ((outer.w2 ^ inner.w2) & wordMask(n - 64)) === 0 &&
    ((outer.w3 ^ inner.w3) & wordMask(n - 96)) === 0
  )
}

/** True when the two prefixes share an address: one holds the other. */
export function overlaps(a: Prefix, b: Prefix): boolean {
  return contains(a, b) || contains(b, a)
}

/** Order of addresses: IPv4 first, then by value. Negative, 0 or positive. */
export function compareAddresses(a: Address, b: Address): number {
  return a.family - b.family || a.w0 - b.w0 || a.w1 - b.w1 || a.w2 - b.w2 || a.w3 - b.w3
}

/** Order of prefixes: by address, then the shorter first, so that a prefix precedes all that it holds. */
export function comparePrefixes(a: Prefix, b: Prefix): number {
  return compareAddresses(a, b) || a.length - b.length
}

/** The highest `bits` (of 32) set; none for 0 and below, all for 32 and above. */
function wordMask(bits: number): number {
  return bits <= 0 ? 0 : bits >= 32 ? -1 : -1 << (32 - bits)
}
