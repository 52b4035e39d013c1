/**
 * sFlow version 5 (sflow.org/sflow_version_5.txt, section 5). Pure; allocates nothing per datagram, and never
 * throws, whatever the bytes are.
 */
import { readIpv4Destination, readIpv6Destination, readPacket } from './packet.ts'
import type { CounterSample, DatagramHeader, FlowSample, MalformedReason, SflowSink } from './samples.ts'
import { readU32, readU64 } from './words.ts'

const VERSION = 5
const ADDRESS_IPV4 = 1
const ADDRESS_IPV6 = 2

/** data_format of samples: enterprise 0 in the upper 20 bits. */
const FLOW_SAMPLE = 1
const COUNTERS_SAMPLE = 2
const FLOW_SAMPLE_EXPANDED = 3
const COUNTERS_SAMPLE_EXPANDED = 4

/**
 * flow_format. Gateway records (1003) tell nothing that the route table does not know better; the next hop of
 * extended_router tells whether the ifIndex is the interface that we take it for.
 */
const RAW_HEADER = 1
const SAMPLED_IPV4 = 3
const SAMPLED_IPV6 = 4
const EXTENDED_ROUTER = 1002

/** counter_format, and the length of its fields. */
const GENERIC_INTERFACE = 1
const GENERIC_INTERFACE_BYTES = 88

/** The packet came from or went to the agent itself. */
const INTERNAL_INTERFACE = 0x3fffffff
const UNKNOWN_INTERFACE = 0xffffffff

/** 16 times what the coarsest chips offer. */
const HIGHEST_SAMPLING_RATE = 2 ** 28
/** Large enough for hosts that sample before segmentation. */
const LONGEST_FRAME = 2 ** 20

/** Why something was refused; undefined when it was not. */
type Fault = MalformedReason | undefined

