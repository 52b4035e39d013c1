import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MALFORMED_REASONS } from '../../../src/collector/sflow/samples.ts'
import {
  countersSample, datagram, extendedGateway, extendedRouter, flowSample, frame, genericInterface, ipv4, ipv6, opaque,
  packet, rawHeader, sampledIp, words, type TestAddress,
} from '../sflow-datagram.ts'
import { decode } from './record-sink.ts'

const TO_4 = ipv4(198, 51, 100, 7)
const TO_6 = ipv6(0x20010db8, 0xffffffff, 0, 0x80000001)

function decodeFlow(...records: Buffer[]) {
  return decode(datagram({}, [flowSample({ records })]))
}

describe('a datagram written by hand from the specification', () => {
  const hex = `
    00000005 00000001 0a010401 00000000 0000002a 0001e240 00000002
    00000001 0000008c
      00000011 00000001 00000400 00004400 00000002 00000001 00000003 00000002
      00000001 0000004c
        00000001 000005ee 00000004 0000003c
        020202020202 030303030303 8100 0064 0800
        45 00 05d4 0000 4000 40 06 0000 c0000201 c6336407
        01bb d903 00000001 00000001 5010 ffff 0000 0000
        0000
      000003ea 00000010
        00000001 ac100001 00000018 00000018
    00000002 0000006c
      00000007 00000003 00000001
      00000001 00000058
        00000003 00000006 0000000005f5e100 00000001 00000003
        0000000000000000 00000000 00000000 00000000 00000005 00000006 00000000
        00000001fffffffe 00000000 00000000 00000000 00000007 00000008 00000000`
  const bytes = Buffer.from(hex.replaceAll(/\s+/g, ''), 'hex')

  it('is read field by field', () => {
    const { headers, flows, counters, malformed } = decode(bytes)
    expect(malformed).toEqual([])
    expect(headers).toEqual([
      { family: 4, w0: 0x0a010401, w1: 0, w2: 0, w3: 0, subAgent: 0, sequence: 42, uptimeMs: 123456 },
    ])
    expect(flows).toEqual([
      {
        sequence: 17, sourceType: 0, sourceIndex: 1, samplingRate: 1024, drops: 2, egressIfIndex: 3, frameLength: 1518,
        family: 4, w0: 0xc6336407, w1: 0, w2: 0, w3: 0,
        nextHop: { family: 4, w0: 0xac100001, w1: 0, w2: 0, w3: 0 },
      },
    ])
    expect(counters).toEqual([
      {
        sequence: 7, sourceType: 0, sourceIndex: 3, ifIndex: 3, speedBps: 100e6, status: 3, outOctets: 0x1fffffffe,
        inDiscards: 5, inErrors: 6, outDiscards: 7, outErrors: 8,
      },
    ])
  })

  it('agrees with the encoder of these tests', () => {
    const header = bytes.subarray(92, 92 + 60)
    const records = [rawHeader(1518, header), extendedRouter(ipv4(172, 16, 0, 1))]
    const samples = [
      flowSample({ sequence: 17, samplingRate: 1024, drops: 2, records }),
      countersSample({ sequence: 7, outOctets: 0x1fffffffe, inDiscards: 5, inErrors: 6, outDiscards: 7, outErrors: 8 }),
    ]
    const encoded = datagram({ sequence: 42, uptimeMs: 123456 }, samples)
    encoded.writeUInt32BE(0x4400, 28 + 8 + 12) // the sample pool, which nobody reads
    expect(encoded.toString('hex')).toBe(bytes.toString('hex'))
  })

  it('is refused once at most at whatever length it is cut off, and what came before the cut counts', () => {
    const full = decode(bytes)
    for (let length = 0; length < bytes.length; length++) {
      const { flows, counters, malformed } = decode(bytes.subarray(0, length))
      expect(malformed, `${length} bytes`).toHaveLength(1)
      expect(flows, `${length} bytes`).toEqual(length >= 28 + 8 + 0x8c ? full.flows : [])
      expect(counters).toEqual([])
    }
  })
})

