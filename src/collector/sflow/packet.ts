/** The sampled packet: where it was going. */
import type { FlowSample } from './samples.ts'
import { readU16, readU32 } from './words.ts'

/** header_protocol of a raw packet header record. */
const PROTOCOL_ETHERNET = 1
const PROTOCOL_IPV4 = 11
const PROTOCOL_IPV6 = 12

const ETHERNET_BYTES = 14
const TAG_BYTES = 4
const IPV4_BYTES = 20
const IPV6_BYTES = 40

/**
 * Reads the destination of the header bytes in [at, end) into the sample. Packets that are not IP leave its
 * family at 0, which is no fault; false when the header ends early or is not the protocol that it is said to
 * be.
 */
export function readPacket(
  sample: FlowSample,
  protocol: number,
  bytes: DataView,
  at: number,
  end: number,
): boolean {
  switch (protocol) {
    case PROTOCOL_ETHERNET:
      return readEthernet(sample, bytes, at, end)
    case PROTOCOL_IPV4:
      return readIpv4(sample, bytes, at, end)
    case PROTOCOL_IPV6:
      return readIpv6(sample, bytes, at, end)
    default:
      return true
  }
}

/** IPv4 destination from the 4 bytes at `at`. */
export function readIpv4Destination(sample: FlowSample, bytes: DataView, at: number): void {
  sample.family = 4
  sample.w0 = readU32(bytes, at)
  sample.w1 = 0
  sample.w2 = 0
  sample.w3 = 0
}

/** IPv6 destination from the 16 bytes at `at`. */
export function readIpv6Destination(sample: FlowSample, bytes: DataView, at: number): void {
  sample.family = 6
  sample.w0 = readU32(bytes, at)
  sample.w1 = readU32(bytes, at + 4)
  sample.w2 = readU32(bytes, at + 8)
  sample.w3 = readU32(bytes, at + 12)
}

function readEthernet(sample: FlowSample, bytes: DataView, start: number, end: number): boolean {
  if (end - start < ETHERNET_BYTES) return false
  let at = start + ETHERNET_BYTES
  let etherType = readU16(bytes, at - 2)
  while (isTag(etherType)) {
    if (end - at < TAG_BYTES) return false
    at += TAG_BYTES
    etherType = readU16(bytes, at - 2)
  }
  if (etherType === 0x0800) return readIpv4(sample, bytes, at, end)
  if (etherType === 0x86dd) return readIpv6(sample, bytes, at, end)
  return true
}

/** 802.1Q, 802.1ad, and the double tag of before 802.1ad. */
function isTag(etherType: number): boolean {
  return etherType === 0x8100 || etherType === 0x88a8 || etherType === 0x9100
}

/** RFC 791, section 3.1. */
function readIpv4(sample: FlowSample, bytes: DataView, at: number, end: number): boolean {
  if (end - at < IPV4_BYTES || bytes.getUint8(at) >>> 4 !== 4 || (bytes.getUint8(at) & 15) < 5) return false
  readIpv4Destination(sample, bytes, at + 16)
  return true
}

/** RFC 8200, section 3. */
function readIpv6(sample: FlowSample, bytes: DataView, at: number, end: number): boolean {
  if (end - at < IPV6_BYTES || bytes.getUint8(at) >>> 4 !== 6) return false
  readIpv6Destination(sample, bytes, at + 24)
  return true
}
