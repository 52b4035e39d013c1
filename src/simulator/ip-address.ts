/**
 * Addresses and prefixes as big integers. The simulator keeps its own arithmetic, so that a fault in the
 * service's cannot hide itself.
 */
import { isIPv4, isIPv6 } from 'node:net'

export interface IpAddress {
  readonly family: 4 | 6
  readonly value: bigint
}

export interface IpPrefix extends IpAddress {
  readonly length: number
}

/** Reads an IPv4 or IPv6 address; throws RangeError. */
export function readAddress(text: string): IpAddress {
  const value = (parts: string[], base: bigint): bigint =>
    parts.reduce((sum, part) => sum * base + BigInt(part), 0n)
  if (isIPv4(text)) return { family: 4, value: value(text.split('.'), 256n) }
  if (!isIPv6(text) || /[.%]/.test(text)) throw new RangeError(`"${text}" is no address`)
  const [head = '', tail] = text.split('::')
  const groups = (part: string): string[] => (part === '' ? [] : part.split(':').map((group) => `0x${group}`))
  const [before, after] = [groups(head), groups(tail ?? '')]
  const all = [...before, ...Array.from({ length: 8 - before.length - after.length }, () => '0'), ...after]
  return { family: 6, value: value(all, 65536n) }
}

/** Reads `ADDRESS/LENGTH`, or an address as a prefix of full length; bits behind the length are cleared. */
export function readPrefix(text: string): IpPrefix {
  const [addressText = '', lengthText, ...more] = text.split('/')
  const address = readAddress(addressText)
  const length = lengthText === undefined ? bitsOf(address) : Number(lengthText)
  if (!Number.isInteger(length) || length < 0 || length > bitsOf(address) || more.length > 0) {
    throw new RangeError(`"${text}" is no prefix`)
  }
  return maskAddress(address, length)
}

/** The prefix of this length that holds the address. */
export function maskAddress({ family, value }: IpAddress, length: number): IpPrefix {
  const hostBits = BigInt(bitsOf({ family, value }) - length)
  return { family, value: (value >> hostBits) << hostBits, length }
}

/** 32 or 128. */
export function bitsOf({ family }: IpAddress): number {
  return family === 4 ? 32 : 128
}

/** 4 or 16 bytes in network order. */
export function bytesOfAddress(address: IpAddress): Buffer {
  return Buffer.from(address.value.toString(16).padStart(bitsOf(address) / 4, '0'), 'hex')
}

/** Text of an address; IPv6 in full, without `::`. */
export function writeAddress(address: IpAddress): string {
  const bytes = bytesOfAddress(address)
  if (address.family === 4) return bytes.join('.')
  return Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(i * 2).toString(16)).join(':')
}