export class SflowDecoder {
  readonly #sink: SflowSink
  readonly #header: DatagramHeader = {
    family: 4, w0: 0, w1: 0, w2: 0, w3: 0, subAgent: 0, sequence: 0, uptimeMs: 0,
  }
  readonly #flow: FlowSample = {
    sequence: 0, sourceType: 0, sourceIndex: 0, samplingRate: 0, drops: 0, egressIfIndex: 0, frameLength: 0,
    family: 0, w0: 0, w1: 0, w2: 0, w3: 0, nextHop: { family: 0, w0: 0, w1: 0, w2: 0, w3: 0 },
  }
  readonly #counters: CounterSample = {
    sequence: 0, sourceType: 0, sourceIndex: 0, ifIndex: 0, speedBps: 0, status: 0, outOctets: 0,
    inDiscards: 0, inErrors: 0, outDiscards: 0, outErrors: 0,
  }

  /**
   * The bytes last decoded, and how they are read: whoever receives into the same bytes every time makes but
   * one view.
   */
  #bytes: Uint8Array = new Uint8Array()
  #view: DataView = new DataView(this.#bytes.buffer)

  constructor(sink: SflowSink) {
    this.#sink = sink
  }

  /**
   * Hands the samples of the datagram in the first `end` bytes to the sink. A faulty sample costs itself
   * only, as long as its length says where the next one starts; each fault is told once.
   */
  decode(bytes: Uint8Array, end = bytes.length): void {
    if (bytes !== this.#bytes) {
      this.#bytes = bytes
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    }
    const fault = this.#datagram(this.#view, end)
    if (fault !== undefined) this.#sink.malformed(fault)
  }

  #datagram(bytes: DataView, end: number): Fault {
    if (end < 8) return 'truncated'
    if (readU32(bytes, 0) !== VERSION) return 'version'
    const addressType = readU32(bytes, 4)
    if (addressType !== ADDRESS_IPV4 && addressType !== ADDRESS_IPV6) return 'address_type'
    const isIpv4 = addressType === ADDRESS_IPV4
    let at = isIpv4 ? 12 : 24
    if (end - at < 16) return 'truncated'
    const header = this.#header
    header.family = isIpv4 ? 4 : 6
    header.w0 = readU32(bytes, 8)
    header.w1 = isIpv4 ? 0 : readU32(bytes, 12)
    header.w2 = isIpv4 ? 0 : readU32(bytes, 16)
    header.w3 = isIpv4 ? 0 : readU32(bytes, 20)
    header.subAgent = readU32(bytes, at)
    header.sequence = readU32(bytes, at + 4)
    header.uptimeMs = readU32(bytes, at + 8)
    if (!this.#sink.datagram(header)) return undefined

    const samples = readU32(bytes, at + 12)
    at += 16
    for (let i = 0; i < samples; i++) {
      if (end - at < 8) return 'truncated'
      const format = readU32(bytes, at)
      const length = readU32(bytes, at + 4)
      at += 8
      if (length > end - at) return 'sample_length'
      const fault = this.#sample(format, bytes, at, at + length)
      if (fault !== undefined) this.#sink.malformed(fault)
      at += padded(length)
    }
    return undefined
  }

  #sample(format: number, bytes: DataView, at: number, end: number): Fault {
    switch (format) {
      case FLOW_SAMPLE:
        return this.#flowSample(false, bytes, at, end)
      case FLOW_SAMPLE_EXPANDED:
        return this.#flowSample(true, bytes, at, end)
      case COUNTERS_SAMPLE:
        return this.#countersSample(false, bytes, at, end)
      case COUNTERS_SAMPLE_EXPANDED:
        return this.#countersSample(true, bytes, at, end)
      default:
        return undefined
    }
  }

  #flowSample(isExpanded: boolean, bytes: DataView, start: number, end: number): Fault {
    if (end - start < (isExpanded ? 44 : 32)) return 'sample_length'
    const sample = this.#flow
    sample.sequence = readU32(bytes, start)
    this.#readSource(sample, isExpanded, bytes, start + 4)
    let at = start + (isExpanded ? 12 : 8)
    sample.samplingRate = readU32(bytes, at)
    sample.drops = readU32(bytes, at + 8)
    if (isExpanded) {
      sample.egressIfIndex = egressIfIndex(readU32(bytes, at + 20), readU32(bytes, at + 24))
      at += 28
    } else {
      const output = readU32(bytes, at + 16)
      sample.egressIfIndex = egressIfIndex(output >>> 30, output & 0x3fffffff)
      at += 20
    }
    if (sample.samplingRate === 0 || sample.samplingRate > HIGHEST_SAMPLING_RATE) return 'sampling_rate'
    sample.frameLength = 0
    sample.family = 0
    sample.w0 = sample.w1 = sample.w2 = sample.w3 = 0
    sample.nextHop.family = 0
    const fault = this.#flowRecords(readU32(bytes, at), bytes, at + 4, end)
    if (fault === undefined) this.#sink.flow(sample)
    return fault
  }

  /** The raw header, when there is one, knows better than a sampled_ipv4 or sampled_ipv6 record beside it. */
  #flowRecords(records: number, bytes: DataView, start: number, end: number): Fault {
    let at = start
    let hasRawHeader = false
    for (let i = 0; i < records; i++) {
      if (end - at < 8) return 'record_length'
      const format = readU32(bytes, at)
      const length = readU32(bytes, at + 4)
      at += 8
      if (length > end - at) return 'record_length'
      let fault: Fault
      if (format === RAW_HEADER) {
        fault = this.#rawHeader(bytes, at, at + length)
        hasRawHeader = true
      } else if (!hasRawHeader && (format === SAMPLED_IPV4 || format === SAMPLED_IPV6)) {
        fault = this.#sampledIp(format, bytes, at, at + length)
      } else if (format === EXTENDED_ROUTER) {
        fault = this.#extendedRouter(bytes, at, at + length)
      }
      if (fault !== undefined) return fault
      at += padded(length)
    }
    return undefined
  }

  /** sampled_header: protocol, frame_length, stripped, header. */
  #rawHeader(bytes: DataView, at: number, end: number): Fault {
    if (end - at < 16) return 'record_length'
    const headerLength = readU32(bytes, at + 12)
    if (headerLength > end - at - 16) return 'record_length'
    const sample = this.#flow
    sample.frameLength = readU32(bytes, at + 4)
    if (!isFrameLength(sample.frameLength)) return 'frame_length'
    sample.family = 0
    const start = at + 16
    return readPacket(sample, readU32(bytes, at), bytes, start, start + headerLength) ? undefined : 'header'
  }

  /** sampled_ipv4 and sampled_ipv6: length, protocol, source, destination, … */
  #sampledIp(format: number, bytes: DataView, at: number, end: number): Fault {
    const sample = this.#flow
    if (end - at < (format === SAMPLED_IPV4 ? 32 : 56)) return 'record_length'
    sample.frameLength = readU32(bytes, at)
    if (!isFrameLength(sample.frameLength)) return 'frame_length'
    if (format === SAMPLED_IPV4) readIpv4Destination(sample, bytes, at + 12)
    else readIpv6Destination(sample, bytes, at + 24)
    return undefined
  }

  /** extended_router: next hop, source and destination mask. */
  #extendedRouter(bytes: DataView, at: number, end: number): Fault {
    if (end - at < 4) return 'record_length'
    const type = readU32(bytes, at)
    // Type 0 is an unknown address, of no length.
    if (type !== ADDRESS_IPV4 && type !== ADDRESS_IPV6) return undefined
    const isIpv4 = type === ADDRESS_IPV4
    if (end - at < (isIpv4 ? 8 : 20)) return 'record_length'
    const { nextHop } = this.#flow
    nextHop.family = isIpv4 ? 4 : 6
    nextHop.w0 = readU32(bytes, at + 4)
    nextHop.w1 = isIpv4 ? 0 : readU32(bytes, at + 8)
    nextHop.w2 = isIpv4 ? 0 : readU32(bytes, at + 12)
    nextHop.w3 = isIpv4 ? 0 : readU32(bytes, at + 16)
    return undefined
  }

  #countersSample(isExpanded: boolean, bytes: DataView, start: number, end: number): Fault {
    if (end - start < (isExpanded ? 16 : 12)) return 'sample_length'
    const sample = this.#counters
    sample.sequence = readU32(bytes, start)
    this.#readSource(sample, isExpanded, bytes, start + 4)
    let at = start + (isExpanded ? 12 : 8)
    const records = readU32(bytes, at)
    at += 4
    sample.ifIndex = 0
    for (let i = 0; i < records; i++) {
      if (end - at < 8) return 'record_length'
      const format = readU32(bytes, at)
      const length = readU32(bytes, at + 4)
      at += 8
      if (length > end - at) return 'record_length'
      if (format === GENERIC_INTERFACE) {
        if (length < GENERIC_INTERFACE_BYTES) return 'record_length'
        this.#genericInterface(bytes, at)
      }
      at += padded(length)
    }
    this.#sink.counters(sample)
    return undefined
  }

  /** if_counters. */
  #genericInterface(bytes: DataView, at: number): void {
    const sample = this.#counters
    sample.ifIndex = readU32(bytes, at)
    sample.speedBps = isUncounted(bytes, at + 8) ? 0 : readU64(bytes, at + 8)
    sample.status = readU32(bytes, at + 20)
    sample.inDiscards = readU32(bytes, at + 44)
    sample.inErrors = readU32(bytes, at + 48)
    sample.outOctets = isUncounted(bytes, at + 56) ? -1 : readU64(bytes, at + 56)
    sample.outDiscards = readU32(bytes, at + 76)
    sample.outErrors = readU32(bytes, at + 80)
  }

  /** Compact form: type in the upper 8 bits, index in the lower 24. */
  #readSource(sample: FlowSample | CounterSample, isExpanded: boolean, bytes: DataView, at: number): void {
    const word = readU32(bytes, at)
    sample.sourceType = isExpanded ? word : word >>> 24
    sample.sourceIndex = isExpanded ? readU32(bytes, at + 4) : word & 0xffffff
  }
}

/** XDR pads opaque data to whole words (RFC 4506, section 4.10). */
function padded(length: number): number {
  return (length + 3) & ~3
}

/** Format 0 is a single interface, 1 a dropped packet, 2 several interfaces. */
function egressIfIndex(format: number, value: number): number {
  return format !== 0 || value === INTERNAL_INTERFACE || value === UNKNOWN_INTERFACE ? 0 : value
}

function isFrameLength(bytes: number): boolean {
  return bytes > 0 && bytes <= LONGEST_FRAME
}

/** Counters that an agent does not keep are all ones. */
function isUncounted(bytes: DataView, at: number): boolean {
  return readU32(bytes, at) === 0xffffffff && readU32(bytes, at + 4) === 0xffffffff
}