describe('flow samples', () => {
  const destinations: [string, TestAddress][] = [['IPv4', TO_4], ['IPv6', TO_6]]
  it.each(destinations)('find the %s destination behind any stack of tags', (_, to) => {
    for (const tags of [[], [0x8100], [0x88a8, 0x8100], [0x9100, 0x8100, 0x8100]]) {
      const { flows, malformed } = decodeFlow(rawHeader(1000, frame(to, tags)))
      expect(malformed).toEqual([])
      expect(flows[0]).toMatchObject({ ...to, frameLength: 1000 })
    }
  })

  it.each(destinations)('find the %s destination in bare IP headers and in decoded records', (_, to) => {
    const protocol = to.family === 4 ? 11 : 12
    expect(decodeFlow(rawHeader(900, packet(to), protocol)).flows[0]).toMatchObject({ ...to, frameLength: 900 })
    expect(decodeFlow(sampledIp(901, to)).flows[0]).toMatchObject({ ...to, frameLength: 901 })
  })

  it('trust the raw header more than decoded records, in either order', () => {
    const [raw, decoded] = [rawHeader(1000, frame(TO_4)), sampledIp(982, TO_6)]
    for (const records of [[raw, decoded], [decoded, raw]]) {
      expect(decodeFlow(...records).flows[0]).toMatchObject({ ...TO_4, frameLength: 1000 })
    }
  })

  it('count packets other than IP without a destination', () => {
    const arp = Buffer.concat([Buffer.alloc(12), Buffer.from([0x08, 0x06]), Buffer.alloc(28)])
    expect(decodeFlow(rawHeader(64, arp)).flows[0]).toMatchObject({ family: 0, frameLength: 64 })
    expect(decodeFlow(rawHeader(64, Buffer.alloc(4), 7)).flows[0]).toMatchObject({ family: 0, frameLength: 64 })
    expect(decodeFlow().flows[0]).toMatchObject({ family: 0, frameLength: 0 })
  })

  it('skip other records and other enterprises by their lengths', () => {
    const { flows, malformed } = decodeFlow(
      extendedGateway(TO_4), opaque(4413 << 12 | 1, words(1, 2, 3)), opaque(2, Buffer.alloc(5)),
      rawHeader(1000, frame(TO_4)), extendedRouter(TO_6),
    )
    expect(malformed).toEqual([])
    expect(flows[0]).toMatchObject({ ...TO_4, frameLength: 1000 })
  })

  it('forget the packet of the sample before', () => {
    const first = flowSample({ records: [rawHeader(1000, frame(TO_6))] })
    const { flows } = decode(datagram({}, [first, flowSample({})]))
    expect(flows[1]).toMatchObject({ frameLength: 0, family: 0, w0: 0, w3: 0 })
  })

  it('leave by an interface only when it is a single and a known one', () => {
    const egress = (of: Parameters<typeof flowSample>[0]) => decode(datagram({}, [flowSample(of)])).flows[0]!.egressIfIndex
    for (const isExpanded of [false, true]) {
      expect(egress({ isExpanded, output: 7 })).toBe(7)
      expect(egress({ isExpanded, output: 0 })).toBe(0)
      expect(egress({ isExpanded, output: 0x3fffffff })).toBe(0)
      expect(egress({ isExpanded, output: 7, outputFormat: 1 })).toBe(0)
      expect(egress({ isExpanded, output: 7, outputFormat: 2 })).toBe(0)
    }
    expect(egress({ isExpanded: true, output: 0x40000007 })).toBe(0x40000007)
  })

  it('come expanded from hsflowd: its sub-agent, and an index that stands for the host itself', () => {
    const sample = flowSample({
      isExpanded: true, sourceIndex: 2, samplingRate: 400, input: 0x3fffffff, output: 2,
      records: [rawHeader(1518, frame(TO_4))],
    })
    const { headers, flows, malformed } = decode(datagram({ agent: ipv6(0xfd000000, 0, 0, 9), subAgent: 100000 }, [sample]))
    expect(malformed).toEqual([])
    expect(headers[0]).toMatchObject({ family: 6, w0: 0xfd000000, w3: 9, subAgent: 100000 })
    expect(flows[0]).toMatchObject({ ...TO_4, sourceType: 0, sourceIndex: 2, egressIfIndex: 2, samplingRate: 400 })
  })
})

