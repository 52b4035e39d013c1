import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { expandFlow } from '../../src/simulator/flow.ts'
import { createForwarder } from '../../src/simulator/forwarder.ts'
import { buildForwardingTable } from '../../src/simulator/forwarding-table.ts'
import { writeAddress } from '../../src/simulator/ip-address.ts'

const table = buildForwardingTable([
  { prefix: '1.0.0.0/24', prefixLength: 24, nextHop: '172.16.0.1', exit: 0 },
  { prefix: '2.0.0.0/24', prefixLength: 24, nextHop: '172.17.0.1', exit: 1 },
])
const detour = buildForwardingTable([
  ...table.entries, { prefix: '1.0.0.128/25', prefixLength: 25, nextHop: '172.17.0.1', exit: 1 },
])

describe('flows', () => {
  test('spread evenly over the hosts of a prefix', () => {
    const streams = expandFlow({ to: '4.0.0.0/22', bps: 80e6, packetBytes: 1000, hosts: 8 })
    expect(streams.map(({ to }) => writeAddress(to))).toEqual([
      '4.0.0.1', '4.0.0.129', '4.0.1.1', '4.0.1.129', '4.0.2.1', '4.0.2.129', '4.0.3.1', '4.0.3.129',
    ])
    expect(streams.map(({ bps }) => bps)).toEqual(Array.from({ length: 8 }, () => 10e6))
  })

  test.each([
    { to: '1.0.0.1', bps: NaN, packetBytes: 1000 },
    { to: '1.0.0.1', bps: -1, packetBytes: 1000 },
    { to: '1.0.0.1', bps: 1, packetBytes: 63 },
    { to: '1.0.0.1', bps: 1, packetBytes: 1000, hosts: 2 },
    { to: '1.0.0.0/31', bps: 1, packetBytes: 1000, hosts: 3 },
    { to: 'edge', bps: 1, packetBytes: 1000 },
  ])('refuses %j', (flow) => {
    expect(() => expandFlow(flow)).toThrow(RangeError)
  })
})

const stepMs = fc.double({ min: 0.01, max: 500, noNaN: true })

test('counters are exact, however time is cut', () => {
  fc.assert(
    fc.property(fc.array(stepMs, { minLength: 1, maxLength: 40 }), (steps) => {
      const forwarder = createForwarder([1e12, 1e12])
      forwarder.setTable(table)
      forwarder.setFlows([{ to: '1.0.0.0/24', bps: 48e6, packetBytes: 750, hosts: 3 }])
      const arrivals = steps.flatMap((step) => forwarder.forward(step))
      const seen = arrivals.reduce((sum, { packets }) => sum + packets, 0)
      const elapsedMs = steps.reduce((sum, step) => sum + step, 0)
      const expected = (48e6 * elapsedMs) / 8_000
      // Each host may be a packet ahead or behind.
      expect(Math.abs(Number(forwarder.out[0]!.outOctets) - expected)).toBeLessThanOrEqual(3 * 750)
      expect(forwarder.out[0]!.outPackets).toBe(BigInt(seen))
      expect(forwarder.out[0]!.outOctets).toBe(BigInt(seen) * 750n)
      expect(forwarder.out[1]!.outOctets).toBe(0n)
      expect(forwarder.in.octets).toBe(forwarder.out[0]!.outOctets)
    }),
  )
})

test('what is above the speed is dropped and counted', () => {
  const forwarder = createForwarder([100e6, 100e6])
  forwarder.setTable(table)
  forwarder.setFlows([{ to: '1.0.0.1', bps: 150e6, packetBytes: 1000 }])
  for (let i = 0; i < 20; i++) forwarder.forward(100)
  const [peer] = forwarder.loads()
  expect(peer!.bps).toBeLessThanOrEqual(100e6)
  expect(peer!.bps).toBeGreaterThan(99.8e6)
  expect(peer!.offeredBps).toBeCloseTo(150e6, -5)
  expect(Number(forwarder.out[0]!.outDiscards)).toBeCloseTo((50e6 * 2) / 8_000, -2)
  expect(forwarder.out[0]!.outDiscards + forwarder.out[0]!.outPackets).toBe(forwarder.in.packets)
})

test('a more-specific takes its share along, and what has no route is dropped', () => {
  const forwarder = createForwarder([100e6, 100e6])
  forwarder.setTable(table)
  forwarder.setFlows([
    { to: '1.0.0.0/24', bps: 40e6, packetBytes: 1000, hosts: 2 },
    { to: '9.9.9.9', bps: 8e6, packetBytes: 1000 },
  ])
  for (let i = 0; i < 11; i++) forwarder.forward(100)
  expect(forwarder.loads().map(({ bps }) => Math.round(bps / 1e6))).toEqual([40, 0])
  expect(Number(forwarder.in.discards)).toBeGreaterThan(1_000)
  forwarder.setTable(detour)
  for (let i = 0; i < 11; i++) forwarder.forward(100)
  expect(forwarder.loads().map(({ bps }) => Math.round(bps / 1e6))).toEqual([20, 20])
})

test('the load is that of the last second, also when the steps are uneven', () => {
  const forwarder = createForwarder([100e6])
  forwarder.setTable(table)
  expect(forwarder.loads()).toEqual([{ bps: 0, offeredBps: 0 }])
  forwarder.setFlows([{ to: '1.0.0.1', bps: 50e6, packetBytes: 500 }])
  for (const step of [70, 230, 100, 400, 30, 300, 90]) forwarder.forward(step)
  expect(forwarder.loads()[0]!.bps / 50e6).toBeCloseTo(1, 2)
  forwarder.setFlows([])
  for (const step of [500, 500, 500]) forwarder.forward(step)
  expect(forwarder.loads()[0]!.bps).toBe(0)
})
