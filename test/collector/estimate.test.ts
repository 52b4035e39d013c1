import { describe, expect, it } from 'vitest'
import { estimateOut, type CounterReading, type FlowReading } from '../../src/collector/estimate.ts'
import { differ, errorOf, rateOf, type FlowSum } from '../../src/collector/flow-sum.ts'
import { poisson, randomOf, runLink } from './simulated-link.ts'

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

describe('two flow sums differ', () => {
  it('by the number of standard deviations between them', () => {
    expect(differ(sum(200, 3000), sum(670, 10_000), 5)).toBe(false)
    expect(differ(sum(260, 3000), sum(670, 10_000), 5)).toBe(false)
    expect(differ(sum(320, 3000), sum(670, 10_000), 5)).toBe(true)
    expect(differ(sum(0, 3000), sum(670, 10_000), 5)).toBe(true)
  })

  it('never without samples or without time', () => {
    expect(differ(sum(0, 3000), sum(0, 10_000), 5)).toBe(false)
    expect(differ(sum(500, 0), sum(1, 10_000), 5)).toBe(false)
  })
})

describe('the estimate', () => {
  const flows: FlowReading = { short: sum(300, 3000), long: sum(2000, 30_000), endMs: 100_000 }
  const counters: CounterReading = {
    bps: 75e6, startMs: 85_000, endMs: 95_000, intervalMs: 10_000, flows: sum(670, 10_000), flowsSince: sum(200, 3000),
  }

  it('is the counters, exactly', () => {
    expect(estimateOut(counters, flows, 0.5)).toEqual({
      outBps: 75e6, errorBps: 0, source: 'counters', spanStartMs: 85_000, spanEndMs: 95_000,
    })
    expect(estimateOut(counters, undefined, 1).source).toBe('counters')
  })

  it('is the scaled flows since the counters when these differ from those before', () => {
    const estimate = estimateOut({ ...counters, flowsSince: sum(600, 3000) }, flows, 0.5)
    expect(estimate).toMatchObject({ outBps: 112e6, source: 'flows', spanStartMs: 97_000, spanEndMs: 100_000 })
    expect(estimate.errorBps / 112e6).toBeCloseTo(1.96 / Math.sqrt(600), 6)
  })

  it('does not jump at what a single flush after the counters holds', () => {
    expect(estimateOut({ ...counters, flowsSince: sum(600, 1900) }, flows, 1).source).toBe('counters')
  })

  it('is the flows when counters missed three intervals and flows went on', () => {
    expect(estimateOut({ ...counters, endMs: 69_000 }, flows, 1).source).toBe('flows')
    expect(estimateOut({ ...counters, endMs: 71_000 }, flows, 1).source).toBe('counters')
  })

  it('is the short window of the flows once it differs from the rest of the long one', () => {
    expect(estimateOut(undefined, flows, 1)).toMatchObject({ outBps: rateOf(flows.short), spanStartMs: 97_000 })
    const steady = { ...flows, short: sum(220, 3000) }
    expect(estimateOut(undefined, steady, 1)).toMatchObject({ outBps: rateOf(flows.long), spanStartMs: 70_000 })
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
