import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InterfaceCounters, type CounterOutcome } from '../../../src/collector/telemetry/interface-counters.ts'
import type { FlowMark } from '../../../src/collector/telemetry/router-flows.ts'
import type { CounterSample } from '../../../src/collector/sflow/samples.ts'
import { countersOf, runLink } from '../simulated-link.ts'

const NO_FLOWS: FlowMark = { slot: 0, clockMs: 0, bytes: 0, squares: 0, samples: 0 }

/** Feeds samples whose uptime goes with their arrival unless told otherwise. */
function createFeed(speedBps?: number) {
  const counters = new InterfaceCounters(speedBps)
  const feed = (atMs: number, of: Partial<CounterSample>, uptimeMs = atMs, mark = NO_FLOWS): CounterOutcome =>
    counters.observe(countersOf(of), uptimeMs >>> 0, 1e12 + atMs, mark)
  return { counters, feed }
}

describe('the load', () => {
  it('is octets over uptime, whenever the datagrams arrive', () => {
    const { counters, feed } = createFeed()
    expect(counters.load).toBe(undefined)
    feed(0, { outOctets: 1e9 }, 50_000)
    expect(counters.load).toBe(undefined)
    feed(11_300, { outOctets: 1e9 + 100e6 }, 60_000)
    expect(counters.load).toMatchObject({ bps: 80e6, startMs: 1e12 + 1300, endMs: 1e12 + 11_300 })
  })

  it('goes on across the wrap of the uptime', () => {
    const { counters, feed } = createFeed()
    feed(0, { outOctets: 0 }, 2 ** 32 - 4000)
    expect(feed(10_000, { outOctets: 100e6 }, 6000)).toBe('counted')
    expect(counters.load!.bps).toBe(80e6)
  })

  it('of a fast link beyond 2^53 octets is right to a few KB', () => {
    const { counters, feed } = createFeed(400e9)
    feed(0, { outOctets: 2 ** 60, speedBps: 0 })
    feed(10_000, { outOctets: 2 ** 60 + 375e9, speedBps: 0 })
    expect(counters.load!.bps / 300e9).toBeCloseTo(1, 6)
  })

  it('of counters that come every second is the mean of three, of slower ones of the last interval', () => {
    const { counters, feed } = createFeed()
    const steps = [0, 10e6, 10e6, 10e6, 4e6, 4e6]
    let outOctets = 0
    for (const [i, step] of steps.entries()) feed(i * 1000, { outOctets: (outOctets += step) })
    expect(counters.load!.bps).toBe((10e6 + 4e6 + 4e6) * 8 / 3)
    feed(15_000, { outOctets: outOctets + 50e6 })
    expect(counters.load!.bps).toBe(40e6)
  })

  it('of counters that come ten times a second spans 3 s, and holds no more than that needs', () => {
    const { counters, feed } = createFeed()
    for (let ms = 0; ms <= 20_000; ms += 100) feed(ms, { outOctets: ms * 1000 })
    expect(counters.load!.bps).toBe(8e6)
    expect(counters.load!.startMs).toBeLessThanOrEqual(1e12 + 17_000)
    expect(counters.load!.startMs).toBeGreaterThan(1e12 + 16_500)
    for (let ms = 20_001; ms <= 30_000; ms++) feed(ms, { outOctets: ms * 1000 })
    expect(counters.load!.bps).toBeCloseTo(8e6, 0)
    expect(counters.load!.startMs).toBeGreaterThan(1e12 + 26_000)
  })

  it('is known after the first interval, however short', () => {
    const { counters, feed } = createFeed()
    feed(0, { outOctets: 0 })
    feed(100, { outOctets: 1e6 })
    expect(counters.load!.bps).toBe(80e6)
  })
})