describe('counter samples', () => {
  it('come compact and expanded, with other records around', () => {
    for (const isExpanded of [false, true]) {
      const records = [opaque(2, Buffer.alloc(50)), genericInterface({ ifIndex: 9, outOctets: 2n ** 53n }), opaque(7, words(1))]
      const { counters, malformed } = decode(datagram({}, [countersSample({ isExpanded, ifIndex: 9, records })]))
      expect(malformed).toEqual([])
      expect(counters[0]).toMatchObject({ sourceIndex: 9, ifIndex: 9, outOctets: 2 ** 53 })
    }
  })

  it('tell when they are not of an interface, and what is not counted', () => {
    const host = countersSample({ records: [opaque(2000, words(1, 2))] })
    const uncounted = countersSample({ outOctets: 2n ** 64n - 1n })
    const { counters } = decode(datagram({}, [host, uncounted]))
    expect(counters.map(({ ifIndex, outOctets }) => [ifIndex, outOctets])).toEqual([[0, 0], [3, -1]])
  })
})

describe('faults', () => {
  const good = flowSample({ records: [rawHeader(1000, frame(TO_4))] })
  const patched = (sample: Buffer, at: number, value: number): Buffer => {
    const copy = Buffer.from(sample)
    copy.writeUInt32BE(value, at)
    return copy
  }
  // Offsets in a compact flow sample: 8 of the sample's own header, 32 fixed, 8 of the record's header.
  const samples: [string, Buffer, string][] = [
    ['a sampling rate of 0', flowSample({ samplingRate: 0 }), 'sampling_rate'],
    ['a sampling rate beyond reason', flowSample({ samplingRate: 0xffffffff }), 'sampling_rate'],
    ['a frame of no length', patched(good, 52, 0), 'frame_length'],
    ['a frame beyond reason', patched(good, 52, 0xffffffff), 'frame_length'],
    ['a decoded packet beyond reason', flowSample({ records: [sampledIp(0xffffffff, TO_4)] }), 'frame_length'],
    ['a record beyond its sample', patched(good, 44, 0x1000), 'record_length'],
    ['a record longer than anything', patched(good, 44, 0xffffffff), 'record_length'],
    ['a header beyond its record', patched(good, 60, 0x1000), 'record_length'],
    ['a header longer than anything', patched(good, 60, 0xffffffff), 'record_length'],
    ['more records than there are', patched(good, 36, 0xffffffff), 'record_length'],
    ['a raw header record too short for its fields', flowSample({ records: [opaque(1, words(1, 2))] }), 'record_length'],
    ['a sampled_ipv4 record too short', flowSample({ records: [opaque(3, words(100))] }), 'record_length'],
    ['a sampled_ipv6 record too short', flowSample({ records: [opaque(4, Buffer.alloc(52))] }), 'record_length'],
    ['counters too short', countersSample({ records: [opaque(1, Buffer.alloc(84))] }), 'record_length'],
    ['a flow sample too short', opaque(1, words(1, 2, 3)), 'sample_length'],
    ['an expanded flow sample too short', opaque(3, Buffer.alloc(40)), 'sample_length'],
    ['a counter sample too short', opaque(2, words(1, 2)), 'sample_length'],
    ['an expanded counter sample too short', opaque(4, words(1, 2, 3)), 'sample_length'],
    ['an Ethernet header that ends early', flowSample({ records: [rawHeader(64, Buffer.alloc(13))] }), 'header'],
    ['a tag that ends early', flowSample({ records: [rawHeader(64, frame(TO_4, [0x8100, 0x8100]).subarray(0, 20))] }), 'header'],
    ['an IPv4 header that ends early', flowSample({ records: [rawHeader(64, frame(TO_4).subarray(0, 33))] }), 'header'],
    ['an IPv6 header that ends early', flowSample({ records: [rawHeader(64, frame(TO_6).subarray(0, 53))] }), 'header'],
    ['IPv6 where IPv4 is announced', flowSample({ records: [rawHeader(64, packet(TO_6), 11)] }), 'header'],
    ['IPv4 where IPv6 is announced', flowSample({ records: [rawHeader(64, packet(TO_4), 12)] }), 'header'],
  ]

  it.each(samples)('%s costs that sample only', (_, sample, reason) => {
    const { flows, malformed } = decode(datagram({}, [good, sample, good]))
    expect(malformed).toEqual([reason])
    expect(flows).toHaveLength(2)
  })

  it('a sample of another format or enterprise is no fault', () => {
    const { flows, malformed } = decode(datagram({}, [opaque(5, Buffer.alloc(7)), opaque(4413 << 12 | 1, words(1)), good]))
    expect([flows.length, malformed]).toEqual([1, []])
  })

  it('a sample beyond its datagram ends it, after what was good', () => {
    for (const length of [good.length, 0xffffffff]) {
      const { flows, malformed } = decode(datagram({}, [good, patched(good, 4, length), good].slice(0, 2)))
      expect([flows.length, malformed]).toEqual([1, ['sample_length']])
    }
  })

  it('fewer samples than announced are told once', () => {
    const { flows, malformed } = decode(datagram({ count: 0xffffffff }, [good, good]))
    expect([flows.length, malformed]).toEqual([2, ['truncated']])
  })

  it('what is not sFlow version 5 is told as such', () => {
    expect(decode(datagram({ version: 4 }, [])).malformed).toEqual(['version'])
    expect(decode(Buffer.alloc(0)).malformed).toEqual(['truncated'])
    expect(decode(patched(datagram({}, []), 4, 3)).malformed).toEqual(['address_type'])
    expect(decode(patched(datagram({}, []), 4, 2)).malformed).toEqual(['truncated'])
  })
})

