/** Prefixes as keys of an index: bytes that sort like addresses. */
import { addressBits, formatPrefix, prefixOf, type Prefix } from '../model/prefix.ts'

/** Family, then the address in network order. */
export function firstAddress({ family, w0, w1, w2, w3 }: Prefix): Uint8Array {
  const bytes = new Uint8Array(1 + addressBits(family) / 8)
  const view = new DataView(bytes.buffer)
  bytes[0] = family
  const words = family === 4 ? [w0] : [w0, w1, w2, w3]
  words.forEach((word, i) => view.setUint32(1 + 4 * i, word))
  return bytes
}

/** The key of the last address of the prefix. */
export function lastAddress(prefix: Prefix): Uint8Array {
  const bytes = firstAddress(prefix)
  for (let bit = prefix.length; bit < addressBits(prefix.family); bit++) {
    bytes[1 + (bit >>> 3)]! |= 0x80 >>> (bit & 7)
  }
  return bytes
}

/** Text of every prefix that holds this one, itself among them. */
export function holdersOf(prefix: Prefix): readonly string[] {
  return Array.from({ length: prefix.length + 1 }, (_, length) => formatPrefix(prefixOf(prefix, length)))
}
