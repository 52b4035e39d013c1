/** The first bytes of the packets that cross the edge, as a switch's sampler sees them. Pure. */
import { bytesOfAddress, type IpAddress } from './ip-address.ts'

const ETHERNET_BYTES = 14
const ETHERTYPE = { 4: 0x0800, 6: 0x86dd } as const
const UDP = 17
const TTL = 64
const HEADER_BYTES = 128
/** Locally administered addresses of the server and of the router. */
const MACS = Buffer.from('020000000001020000000002', 'hex')
const PORTS = Buffer.from('01bbc350', 'hex')
/** Frame check sequence: part of a frame's length, never of its sampled header. */
export const FCS_BYTES = 4

/**
 * The header of an Ethernet frame with IPv4 (RFC 791) or IPv6 (RFC 8200) and UDP in it: its first 128 bytes,
 * or all but the FCS when it is shorter. `frameBytes` counts the FCS, as ifOutOctets does.
 */
export function buildFrameHeader(from: IpAddress, to: IpAddress, frameBytes: number): Buffer {
  const bytes = Buffer.alloc(Math.min(frameBytes - FCS_BYTES, HEADER_BYTES))
  const packetBytes = frameBytes - FCS_BYTES - ETHERNET_BYTES
  MACS.copy(bytes)
  bytes.writeUInt16BE(ETHERTYPE[to.family], 12)
  const ipBytes = to.family === 4 ? 20 : 40
  const ip = bytes.subarray(ETHERNET_BYTES)
  if (to.family === 4) {
    ip.writeUInt8(0x45, 0)
    ip.writeUInt16BE(packetBytes, 2)
    ip.writeUInt8(TTL, 8)
    ip.writeUInt8(UDP, 9)
    bytesOfAddress(from).copy(ip, 12)
    bytesOfAddress(to).copy(ip, 16)
    ip.writeUInt16BE(internetChecksum(ip.subarray(0, ipBytes)), 10)
  } else {
    ip.writeUInt32BE(0x60000000, 0)
    ip.writeUInt16BE(packetBytes - ipBytes, 4)
    ip.writeUInt8(UDP, 6)
    ip.writeUInt8(TTL, 7)
    bytesOfAddress(from).copy(ip, 8)
    bytesOfAddress(to).copy(ip, 24)
  }
  const udp = ip.subarray(ipBytes)
  PORTS.copy(udp)
  udp.writeUInt16BE(packetBytes - ipBytes, 4)
  return bytes
}

/** RFC 1071: the complement of the ones' complement sum of the 16-bit words. */
function internetChecksum(header: Buffer): number {
  let sum = 0
  for (let i = 0; i < header.length; i += 2) sum += header.readUInt16BE(i)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}
