/**
 * sFlow version 5 as hsflowd writes it (sflow.org, "sFlow Version 5", section 5): expanded samples. The
 * simulator's agent writes the compact ones. Pure.
 */
import { isIPv4 } from 'node:net'
import type { LoggedPacket } from './nflog-pcap.ts'
import type { InterfaceTotals } from './interface-totals.ts'

export interface DatagramHeader {
  /** IPv4. */
  readonly agent: string
  readonly sequence: number
  readonly uptimeMs: number
}

export interface FlowSample {
  readonly sequence: number
  readonly samplingRate: number
  /** Packets that could have been sampled so far. */
  readonly samplePool: number
  /** Samples that were lost so far for want of room. */
  readonly drops: number
  readonly packet: LoggedPacket
}

export interface CounterSample extends InterfaceTotals {
  readonly sequence: number
  readonly ifIndex: number
  readonly speedBps: number
  readonly operUp: boolean
}

/** hsflowd's own. */
const SUB_AGENT = 100_000
/** The host itself. */
const INTERNAL_IFINDEX = 0x3fffffff
/** enterprise 0: formats of `sample_data`, `flow_data` and `counter_data`. */
const FLOW_SAMPLE_EXPANDED = 3
const COUNTERS_SAMPLE_EXPANDED = 4
const SAMPLED_HEADER = 1
const IF_COUNTERS = 1
const ETHERNET_CSMACD = 6
/** header_protocol. */
const PROTOCOL = { ethernet: 1, ipv4: 11, ipv6: 12 } as const
const HEADER_BYTES = 128
const ETHERNET_BYTES = 14
/** Frame check sequence: counts as part of the frame, and is stripped from the header. */
const FCS_BYTES = 4

/** A whole datagram from samples that were encoded before. */
export function encodeDatagram(header: DatagramHeader, samples: readonly Buffer[]): Buffer {
  const { agent, sequence, uptimeMs } = header
  if (!isIPv4(agent)) throw new RangeError(`agent "${agent}" is no IPv4 address`)
  const address = Buffer.from(agent.split('.').map(Number))
  const counts = words(SUB_AGENT, sequence, uptimeMs, samples.length)
  return Buffer.concat([words(5, 1), address, counts, ...samples])
}

/** flow_sample_expanded of a packet on its way out: the interface that it leaves by is the one sampled. */
export function encodeFlowSample({ sequence, samplingRate, samplePool, drops, packet }: FlowSample): Buffer {
  const output = packet.outIfIndex ?? INTERNAL_IFINDEX
  const head = words(
    sequence, 0, output, samplingRate, samplePool, drops,
    0, packet.inIfIndex ?? INTERNAL_IFINDEX, 0, output, 1,
  )
  return tagged(FLOW_SAMPLE_EXPANDED, head, tagged(SAMPLED_HEADER, encodeSampledHeader(packet)))
}

/** counters_sample_expanded with the generic interface counters (RFC 2233 names them). */
export function encodeCounterSample(sample: CounterSample): Buffer {
  const { sequence, ifIndex } = sample
  const fullDuplex = 1
  const status = sample.operUp ? 3 : 1
  const record = tagged(
    IF_COUNTERS,
    words(ifIndex, ETHERNET_CSMACD), long(sample.speedBps), words(fullDuplex, status),
    long(sample.inBytes), words(sample.inPackets, 0, 0, sample.inDrops, sample.inErrors, 0),
    long(sample.outBytes), words(sample.outPackets, 0, 0, sample.outDrops, sample.outErrors, 0),
  )
  return tagged(COUNTERS_SAMPLE_EXPANDED, words(sequence, 0, ifIndex, 1), record)
}

/** With the link header that the packet came in with, if it did; else from its IP header on. */
function encodeSampledHeader({ linkHeader, packet }: LoggedPacket): Buffer {
  const isEthernet = linkHeader?.length === ETHERNET_BYTES
  const version = packet[0]! >>> 4
  const protocol = isEthernet ? PROTOCOL.ethernet : version === 4 ? PROTOCOL.ipv4 : PROTOCOL.ipv6
  const stripped = isEthernet ? FCS_BYTES : ETHERNET_BYTES + FCS_BYTES
  const frameBytes = ETHERNET_BYTES + packet.length + FCS_BYTES
  const whole = isEthernet ? Buffer.concat([linkHeader, packet.subarray(0, HEADER_BYTES)]) : packet
  const header = whole.subarray(0, HEADER_BYTES)
  const padding = Buffer.alloc(-header.length & 3)
  return Buffer.concat([words(protocol, frameBytes, stripped, header.length), header, padding])
}

function tagged(format: number, ...parts: Buffer[]): Buffer {
  return Buffer.concat([words(format, parts.reduce((sum, part) => sum + part.length, 0)), ...parts])
}

/** Totals wrap at 32 bits. */
function words(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4)
  values.forEach((value, i) => bytes.writeUInt32BE(value % 2 ** 32, i * 4))
  return bytes
}

function long(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(value))
  return bytes
}
