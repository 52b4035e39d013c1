import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NflogReader, type LoggedPacket } from '../../lab/nflog-pcap.ts'
import { GOLDEN_NFLOG } from './golden-nflog.ts'

const FILE_HEADER_BYTES = 24

/** The same from a machine of the other byte order. */
function bigEndian(capture: Buffer): Buffer {
  const bytes = Buffer.from(capture)
  const swap = (at: number, length: 2 | 4): void => {
    const part = bytes.subarray(at, at + length)
    if (length === 2) part.swap16()
    else part.swap32()
  }
  for (const at of [0, 8, 12, 16, 20]) swap(at, 4)
  for (const at of [4, 6]) swap(at, 2)
  let at = FILE_HEADER_BYTES
  while (at < capture.length) {
    const end = at + 16 + capture.readUInt32LE(at + 8)
    for (let i = 0; i < 4; i++) swap(at + i * 4, 4)
    for (let i = at + 20; i < end; i += (capture.readUInt16LE(i) + 3) & ~3) {
      swap(i, 2)
      swap(i + 2, 2)
    }
    at = end
  }
  return bytes
}

/** A capture with one message of these bytes. */
function captureOf(message: Buffer): Buffer {
  const record = Buffer.alloc(16)
  record.writeUInt32LE(message.length, 8)
  return Buffer.concat([GOLDEN_NFLOG.subarray(0, FILE_HEADER_BYTES), record, message])
}

function expectGolden(packets: readonly LoggedPacket[]): void {
  expect(packets.map(({ inIfIndex, outIfIndex }) => [inIfIndex, outIfIndex])).toEqual([[13, 11], [undefined, 11]])
  const linkHeaders = packets.map(({ linkHeader }) => linkHeader?.toString('hex'))
  expect(linkHeaders).toEqual(['0200000013010200000000100800', undefined])
  expect(packets.map(({ packet }) => packet.length)).toEqual([34, 34])
  expect(packets.map(({ packet }) => packet.subarray(16, 20).join('.'))).toEqual(['1.0.0.129', '172.16.0.0'])
  expect(packets.map(({ packet }) => packet.toString('latin1', 28))).toEqual(['hello\n', 'hello\n'])
}

describe('NflogReader', () => {
  test('reads what tcpdump wrote', () => expectGolden(new NflogReader().push(GOLDEN_NFLOG)))

  test('reads it from a machine of the other byte order', () => {
    expectGolden(new NflogReader().push(bigEndian(GOLDEN_NFLOG)))
  })

  test('reads it in pieces of any size', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(GOLDEN_NFLOG.length)), (cuts) => {
        const reader = new NflogReader()
        const ends = [...cuts.toSorted((a, b) => a - b), GOLDEN_NFLOG.length]
        const pieces = ends.map((end, i) => GOLDEN_NFLOG.subarray(i === 0 ? 0 : ends[i - 1], end))
        expectGolden(pieces.flatMap((piece) => reader.push(piece)))
      }),
    )
  })

  test('keeps a packet back until it is whole', () => {
    expect(new NflogReader().push(GOLDEN_NFLOG.subarray(0, -1))).toHaveLength(1)
  })

  test('leaves out a message without a packet', () => {
    expect(new NflogReader().push(captureOf(Buffer.from('02000005', 'hex')))).toEqual([])
  })

  test('refuses what is no pcap', () => {
    expect(() => new NflogReader().push(Buffer.alloc(24))).toThrow('no pcap: it begins with 00000000')
  })

  test('refuses a pcap of Ethernet', () => {
    const bytes = Buffer.from(GOLDEN_NFLOG)
    bytes.writeUInt32LE(1, 20)
    expect(() => new NflogReader().push(bytes)).toThrow('pcap of link type 1; NFLOG is 239')
  })

  test.each(['0200000503000900', '0200000508000900'])('refuses an attribute of a wrong length: %s', (hex) => {
    expect(() => new NflogReader().push(captureOf(Buffer.from(hex, 'hex')))).toThrow('NFLOG attribute of')
  })
})