describe('a new baseline', () => {
  const cases: [string, CounterOutcome, Partial<CounterSample>, number, number][] = [
    ['when the octets go back', 'reset', { outOctets: 10 }, 20_000, 20_000],
    ['when the uptime goes back', 'restart', { outOctets: 2e9 }, 20_000, 700],
    ['when the uptime lags behind the time that passed', 'restart', { outOctets: 2e9 }, 200_000, 30_000],
    ['when the uptime runs ahead of it by far', 'restart', { outOctets: 2e9 }, 20_000, 90_000],
    ['when no link could have sent so much', 'absurd', { outOctets: 1.1e9 + 151e6 }, 20_000, 20_000],
  ]
  it.each(cases)('%s', (_, outcome, of, atMs, uptimeMs) => {
    const { counters, feed } = createFeed()
    feed(0, { outOctets: 1e9 })
    feed(10_000, { outOctets: 1.1e9 })
    expect(feed(atMs, of, uptimeMs)).toBe(outcome)
    expect(counters.load).toMatchObject({ bps: 80e6, endMs: 1e12 + 10_000 })
    expect(feed(atMs + 10_000, { outOctets: of.outOctets! + 50e6 }, uptimeMs + 10_000)).toBe('counted')
    expect(counters.load).toMatchObject({ bps: 40e6, endMs: 1e12 + atMs + 10_000 })
  })

  it('is not made of datagrams that come late, twice, or together after a pause', () => {
    const { counters, feed } = createFeed()
    feed(0, { outOctets: 0 })
    expect(feed(10_000, { outOctets: 100e6 })).toBe('counted')
    expect(feed(10_100, { outOctets: 100e6 }, 10_000)).toBe('repeated')
    expect(feed(10_200, { outOctets: 90e6 }, 9000)).toBe('repeated')
    expect(feed(50_000, { outOctets: 400e6 }, 40_000)).toBe('restart')
    expect(feed(50_001, { outOctets: 500e6 }, 50_000)).toBe('counted')
    expect(counters.load!.bps).toBe(80e6)
  })

  it('is not made where octets are not counted', () => {
    const { counters, feed } = createFeed()
    for (let ms = 0; ms <= 30_000; ms += 10_000) expect(feed(ms, { outOctets: -1, speedBps: 10e9 })).toBe('uncounted')
    expect([counters.load, counters.speedBps, counters.operUp]).toEqual([undefined, 10e9, true])
  })

  it('above a configured speed that is below that of the wire is none: it is an overload', () => {
    const { counters, feed } = createFeed(100e6)
    feed(0, { outOctets: 0, speedBps: 1e9 })
    expect(feed(10_000, { outOctets: 500e6, speedBps: 1e9 })).toBe('counted')
    expect([counters.load!.bps, counters.speedBps]).toEqual([400e6, 100e6])
  })

  it('keeps any counters from telling a load below 0 or above the speed', () => {
    const step = fc.record({
      afterMs: fc.integer({ min: 0, max: 60_000 }), uptimeMs: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      isSteady: fc.boolean(), outOctets: fc.integer({ min: -1, max: 2 ** 40 }),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const { counters, feed } = createFeed()
        let atMs = 0
        for (const { afterMs, uptimeMs, isSteady, outOctets } of steps) {
          atMs += afterMs
          feed(atMs, { outOctets }, isSteady ? atMs : uptimeMs)
          if (counters.load === undefined) continue
          expect(counters.load.bps).toBeGreaterThanOrEqual(0)
          expect(counters.load.bps).toBeLessThanOrEqual(120e6)
        }
      }),
    )
  })
})

describe('speed and state', () => {
  it('are the smaller of the speeds that are known, and ifOperStatus', () => {
    const speeds = (configured: number | undefined, counted: number): number | undefined => {
      const { counters, feed } = createFeed(configured)
      feed(0, { speedBps: counted })
      feed(10_000, { speedBps: counted })
      return counters.speedBps
    }
    expect([speeds(undefined, 0), speeds(undefined, 1e9), speeds(1e8, 0), speeds(1e8, 1e9), speeds(1e10, 1e9)])
      .toEqual([undefined, 1e9, 1e8, 1e8, 1e9])
    const { counters, feed } = createFeed()
    expect([counters.operUp, counters.speedBps]).toEqual([undefined, undefined])
    const states = [3, 1, 2, 0].map((status, i) => {
      feed(i * 10_000, { status })
      return counters.operUp
    })
    expect(states).toEqual([true, false, true, false])
  })
})

describe('errors and discards', () => {
  it('add up, across a wrap of 32 bits and past resets', () => {
    const { counters, feed } = createFeed()
    feed(0, { inErrors: 0xfffffff0, outErrors: 5, inDiscards: 1, outDiscards: 0xffffffff })
    feed(10_000, { inErrors: 0x10, outErrors: 8, inDiscards: 1, outDiscards: 0xffffffff })
    expect(counters.totals).toEqual({ inErrors: 32, outErrors: 3, inDiscards: 0, outDiscards: 0 })
    feed(20_000, { inErrors: 3, outErrors: 1000, inDiscards: 5 }, 100)
    expect(counters.totals).toEqual({ inErrors: 32, outErrors: 3, inDiscards: 0, outDiscards: 0 })
    feed(30_000, { inErrors: 4, outErrors: 1001, inDiscards: 2 }, 10_100)
    expect(counters.totals).toEqual({ inErrors: 33, outErrors: 4, inDiscards: 0, outDiscards: 0 })
  })
})

describe('the scale of flows to counters', () => {
  const scaleOf = (seenShare: number, of: object = {}): number[] =>
    runLink({ seed: 3, bpsAt: () => 75e6, forMs: 300_000, counterIntervalMs: 10_000, seenShare, ...of }).map((r) => r.flowScale)

  it('makes up for what the sampler does not see, and is 1 when it sees everything', () => {
    expect(scaleOf(0.8).at(-1)).toBeCloseTo(1.25, 1)
    expect(scaleOf(1).at(-1)).toBeCloseTo(1, 1)
  })

  it('is bounded', () => {
    expect(scaleOf(0.2).at(-1)).toBe(2)
    expect(scaleOf(4).at(-1)).toBe(0.5)
  })

  it('waits for samples', () => {
    expect(scaleOf(0.8, { samplingRate: 100_000 }).every((scale) => scale === 1)).toBe(true)
    expect(scaleOf(0.8)[0]).toBe(1)
  })

  it('does not learn from silence of the flows', () => {
    const scales = scaleOf(0.8, { losesFlows: (ms: number) => ms > 100_000 && ms < 200_000 })
    expect(Math.max(...scales.slice(150))).toBeLessThan(1.4)
  })

  it('is in the rates of the destinations', () => {
    const last = runLink({ seed: 3, bpsAt: () => 75e6, forMs: 120_000, counterIntervalMs: 10_000, seenShare: 0.7 }).at(-1)!
    expect(last.ratesBps / 75e6).toBeCloseTo(1, 1)
  })
})
