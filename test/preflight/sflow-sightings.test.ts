import { expect, test } from 'vitest'
import type { CounterSample, FlowSample } from '../../src/collector/sflow/samples.ts'
import { parseAddress } from '../../src/model/prefix.ts'
import type { Router } from '../../src/model/topology.ts'
import { SflowSightings } from '../../src/preflight/sflow-sightings.ts'

const AGENT = parseAddress('10.0.0.1')
const ROUTER = { name: 'edge1', sflowAgents: [AGENT] } as unknown as Router
const flow = (ifIndex: number, sourceIndex: number, samplingRate = 1000): FlowSample =>
  ({ sourceType: 0, sourceIndex, egressIfIndex: ifIndex, samplingRate, frameLength: 1000 }) as FlowSample
const counters = (ifIndex: number, outOctets: number): CounterSample => ({ ifIndex, outOctets }) as CounterSample
const header = (address = AGENT) => ({ ...address, subAgent: 0, sequence: 1, uptimeMs: 0 })

test('flows are compared with the counters of the same time, by the direction that counts', () => {
  const sightings = new SflowSightings([ROUTER])
  expect(sightings.datagram(header())).toBe(true)
  sightings.flow(flow(3, 3))
  sightings.nowMs = 1_000
  sightings.counters(counters(3, 5_000_000))
  for (let i = 0; i < 100; i++) {
    sightings.flow(flow(3, 3))
    sightings.flow(flow(3, 1, 500))
  }
  sightings.nowMs = 11_000
  sightings.counters(counters(3, 105_000_000))
  sightings.flow(flow(3, 3))
  const [seen] = sightings.routers()[0]!.interfaces
  expect(seen).toMatchObject({
    ifIndex: 3, egressSamples: 102, ingressSamples: 100, samplingRates: [500, 1000], counterSamples: 2, counterIntervalMs: 10_000,
  })
  expect(seen!.comparison).toMatchObject({ countersBps: 80e6, flowsBps: 80e6, samples: 100 })
  expect(seen!.comparison!.errorShare).toBeCloseTo(0.196, 3)
})

test('counters that were set back, or came once, compare with nothing', () => {
  const sightings = new SflowSightings([ROUTER])
  sightings.datagram(header())
  sightings.counters(counters(3, 100))
  expect(sightings.routers()[0]!.interfaces[0]!.comparison).toBeUndefined()
  sightings.nowMs = 1_000
  sightings.counters(counters(3, 50))
  expect(sightings.routers()[0]!.interfaces[0]!.comparison).toBeUndefined()
})

test('agents of nobody are named, and their samples left alone; their number is bounded', () => {
  const sightings = new SflowSightings([ROUTER])
  for (let i = 0; i < 5_000; i++) expect(sightings.datagram(header(parseAddress(`10.9.${i >> 8}.${i & 255}`)))).toBe(false)
  expect(sightings.datagrams).toBe(5_000)
  expect(sightings.strangers).toHaveLength(1_000)
  expect(sightings.strangers[0]).toEqual({ agent: '10.9.0.0', datagrams: 1 })
  expect(sightings.routers()[0]).toMatchObject({ agents: [{ agent: AGENT, datagrams: 0 }], interfaces: [] })
})
