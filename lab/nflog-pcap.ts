/** What `tcpdump -i nflog:GROUP -w -` writes: pcap (draft-ietf-opsawg-pcap) of link type NFLOG. Pure. */

/** A packet as netfilter logged it. */
export interface LoggedPacket {
  /** ifIndex that it came in by; undefined when the host sent it itself. */
  readonly inIfIndex: number | undefined
  /** ifIndex that it leaves by; undefined in hooks before routing. */
  readonly outIfIndex: number | undefined
  /** The link header that it came in with; undefined when it has none. */
  readonly linkHeader: Buffer | undefined
  /** The packet from its IP header on, whole. */
  readonly packet: Buffer
}

const FILE_HEADER_BYTES = 24
const RECORD_HEADER_BYTES = 16
/** Times in microseconds, and in nanoseconds. */
const MAGICS = [0xa1b2c3d4, 0xa1b23c4d]
/** https://www.tcpdump.org/linktypes/LINKTYPE_NFLOG.html */
const LINKTYPE_NFLOG = 239
/** Address family, version and group number; then the attributes. */
const NFLOG_HEADER_BYTES = 4
const ATTRIBUTE_HEADER_BYTES = 4
/** linux/netfilter/nfnetlink_log.h, enum nfulnl_attr_type. */
const NFULA = { ifIndexIn: 4, ifIndexOut: 5, payload: 9, hardwareHeader: 16 } as const

/** Reads the stream as it comes, in pieces of any size. */
export class NflogReader {
  #rest: Buffer = Buffer.alloc(0)
  /** Byte order of the machine that writes: of all numbers but those that came over a wire. */
  #isLittleEndian: boolean | undefined

  /** The packets that the piece completes. Throws when this is no NFLOG capture. */
  push(piece: Buffer): LoggedPacket[] {
    this.#rest = Buffer.concat([this.#rest, piece])
    if (this.#isLittleEndian === undefined) {
      if (this.#rest.length < FILE_HEADER_BYTES) return []
      this.#isLittleEndian = readFileHeader(this.#rest)
      this.#rest = this.#rest.subarray(FILE_HEADER_BYTES)
    }
    const packets: LoggedPacket[] = []
    for (;;) {
      if (this.#rest.length < RECORD_HEADER_BYTES) return packets
      const end = RECORD_HEADER_BYTES + readU32(this.#rest, 8, this.#isLittleEndian)
      if (this.#rest.length < end) return packets
      const packet = readPacket(this.#rest.subarray(RECORD_HEADER_BYTES, end), this.#isLittleEndian)
      if (packet !== undefined) packets.push(packet)
      this.#rest = this.#rest.subarray(end)
    }
  }
}

/** True for little endian. */
function readFileHeader(bytes: Buffer): boolean {
  const isLittleEndian = [true, false].find((little) => MAGICS.includes(readU32(bytes, 0, little)))
  if (isLittleEndian === undefined) throw new Error(`no pcap: it begins with ${bytes.toString('hex', 0, 4)}`)
  // The upper bits of this word may tell the length of a frame check sequence.
  const linkType = readU32(bytes, 20, isLittleEndian) & 0xffff
  if (linkType !== LINKTYPE_NFLOG) {
    throw new Error(`pcap of link type ${linkType}; NFLOG is ${LINKTYPE_NFLOG}`)
  }
  return isLittleEndian
}

/** Undefined for a message without a packet. */
function readPacket(message: Buffer, isLittleEndian: boolean): LoggedPacket | undefined {
  const attributes = new Map<number, Buffer>()
  let at = NFLOG_HEADER_BYTES
  while (at + ATTRIBUTE_HEADER_BYTES <= message.length) {
    const length = readU16(message, at, isLittleEndian)
    if (length < ATTRIBUTE_HEADER_BYTES || at + length > message.length) {
      throw new Error(`NFLOG attribute of ${length} bytes at ${at} of ${message.length}`)
    }
    attributes.set(
      readU16(message, at + 2, isLittleEndian),
      message.subarray(at + ATTRIBUTE_HEADER_BYTES, at + length),
    )
    at += length + (-length & 3)
  }
  const packet = attributes.get(NFULA.payload)
  if (packet === undefined) return undefined
  // These two are in network order, whatever the machine's; 0 is none.
  const ifIndex = (type: number): number | undefined => attributes.get(type)?.readUInt32BE() || undefined
  return {
    inIfIndex: ifIndex(NFULA.ifIndexIn),
    outIfIndex: ifIndex(NFULA.ifIndexOut),
    linkHeader: attributes.get(NFULA.hardwareHeader),
    packet,
  }
}

function readU16(bytes: Buffer, at: number, isLittleEndian: boolean): number {
  return isLittleEndian ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at)
}

function readU32(bytes: Buffer, at: number, isLittleEndian: boolean): number {
  return isLittleEndian ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at)
}
