import { describe, expect, test } from 'vitest'
import { SflowDecoder } from '../../src/collector/sflow/decoder.ts'
import type { CounterSample, DatagramHeader, FlowSample } from '../../src/collector/sflow/samples.ts'
import { buildFrameHeader } from '../../src/simulator/ethernet-frame.ts'
import { readAddress } from '../../src/simulator/ip-address.ts'
import {
  datagramHeaderBytes, encodeCounterSample, encodeDatagram, encodeFlowSample,
} from '../../src/simulator/sflow-encoder.ts'

const agent = readAddress('127.0.0.2')
const flow = (from: string, to: string, frameBytes: number): Parameters<typeof encodeFlowSample>[0] => ({
  sequence: 7,
  sourceIfIndex: 1,
  samplingRate: 1000,
  samplePool: 7_003,
  inputIfIndex: 1,
  outputIfIndex: 3,
  frameBytes,
  header: buildFrameHeader(readAddress(from), readAddress(to), frameBytes),
  nextHop: readAddress('172.16.0.1'),
  sourceLength: 24,
  destinationLength: 22,
})

interface Decoded {
  readonly headers: DatagramHeader[]
  readonly flows: FlowSample[]
  readonly counters: CounterSample[]
  readonly bad: string[]
}

/** What the service's decoder, written apart from the encoder, reads. */
function decode(bytes: Buffer): Decoded {
  const read: Decoded = { headers: [], flows: [], counters: [], bad: [] }
  new SflowDecoder({
    datagram: (header) => read.headers.push({ ...header }) > 0,
    flow: (sample) => void read.flows.push({ ...sample }),
    counters: (sample) => void read.counters.push({ ...sample }),
    malformed: (reason) => void read.bad.push(reason),
  }).decode(bytes)
  return read
}

test('the bytes of a datagram are those of the specification', () => {
  const sample = encodeFlowSample(flow('192.0.2.10', '4.0.0.10', 1200))
  const hex = encodeDatagram({ agent, sequence: 9, uptimeMs: 5_000 }, [sample]).toString('hex')
  const word = (value: number): string => value.toString(16).padStart(8, '0')
  const header = [5, 1, 0x7f000002, 0, 9, 5000, 1]
  const flowSample = [1, 208, 7, 1, 1000, 7003, 0, 1, 3, 2]
  const raw = [1, 144, 1, 1200, 4, 128]
  const router = [1002, 16, 1, 0xac100001, 24, 22]
  const frame =
    '020000000001' + '020000000002' + '0800' +
    '4500' + '049e' + '00000000' + '4011' + 'b03b' + 'c000020a' + '0400000a' + '01bbc350' + '048a' + '0000'
  const text = (values: number[]): string => values.map(word).join('')
  expect(hex).toBe(text([...header, ...flowSample, ...raw]) + frame.padEnd(256, '0') + text(router))
})

test('the IPv4 header checksum is right: the words add up to ffff', () => {
  const header = buildFrameHeader(readAddress('192.0.2.10'), readAddress('4.0.0.10'), 1200).subarray(14, 34)
  let sum = 0
  for (let i = 0; i < 20; i += 2) sum += header.readUInt16BE(i)
  expect((sum & 0xffff) + (sum >>> 16)).toBe(0xffff)
})

describe('the decoder reads what the encoder wrote', () => {
  test.each([
    ['192.0.2.10', '4.0.3.138', 1200, 4, 0x0400038a],
    ['192.0.2.10', '4.0.3.138', 64, 4, 0x0400038a],
    ['2001:db8::10', '2400:100::1', 1500, 6, 0x24000100],
    ['2001:db8::10', '2400:100::1', 85, 6, 0x24000100],
  ])('flow sample %s to %s of %i bytes', (from, to, frameBytes, family, w0) => {
    const { headers, flows, bad } = decode(
      encodeDatagram({ agent, sequence: 9, uptimeMs: 5_000 }, [encodeFlowSample(flow(from, to, frameBytes))]),
    )
    expect(bad).toEqual([])
    expect(headers).toMatchObject([{ family: 4, w0: 0x7f000002, sequence: 9, uptimeMs: 5_000 }])
    expect(flows).toMatchObject([{ sequence: 7, sourceIndex: 1, samplingRate: 1000, egressIfIndex: 3 }])
    expect(flows).toMatchObject([{ frameLength: frameBytes, family, w0 }])
  })

  test('a packet without a route left by no interface', () => {
    const routed = flow('192.0.2.10', '9.9.9.9', 500)
    const sample = encodeFlowSample({ ...routed, outputIfIndex: undefined, nextHop: undefined })
    const { flows, bad } = decode(encodeDatagram({ agent, sequence: 1, uptimeMs: 1 }, [sample]))
    expect(bad).toEqual([])
    expect(flows).toMatchObject([{ egressIfIndex: 0, frameLength: 500 }])
  })

  test('counters beyond 32 bits', () => {
    const sample = encodeCounterSample(3, {
      ifIndex: 4, speedBps: 100e9, operUp: false, inOctets: 1n, inPackets: 2n, inDiscards: 3n,
      outOctets: 2n ** 40n + 5n, outPackets: 2n ** 33n, outDiscards: 2n ** 32n + 6n,
    })
    const header = { agent: readAddress('2001:db8::2'), sequence: 1, uptimeMs: 1 }
    const { counters, bad } = decode(encodeDatagram(header, [sample]))
    expect(bad).toEqual([])
    expect(counters).toMatchObject([
      {
        sequence: 3, ifIndex: 4, speedBps: 100e9, status: 1,
        outOctets: 2 ** 40 + 5, inDiscards: 3, outDiscards: 6,
      },
    ])
  })

  test('six samples fit beside the header of a datagram', () => {
    const sample = encodeFlowSample(flow('2001:db8::10', '2400:100::1', 1500))
    expect(datagramHeaderBytes(agent)).toBe(28)
    expect(28 + 6 * sample.length).toBeLessThanOrEqual(1400)
  })
})
