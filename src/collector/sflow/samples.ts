/** What the decoder reads out of datagrams. Its objects are reused: copy what must outlive the call. */

/** Why a datagram or a sample was refused. */
export const MALFORMED_REASONS = [
  /** The datagram ends before its header or before a sample that it announces. */
  'truncated',
  /** Not version 5. */
  'version',
  /** The agent address is neither IPv4 nor IPv6. */
  'address_type',
  /** A sample reaches beyond the datagram, or is too short for its fixed fields. */
  'sample_length',
  /** A record reaches beyond its sample, or is too short for its fields. */
  'record_length',
  /** The sampled packet's header ends early or is not the protocol that it is said to be. */
  'header',
  /** Zero, or beyond any exporter's range. */
  'sampling_rate',
  /** Zero, or longer than any packet. */
  'frame_length',
  /** The sample stands for more than its interface could send in a whole window. */
  'absurd',
] as const
export type MalformedReason = (typeof MALFORMED_REASONS)[number]

/** sample_datagram_v5. Addresses are words as in model/prefix.ts: an IPv4 address sits in `w0`. */
export interface DatagramHeader {
  family: 4 | 6
  w0: number
  w1: number
  w2: number
  w3: number
  subAgent: number
  sequence: number
  uptimeMs: number
}

/** The next hop that the router had for a sampled packet; family 0 when no record tells. */
export interface NextHop {
  family: 0 | 4 | 6
  w0: number
  w1: number
  w2: number
  w3: number
}

/** flow_sample and flow_sample_expanded. */
export interface FlowSample {
  sequence: number
  /** sFlowDataSource: 0 is an ifIndex. */
  sourceType: number
  sourceIndex: number
  samplingRate: number
  /** Running total of the samples that the agent itself dropped. */
  drops: number
  /** ifIndex that the packet left by; 0 when it left by none, by several, or by one unknown. */
  egressIfIndex: number
  /**
   * Bytes on the wire; 0 when no record tells. From a raw header it is `frame_length`: for Ethernet the whole
   * frame with its header and FCS, which is what interface octets count (RFC 3635, section 3.2.4), and with
   * what the agent stripped from the header. From sampled_ipv4 and sampled_ipv6 it is the length of the IP
   * packet, some 18 bytes less; comparing flows with counters makes up for it.
   */
  frameLength: number
  /** 0: not an IP packet, or no record tells. */
  family: 0 | 4 | 6
  /** Destination address, as words. */
  w0: number
  w1: number
  w2: number
  w3: number
  readonly nextHop: NextHop
}

/** counters_sample and counters_sample_expanded with a generic interface record (if_counters). */
export interface CounterSample {
  sequence: number
  sourceType: number
  sourceIndex: number
  /** 0 when the sample has no generic interface record; then the fields below mean nothing. */
  ifIndex: number
  /** bit/s; 0 when unknown. */
  speedBps: number
  /** Bit 0: ifAdminStatus up, bit 1: ifOperStatus up. */
  status: number
  /** Octets, exact up to 2^53, then to the nearest 2 KB; -1 when the agent does not count them. */
  outOctets: number
  /** 32-bit totals that wrap; 0xffffffff when the agent does not count them. */
  inDiscards: number
  inErrors: number
  outDiscards: number
  outErrors: number
}

/** Receives what a decoder reads, in the datagram's order. */
export interface SflowSink {
  /** Comes first; false leaves the datagram's samples undecoded. */
  datagram(header: Readonly<DatagramHeader>): boolean
  flow(sample: Readonly<FlowSample>): void
  counters(sample: Readonly<CounterSample>): void
  malformed(reason: MalformedReason): void
}
