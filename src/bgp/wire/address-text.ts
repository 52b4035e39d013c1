/** Reads addresses out of the bytes of their text, in which a full table comes: no text is made of them. */
import { parseAddress, type Address } from '../../model/prefix.ts'
import { latin1 } from './latin1.ts'

/**
 * An address from the bytes of its text; undefined where there is none, as GoBGP 3.10 stores what it was given
 * wrongly as "<nil>".
 */
export function readAddress(bytes: Uint8Array, start: number, end: number): Address | undefined {
  const word = readIpv4(bytes, start, end)
  if (word !== undefined) return { family: 4, w0: word, w1: 0, w2: 0, w3: 0 }
  const plain = readPlainIpv6(bytes, start, end)
  if (plain !== undefined) return plain
  try {
    return parseAddress(latin1(bytes, start, end))
  } catch {
    return undefined
  }
}

/** Four decimal parts, without making a text of them; undefined for anything else. */
function readIpv4(bytes: Uint8Array, start: number, end: number): number | undefined {
  let word = 0
  let part = 0
  let digits = 0
  let dots = 0
  for (let i = start; i < end; i++) {
    const digit = bytes[i]! - 48
    if (digit >= 0 && digit <= 9) {
      if (digits > 0 && part === 0) return undefined
      part = part * 10 + digit
      if (++digits > 3 || part > 255) return undefined
    } else {
      if (digit !== -2 || digits === 0 || ++dots > 3) return undefined
      word = word * 256 + part
      part = 0
      digits = 0
    }
  }
  return dots === 3 && digits > 0 ? word * 256 + part : undefined
}

/**
 * IPv6 as Go writes it, groups of hexadecimal digits and one `::` in the place of some (RFC 5952), without
 * making a text of it; undefined for anything else.
 */
function readPlainIpv6(bytes: Uint8Array, start: number, end: number): Address | undefined {
  const COLON = 58
  GROUPS.fill(0)
  let count = 0
  /** How many groups stand before the `::`. */
  let gap = -1
  let at = start
  if (bytes[at] === COLON && bytes[at + 1] === COLON) {
    gap = 0
    at += 2
  }
  while (at < end) {
    let group = 0
    const first = at
    for (let digit = hexDigit(bytes[at]!); digit >= 0; digit = at < end ? hexDigit(bytes[at]!) : -1) {
      group = group * 16 + digit
      at++
    }
    if (at === first || at - first > 4 || count === 8) return undefined
    GROUPS[count++] = group
    if (at === end) break
    if (bytes[at++] !== COLON || at === end) return undefined
    if (bytes[at] !== COLON) continue
    if (gap >= 0) return undefined
    gap = count
    at++
  }
  if (gap < 0 ? count !== 8 : count > 7) return undefined
  if (gap >= 0) {
    GROUPS.copyWithin(8 - count + gap, gap, count)
    GROUPS.fill(0, gap, 8 - count + gap)
  }
  const word = (i: number): number => GROUPS[i]! * 0x10000 + GROUPS[i + 1]!
  return { family: 6, w0: word(0), w1: word(2), w2: word(4), w3: word(6) }
}

const GROUPS = new Uint16Array(8)

/** Value of a lower-case hexadecimal digit, or -1. */
function hexDigit(byte: number): number {
  return byte >= 48 && byte <= 57 ? byte - 48 : byte >= 97 && byte <= 102 ? byte - 87 : -1
}
