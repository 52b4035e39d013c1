import { expect, test } from 'vitest'
import { formatPrefix, parsePrefix } from '../../../src/model/prefix.ts'
import { createRandom } from '../../../src/simulator/packet-sampler.ts'
import { makeTrace } from '../../../src/simulator/steering/make-trace.ts'
import { Meter } from '../../../src/simulator/steering/meter.ts'
import { drawPoisson } from '../../../src/simulator/steering/poisson.ts'
import { VirtualEdge } from '../../../src/simulator/steering/virtual-edge.ts'

const SHAPE = { peers: 3, transits: 1, prefixes: 30, load: 0.6, samplingRate: 2000, noise: 0 }

test.each([0.2, 3, 30, 200])('Poisson draws have mean and variance %d', (mean) => {
  const random = createRandom(5)
  const draws = Array.from({ length: 20_000 }, () => drawPoisson(mean, random))
  const average = draws.reduce((sum, n) => sum + n, 0) / draws.length
  const variance = draws.reduce((sum, n) => sum + (n - average) ** 2, 0) / draws.length
  expect(Math.abs(average / mean - 1)).toBeLessThan(0.05)
  expect(Math.abs(variance / mean - 1)).toBeLessThan(0.05)
})

test('what is measured is what left, within the error of sampling', () => {
  const trace = makeTrace(SHAPE, { name: 'calm', seconds: 60 }, 3)
  const edge = new VirtualEdge(trace)
  const meter = new Meter(trace)
  for (let second = 0; second < 60; second++) meter.take(second, edge.pass(second))
  const truth = edge.pass(60).carriedBps
  const { interfaces, rates } = meter.traffic()
  interfaces.forEach(({ outBps }, i) => {
    expect(outBps).toBeCloseTo(truth[i]!, -6)
    const flows = rates.rows.reduce((sum, row) => (row.interfaceIndex === i ? sum + row.bps : sum), 0)
    expect(Math.abs(flows - truth[i]!)).toBeLessThanOrEqual(0.03 * truth[i]! + 1)
  })
})

test('an override moves its destinations after convergence, and no others; without its path it moves nothing', () => {
  let down = false
  const trace = makeTrace(SHAPE, { name: 'one', seconds: 60, isDown: (i) => down && i === 3 }, 3)
  const edge = new VirtualEdge(trace)
  const [first] = trace.prefixes
  const natural = [...edge.pass(0).exits]
  const path = first!.paths.find(({ pathId }) => pathId === 4)!
  const half = parsePrefix(formatPrefix(first!.prefix).replace('/24', '/25'))
  edge.install([{ prefix: half, path }], 1)
  expect([...edge.pass(2).exits]).toEqual(natural)
  const moved = [...edge.pass(3).exits]
  expect(moved.slice(0, 4)).toEqual([3, 3, natural[2], natural[3]])
  expect(moved.slice(4)).toEqual(natural.slice(4))
  expect(edge.pass(4).detouredBps).toBeGreaterThan(0)
  down = true
  expect([...edge.pass(5).exits].slice(0, 4)).toEqual(natural.slice(0, 4))
})

test('a link carries no more than its speed, and samples show no more', () => {
  const trace = makeTrace({ ...SHAPE, load: 1.5 }, { name: 'full', seconds: 60 }, 3)
  const edge = new VirtualEdge(trace)
  const meter = new Meter(trace)
  for (let second = 0; second < 60; second++) meter.take(second, edge.pass(second))
  const { offeredBps, carriedBps } = edge.pass(60)
  expect(offeredBps[0]).toBeGreaterThan(10e9)
  expect(carriedBps[0]).toBe(10e9)
  const seen = meter.traffic().rates.rows.reduce((sum, row) => (row.interfaceIndex === 0 ? sum + row.bps : sum), 0)
  expect(seen / 10e9).toBeLessThan(1.03)
})
