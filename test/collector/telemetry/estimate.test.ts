import { describe, expect, it } from 'vitest'
import { estimateOut, type CounterReading, type FlowReading } from '../../../src/collector/telemetry/estimate.ts'
import { errorOf, findChange, rateOf, sigmasApart, type FlowSum } from '../../../src/collector/telemetry/flow-sum.ts'
import { poisson, randomOf, runLink } from '../simulated-link.ts'

/** Samples of 1400-byte frames at 1:100. */
function sum(samples: number, ms: number): FlowSum {
  return { ms, bytes: samples * 140_000, squares: samples * 140_000 ** 2, samples }
}

const SEEDS = [1, 2, 3, 4, 5, 6]

describe('a flow sum', () => {
  it('has a rate and the error of its number of samples', () => {
    expect(rateOf(sum(100, 10_000))).toBe(11.2e6)
    expect(errorOf(sum(100, 10_000), sum(100, 10_000)) / 11.2e6).toBeCloseTo(0.196, 3)
  })

  it('of fewer than one second is no measurement of a higher rate', () => {
    expect(rateOf(sum(10, 5))).toBe(rateOf(sum(10, 1000)))
  })

  it('of nothing may hide a sample of the usual size', () => {
    expect(errorOf(sum(0, 3000), sum(50, 30_000))).toBeCloseTo(1.96 * rateOf(sum(1, 3000)), 3)
    expect(errorOf(sum(0, 3000), sum(0, 30_000))).toBe(0)
  })

  it('holds the true rate within its error 95 % of the time, for mixed frame lengths and sampling rates', () => {
    const random = randomOf(7)
    const runs = 4000
    let held = 0
    for (let i = 0; i < runs; i++) {
      let bytes = 0
      let squares = 0
      let samples = 0
      for (const [mean, x] of [[40, 64 * 1000], [30, 1500 * 1000], [20, 1500 * 4000]] as const) {
        const n = poisson(mean, random)
        bytes += n * x
        squares += n * x * x
        samples += n
      }
      const one = { ms: 10_000, bytes, squares, samples }
      const trueBps = ((40 * 64_000 + 30 * 1_500_000 + 20 * 6_000_000) * 8) / 10
      if (Math.abs(rateOf(one) - trueBps) <= errorOf(one, one)) held++
    }
    expect(held / runs).toBeGreaterThan(0.93)
    expect(held / runs).toBeLessThan(0.97)
  })
})

describe('two flow sums lie apart', () => {
  it('by the number of standard deviations between their rates', () => {
    // Under equal rates the samples of both, 990 in 13 s, spread evenly: 228.5 in 3 s, give or take √175.8.
    expect(sigmasApart(sum(320, 3000), sum(670, 10_000))).toBeCloseTo((320 - 228.46) / Math.sqrt(175.74), 2)
    expect(sigmasApart(sum(0, 3000), sum(670, 10_000))).toBeGreaterThan(5)
    expect(sigmasApart(sum(201, 3000), sum(670, 10_000))).toBe(0)
  })

  it('not at all without samples or without time', () => {
    expect(sigmasApart(sum(0, 3000), sum(0, 10_000))).toBe(0)
    expect(sigmasApart(sum(500, 0), sum(1, 10_000))).toBe(0)
  })
})

describe('a change', () => {
  const windows = [sum(300, 3000), sum(450, 4500), sum(600, 6000), sum(660, 7500)]

  it('is found where it was, by how far both sides of it lie apart', () => {
    expect(findChange(windows, sum(1000, 16_000), 5)).toBe(2)
    expect(findChange(windows, sum(1600, 16_000), 5)).toBe(undefined)
  })

  it('takes 2 s on either side: less may be a single flush of the agent', () => {
    expect(findChange([sum(900, 1900)], sum(1000, 16_000), 5)).toBe(undefined)
    expect(findChange([sum(300, 3000)], sum(900, 4900), 5)).toBe(undefined)
    expect(findChange([sum(300, 3000)], sum(900, 5000), 5)).toBe(0)
  })
})

