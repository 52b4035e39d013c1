import { describe, expect, test } from 'vitest'
import { encodeCounterSample, encodeDatagram, encodeFlowSample } from '../../lab/hsflowd-datagram.ts'
import { NflogReader } from '../../lab/nflog-pcap.ts'
import { decode } from '../collector/sflow/record-sink.ts'
import { GOLDEN_NFLOG } from './golden-nflog.ts'

const AGENT = { agent: '10.1.4.1', sequence: 7, uptimeMs: 1234 }
const [forwarded, own] = new NflogReader().push(GOLDEN_NFLOG)

describe('a datagram as hsflowd writes it', () => {
  test('is read by the service: a forwarded packet and one of the router itself', () => {
    const sample = { samplingRate: 10, samplePool: 20, drops: 3 }
    const bytes = encodeDatagram(AGENT, [
      encodeFlowSample({ ...sample, sequence: 1, packet: forwarded! }),
      encodeFlowSample({ ...sample, sequence: 2, packet: own! }),
    ])
    const { headers, flows, malformed } = decode(bytes)
    expect(malformed).toEqual([])
    expect(headers).toMatchObject([{ family: 4, w0: 0x0a010401, subAgent: 100_000, sequence: 7, uptimeMs: 1234 }])
    // Egress samples: the source is the interface that the packet leaves by. Length: Ethernet, packet, FCS.
    const source = { sourceType: 0, sourceIndex: 11, egressIfIndex: 11 }
    const common = { ...source, samplingRate: 10, drops: 3, frameLength: 14 + 34 + 4 }
    expect(flows).toMatchObject([
      { ...common, sequence: 1, family: 4, w0: 0x01000081 },
      { ...common, sequence: 2, family: 4, w0: 0xac100000 },
    ])
  })

  test('is read by the service: IPv6, forwarded and of the router itself', () => {
    const packet = Buffer.from('6000000000081140' + '20010db8000300000000000000000002' + '2a000001000000000000000000000001' + 'c000000900080000', 'hex')
    const ethernet = Buffer.from('02000000001302000000000086dd', 'hex')
    const sample = { samplingRate: 10, samplePool: 20, drops: 0 }
    const bytes = encodeDatagram(AGENT, [ethernet, undefined].map((linkHeader, i) =>
      encodeFlowSample({ ...sample, sequence: i, packet: { inIfIndex: 13, outIfIndex: 11, linkHeader, packet } })))
    const { flows, malformed } = decode(bytes)
    expect(malformed).toEqual([])
    const read = { family: 6, w0: 0x2a000001, w1: 0, w2: 0, w3: 1, egressIfIndex: 11, frameLength: 14 + 48 + 4 }
    expect(flows).toMatchObject([read, read])
  })

  test('on the wire: expanded, with the link header where there is one', () => {
    const words = (hex: string): string[] => hex.match(/.{8}/g)!
    const sample = { samplingRate: 10, samplePool: 20, drops: 3 }
    const withLink = encodeFlowSample({ ...sample, sequence: 1, packet: forwarded! }).toString('hex')
    // flow_sample_expanded, its length, sequence, source 0:11, rate, pool, drops, input 0:13, output 0:11, 1 record
    const source = '00000003 00000074 00000001 00000000 0000000b 0000000a 00000014 00000003'
    const interfaces = '00000000 0000000d 00000000 0000000b 00000001'
    // sampled_header, its length, Ethernet, frame length, stripped, header length
    const record = '00000001 00000040 00000001 00000034 00000004 00000030 02000000'
    expect(words(withLink).slice(0, 20).join(' ')).toBe(`${source} ${interfaces} ${record}`)
    const withoutLink = encodeFlowSample({ ...sample, sequence: 2, packet: own! }).toString('hex')
    expect(words(withoutLink).slice(8, 20).join(' ')).toBe(
      // The host itself, and IPv4 with all of its Ethernet stripped.
      '00000000 3fffffff 00000000 0000000b 00000001 00000001 00000034 0000000b 00000034 00000012 00000022 45000022',
    )
  })

  test('counters are read by the service', () => {
    const totals = {
      inBytes: 1, inPackets: 2, inErrors: 3, inDrops: 4, outBytes: 2 ** 40 + 1, outPackets: 6, outErrors: 7, outDrops: 8,
    }
    const sample = { sequence: 5, ifIndex: 11, speedBps: 10e9, operUp: true, ...totals }
    const { counters, malformed } = decode(encodeDatagram(AGENT, [encodeCounterSample(sample)]))
    expect(malformed).toEqual([])
    expect(counters).toMatchObject([
      {
        sequence: 5, sourceType: 0, sourceIndex: 11, ifIndex: 11, speedBps: 10e9, status: 3,
        outOctets: 2 ** 40 + 1, inErrors: 3, inDiscards: 4, outErrors: 7, outDiscards: 8,
      },
    ])
  })
})