describe('any bytes', () => {
  const address = fc.oneof(
    fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255)).map((parts) => ipv4(...parts)),
    fc.tuple(word(), word(), word(), word()).map((parts) => ipv6(...parts)),
  )
  const flow = fc.record({
    isExpanded: fc.boolean(), sequence: word(), sourceType: fc.nat(255), sourceIndex: fc.nat(0xffffff),
    samplingRate: fc.integer({ min: 1, max: 2 ** 28 }), drops: word(), output: fc.nat(0x3ffffffe),
    to: address, nextHop: address, frameLength: fc.integer({ min: 1, max: 2 ** 20 }), tags: fc.array(fc.constantFrom(0x8100, 0x88a8, 0x9100), { maxLength: 4 }),
  })
  const valid = fc
    .record({ agent: address, subAgent: word(), sequence: word(), uptimeMs: word(), flows: fc.array(flow, { maxLength: 6 }) })
    .map(({ flows, ...header }) => {
      const samples = flows.map((f) => flowSample({ ...f, records: [rawHeader(f.frameLength, frame(f.to, f.tags)), extendedRouter(f.nextHop)] }))
      return { header, flows, bytes: datagram(header, samples) }
    })

  function word() {
    return fc.integer({ min: 0, max: 0xffffffff })
  }

  it('that were encoded decode to what they were', () => {
    fc.assert(
      fc.property(valid, ({ header, flows, bytes }) => {
        const decoded = decode(bytes)
        const { agent, ...rest } = header
        expect(decoded.malformed).toEqual([])
        expect(decoded.headers).toEqual([{ ...agent, ...rest }])
        expect(decoded.flows).toEqual(
          flows.map(({ isExpanded: _e, tags: _t, output, to, ...fields }) => ({ ...fields, ...to, egressIfIndex: output })),
        )
      }),
    )
  })

  it('are decoded or refused, and told in known words', () => {
    const anything = fc.oneof(
      fc.uint8Array({ maxLength: 1500 }),
      // Behind a good header, so that the fuzz gets further in.
      fc.uint8Array({ maxLength: 600 }).map((tail) => Buffer.concat([datagram({ count: 50 }, []), tail])),
      fc.array(fc.constantFrom(0, 1, 2, 3, 4, 8, 88, 1000, 0xffffffff), { maxLength: 120 })
        .map((values) => Buffer.concat([datagram({ count: 50 }, []), words(...values)])),
    )
    fc.assert(
      fc.property(anything, (bytes) => {
        const { malformed } = decode(bytes)
        expect(malformed.every((reason) => MALFORMED_REASONS.includes(reason))).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  it('with any word overwritten stay within the datagram', () => {
    fc.assert(
      fc.property(valid, fc.nat(), fc.oneof(word(), fc.nat(200)), ({ bytes }, place, value) => {
        bytes.writeUInt32BE(value, (place % (bytes.length / 4 | 0)) * 4)
        // Beyond the end lies what looks like more samples; none of it may be read.
        const room = Buffer.concat([bytes, Buffer.alloc(4000, 0xee)])
        expect(decode(room.subarray(0, bytes.length))).toEqual(decode(Uint8Array.from(bytes)))
      }),
      { numRuns: 500 },
    )
  })
})
