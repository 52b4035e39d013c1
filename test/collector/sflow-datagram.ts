/** A small sFlow v5 encoder, to feed the decoder with; it shares nothing with it but the specification. */

export interface TestAddress {
  readonly family: 4 | 6
  readonly w0: number
  readonly w1: number
  readonly w2: number
  readonly w3: number
}

export function ipv4(a: number, b: number, c: number, d: number): TestAddress {
  return { family: 4, w0: ((a << 24) | (b << 16) | (c << 8) | d) >>> 0, w1: 0, w2: 0, w3: 0 }
}

export function ipv6(w0: number, w1 = 0, w2 = 0, w3 = 0): TestAddress {
  return { family: 6, w0, w1, w2, w3 }
}

export const AGENT = ipv4(10, 1, 4, 1)

export interface TestFlow {
  readonly isExpanded?: boolean
  readonly sequence?: number
  readonly sourceType?: number
  readonly sourceIndex?: number
  readonly samplingRate?: number
  readonly drops?: number
  readonly input?: number
  readonly output?: number
  readonly outputFormat?: number
  readonly records?: readonly Buffer[]
}

export interface TestCounters {
  readonly isExpanded?: boolean
  readonly sequence?: number
  readonly ifIndex?: number
  readonly speedBps?: number
  readonly status?: number
  readonly outOctets?: number | bigint
  readonly inDiscards?: number
  readonly inErrors?: number
  readonly outDiscards?: number
  readonly outErrors?: number
  readonly records?: readonly Buffer[]
}

export interface TestDatagram {
  readonly version?: number
  readonly agent?: TestAddress
  readonly subAgent?: number
  readonly sequence?: number
  readonly uptimeMs?: number
  /** Says another number of samples than there are. */
  readonly count?: number
}

export function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4)
  values.forEach((value, i) => bytes.writeUInt32BE(value, i * 4))
  return bytes
}

export function addressBytes({ family, w0, w1, w2, w3 }: TestAddress): Buffer {
  return family === 4 ? words(w0) : words(w0, w1, w2, w3)
}

/** Length and content of something opaque, padded to whole words. */
export function opaque(format: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts)
  return Buffer.concat([words(format, content.length), content, Buffer.alloc((4 - (content.length % 4)) % 4)])
}

export function datagram(of: TestDatagram, samples: readonly Buffer[]): Buffer {
  const { version = 5, agent = AGENT, subAgent = 0, sequence = 1, uptimeMs = 1000, count = samples.length } = of
  const header = [words(version, agent.family === 4 ? 1 : 2), addressBytes(agent), words(subAgent, sequence, uptimeMs, count)]
  return Buffer.concat([...header, ...samples])
}

export function flowSample(of: TestFlow): Buffer {
  const { isExpanded = false, sequence = 1, sourceType = 0, sourceIndex = 1, samplingRate = 1000, drops = 0 } = of
  const { input = 1, output = 3, outputFormat = 0, records = [] } = of
  const fixed = isExpanded
    ? words(sequence, sourceType, sourceIndex, samplingRate, 0, drops, 0, input, outputFormat, output, records.length)
    : words(
        sequence, ((sourceType << 24) | sourceIndex) >>> 0, samplingRate, 0, drops, input,
        ((outputFormat << 30) | output) >>> 0, records.length,
      )
  return opaque(isExpanded ? 3 : 1, fixed, ...records)
}

export function countersSample(of: TestCounters): Buffer {
  const { isExpanded = false, sequence = 1, ifIndex = 3, records = [genericInterface(of)] } = of
  const source = isExpanded ? words(0, ifIndex) : words(ifIndex)
  return opaque(isExpanded ? 4 : 2, words(sequence), source, words(records.length), ...records)
}

export function genericInterface(of: TestCounters): Buffer {
  const { ifIndex = 3, speedBps = 100e6, status = 3, outOctets = 0, inDiscards = 0, inErrors = 0 } = of
  const { outDiscards = 0, outErrors = 0 } = of
  const bytes = Buffer.alloc(88)
  bytes.writeUInt32BE(ifIndex, 0)
  bytes.writeUInt32BE(6, 4)
  bytes.writeBigUInt64BE(BigInt(speedBps), 8)
  bytes.writeUInt32BE(1, 16)
  bytes.writeUInt32BE(status, 20)
  bytes.writeUInt32BE(inDiscards, 44)
  bytes.writeUInt32BE(inErrors, 48)
  bytes.writeBigUInt64BE(BigInt(outOctets), 56)
  bytes.writeUInt32BE(outDiscards, 76)
  bytes.writeUInt32BE(outErrors, 80)
  return opaque(1, bytes)
}

export function rawHeader(frameLength: number, header: Buffer, protocol = 1): Buffer {
  return opaque(1, words(protocol, frameLength, 4, header.length), header, Buffer.alloc((4 - (header.length % 4)) % 4))
}

/** Ethernet and IP header of a packet to `to`, behind the given tags. */
export function frame(to: TestAddress, tags: readonly number[] = []): Buffer {
  const macs = Buffer.alloc(12, 2)
  const tagged = tags.flatMap((type) => [type >>> 8, type & 255, 0, 7])
  const type = to.family === 4 ? [0x08, 0x00] : [0x86, 0xdd]
  return Buffer.concat([macs, Buffer.from([...tagged, ...type]), packet(to)])
}

/** IP header of a packet to `to`, and some bytes of what it carries. */
export function packet(to: TestAddress): Buffer {
  const payload = Buffer.alloc(20, 9)
  if (to.family === 4) return Buffer.concat([words(0x45000000, 0, 0x40060000, 0xc0000201), addressBytes(to), payload])
  return Buffer.concat([words(0x60000000, 0x00140640, 0x20010db8, 0, 0, 1), addressBytes(to), payload])
}

/** sampled_ipv4 and sampled_ipv6. */
export function sampledIp(length: number, to: TestAddress): Buffer {
  const from = to.family === 4 ? words(0xc0000201) : words(0x20010db8, 0, 0, 1)
  return opaque(to.family === 4 ? 3 : 4, words(length, 6), from, addressBytes(to), words(443, 55555, 0, 0))
}

/** extended_router. */
export function extendedRouter(nextHop: TestAddress): Buffer {
  return opaque(1002, words(nextHop.family === 4 ? 1 : 2), addressBytes(nextHop), words(24, 24))
}

/** extended_gateway with one AS_SEQUENCE and one community. */
export function extendedGateway(nextHop: TestAddress): Buffer {
  return opaque(
    1003, words(nextHop.family === 4 ? 1 : 2), addressBytes(nextHop), words(64512, 64500, 64500, 1, 2, 2, 64501, 64502, 1, 6, 100),
  )
}
