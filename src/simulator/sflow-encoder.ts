/** sFlow version 5 on the wire, as an agent writes it (sflow.org, "sFlow Version 5", section 5). Pure. */
import { FCS_BYTES } from './ethernet-frame.ts'
import { bytesOfAddress, type IpAddress } from './ip-address.ts'

export interface FlowSample {
  readonly sequence: number
  /** ifIndex of the interface that was sampled: the one that the packet came in by. */
  readonly sourceIfIndex: number
  readonly samplingRate: number
  /** Packets that could have been sampled so far. */
  readonly samplePool: number
  readonly inputIfIndex: number
  /** undefined: the router had no route, and dropped the packet. */
  readonly outputIfIndex: number | undefined
  readonly frameBytes: number
  readonly header: Buffer
  /** What the forwarding table said; undefined without a route. */
  readonly nextHop: IpAddress | undefined
  readonly sourceLength: number
  readonly destinationLength: number
}

export interface InterfaceCounters {
  readonly ifIndex: number
  readonly speedBps: number
  readonly operUp: boolean
  readonly inOctets: bigint
  readonly inPackets: bigint
  readonly inDiscards: bigint
  readonly outOctets: bigint
  readonly outPackets: bigint
  readonly outDiscards: bigint
}

export interface DatagramHeader {
  readonly agent: IpAddress
  readonly sequence: number
  readonly uptimeMs: number
}

/** enterprise 0, formats of `sample_data`, `flow_data` and `counter_data`. */
const FLOW_SAMPLE = 1
const COUNTERS_SAMPLE = 2
const RAW_HEADER = 1
const EXTENDED_ROUTER = 1002
const IF_COUNTERS = 1
const ETHERNET_PROTOCOL = 1
const ETHERNET_CSMACD = 6
/** `output` of a discarded packet: format 1 with reason 0, "net unreachable". */
const NO_ROUTE = 0x40000000

/** A whole datagram from samples that were encoded before. */
export function encodeDatagram(header: DatagramHeader, samples: readonly Buffer[]): Buffer {
  const counts = words(0, header.sequence, header.uptimeMs, samples.length)
  return Buffer.concat([words(5), encodeAddress(header.agent), counts, ...samples])
}

/** Bytes that `encodeDatagram` puts before the samples. */
export function datagramHeaderBytes(agent: IpAddress): number {
  return encodeDatagram({ agent, sequence: 0, uptimeMs: 0 }, []).length
}

/** flow_sample with a raw packet header and, when the packet was routed, extended_router data. */
export function encodeFlowSample(sample: FlowSample): Buffer {
  const { header, nextHop } = sample
  const padding = Buffer.alloc(-header.length & 3)
  const raw = [words(ETHERNET_PROTOCOL, sample.frameBytes, FCS_BYTES, header.length), header, padding]
  const records = [tagged(RAW_HEADER, ...raw)]
  if (nextHop !== undefined) {
    const lengths = words(sample.sourceLength, sample.destinationLength)
    records.push(tagged(EXTENDED_ROUTER, encodeAddress(nextHop), lengths))
  }
  const head = words(
    sample.sequence, sample.sourceIfIndex, sample.samplingRate, sample.samplePool, 0,
    sample.inputIfIndex, sample.outputIfIndex ?? NO_ROUTE, records.length,
  )
  return tagged(FLOW_SAMPLE, head, ...records)
}

/** counters_sample with the generic interface counters (RFC 2233 names them). */
export function encodeCounterSample(sequence: number, counters: InterfaceCounters): Buffer {
  const { ifIndex } = counters
  const fullDuplex = 1
  const status = counters.operUp ? 3 : 1
  const record = tagged(
    IF_COUNTERS,
    words(ifIndex, ETHERNET_CSMACD), long(BigInt(counters.speedBps)), words(fullDuplex, status),
    long(counters.inOctets), words(low32(counters.inPackets), 0, 0, low32(counters.inDiscards), 0, 0),
    long(counters.outOctets), words(low32(counters.outPackets), 0, 0, low32(counters.outDiscards), 0, 0),
  )
  return tagged(COUNTERS_SAMPLE, words(sequence, ifIndex, 1), record)
}

function tagged(format: number, ...parts: Buffer[]): Buffer {
  return Buffer.concat([words(format, parts.reduce((sum, part) => sum + part.length, 0)), ...parts])
}

function encodeAddress(address: IpAddress): Buffer {
  return Buffer.concat([words(address.family === 4 ? 1 : 2), bytesOfAddress(address)])
}

function words(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4)
  values.forEach((value, i) => bytes.writeUInt32BE(value % 2 ** 32, i * 4))
  return bytes
}

function long(value: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt.asUintN(64, value))
  return bytes
}

function low32(value: bigint): number {
  return Number(BigInt.asUintN(32, value))
}