describe('the estimate', () => {
  const flows: FlowReading = { windows: [sum(200, 3000), sum(320, 5000), sum(1800, 30_000)], endMs: 100_000 }
  const counters: CounterReading = {
    bps: 75e6, startMs: 85_000, endMs: 95_000, intervalMs: 10_000, flows: sum(900, 15_000),
  }

  it('is the counters, exactly', () => {
    expect(estimateOut(counters, flows, 0.5)).toEqual({
      outBps: 75e6, errorBps: 0, source: 'counters', spanStartMs: 85_000, spanEndMs: 95_000,
    })
    expect(estimateOut(counters, undefined, 1).source).toBe('counters')
  })

  it('is the scaled flows since a change after the counters began', () => {
    const stepped: FlowReading = { ...flows, windows: [sum(600, 3000), sum(1000, 5000), sum(2500, 30_000)] }
    const estimate = estimateOut({ ...counters, flows: sum(1600, 15_000) }, stepped, 0.5)
    expect(estimate).toMatchObject({ outBps: 112e6, source: 'flows', spanStartMs: 95_000, spanEndMs: 100_000 })
    expect(estimate.errorBps / 112e6).toBeCloseTo(1.96 / Math.sqrt(1000), 6)
  })

  it('is the counters when what changed did so before they began', () => {
    const stepped: FlowReading = { ...flows, windows: [sum(600, 3000), sum(1000, 5000), sum(4000, 30_000)] }
    expect(estimateOut({ ...counters, flows: sum(3000, 15_000) }, stepped, 1).source).toBe('counters')
  })

  it('is the flows when counters missed three intervals and flows went on', () => {
    expect(estimateOut({ ...counters, endMs: 69_000 }, flows, 1).source).toBe('flows')
    expect(estimateOut({ ...counters, endMs: 71_000 }, flows, 1).source).toBe('counters')
  })

  it('is the flows of the long window, or after a change of the one that goes back to it', () => {
    const read = (...windows: FlowReading['windows']) => estimateOut(undefined, { windows, endMs: 100_000 }, 1)
    const [steady, since3, since10] = [
      read(sum(220, 3000), sum(700, 10_000), sum(2000, 30_000)),
      read(sum(300, 3000), sum(750, 10_000), sum(2100, 30_000)),
      read(sum(300, 3000), sum(1000, 10_000), sum(2100, 30_000)),
    ]
    expect(steady).toMatchObject({ outBps: rateOf(sum(2000, 30_000)), spanStartMs: 70_000 })
    expect(since3).toMatchObject({ outBps: rateOf(sum(300, 3000)), spanStartMs: 97_000 })
    expect(since10).toMatchObject({ outBps: rateOf(sum(1000, 10_000)), spanStartMs: 90_000 })
  })

  it('is nothing without any measurement', () => {
    expect(estimateOut(undefined, undefined, 1)).toMatchObject({ outBps: undefined, source: 'none' })
  })
})

describe('on a link of 100 Mbps, sampled 1:100', () => {
  it.each(SEEDS)('steady load never leaves the counters in 10 minutes (seed %i)', (seed) => {
    const readings = runLink({ seed, bpsAt: () => 75e6, forMs: 600_000, counterIntervalMs: 10_000 })
    const after = readings.filter(({ atMs }) => atMs > 12_000)
    expect(after.filter(({ source }) => source !== 'counters')).toEqual([])
    expect(Math.max(...after.map(({ outBps }) => Math.abs(outBps! - 75e6)))).toBeLessThan(1)
  })

  it.each(SEEDS)('a step between counters of 10 s shows within 4 s (seed %i)', (seed) => {
    for (const [before, then] of [[20e6, 90e6], [90e6, 20e6]] as const) {
      for (const stepMs of [101_000, 103_000, 105_000]) {
        const bpsAt = (ms: number): number => (ms <= stepMs ? before : then)
        const readings = runLink({ seed, bpsAt, forMs: stepMs + 4000, counterIntervalMs: 10_000 })
        const { outBps, source, errorBps } = readings.at(-1)!
        expect(source).toBe('flows')
        expect(Math.abs(outBps! - then)).toBeLessThan(Math.abs(then - before) * 0.35 + errorBps)
      }
    }
  })

  it.each(SEEDS)('a step shows in 3 s with counters of 1 s, exactly (seed %i)', (seed) => {
    const bpsAt = (ms: number): number => (ms <= 60_700 ? 75e6 : 95e6)
    const readings = runLink({ seed, bpsAt, forMs: 64_000, counterIntervalMs: 1000 })
    expect(readings.at(-1)).toMatchObject({ source: 'counters', spanEndMs: 1_700_000_063_700 })
    expect(readings.at(-1)!.outBps).toBeCloseTo(95e6, 0)
  })

  it.each(SEEDS)('a step that counters have averaged with what was before it stays in view (seed %i)', (seed) => {
    const bpsAt = (ms: number): number => (ms <= 103_000 ? 20e6 : 90e6)
    const readings = runLink({ seed, bpsAt, forMs: 130_000, counterIntervalMs: 10_000 })
    for (const { outBps, errorBps, ratesBps } of readings.filter(({ atMs }) => atMs > 108_500)) {
      expect(Math.abs(outBps! - 90e6)).toBeLessThan(2 * errorBps + 1)
      expect(Math.abs(ratesBps - 90e6)).toBeLessThan(90e6 * 0.2)
    }
    expect(readings.at(-1)!.source).toBe('counters')
  })

  it.each(SEEDS)('without counters, load and steps are known from flows (seed %i)', (seed) => {
    const bpsAt = (ms: number): number => (ms <= 60_000 ? 75e6 : 25e6)
    const readings = runLink({ seed, bpsAt, forMs: 65_000 })
    const at = (ms: number) => readings.find(({ atMs }) => atMs === ms)!
    for (const [ms, bps] of [[30_000, 75e6], [60_000, 75e6], [65_000, 25e6]] as const) {
      expect(at(ms).source).toBe('flows')
      expect(Math.abs(at(ms).outBps! - bps)).toBeLessThan(2 * at(ms).errorBps)
      expect(at(ms).errorBps).toBeLessThan(bps * 0.3)
    }
  })
})
