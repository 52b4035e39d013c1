import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { rateOf } from '../../../src/collector/telemetry/flow-sum.ts'
import { RouterFlows } from '../../../src/collector/telemetry/router-flows.ts'
import type { FlowSample } from '../../../src/collector/sflow/samples.ts'
import { poisson, randomOf, sampleOf } from '../simulated-link.ts'

const WINDOW_MS = 30_000
const START_MS = 1_700_000_000_000

function createFlows(windowMs = WINDOW_MS): RouterFlows {
  return new RouterFlows(2, windowMs, 10_000, 1)
}

function add(flows: RouterFlows, atMs: number, of: Partial<FlowSample> = {}, count = 1): void {
  for (let i = 0; i < count; i++) {
    flows.advance(START_MS + atMs)
    addSample(flows, 0, sampleOf(of))
  }
}

function addSample(flows: RouterFlows, i: number, sample: FlowSample): void {
  const { sourceType, sourceIndex, egressIfIndex, frameLength, samplingRate, family, w0, w1, w2, w3 } = sample
  const isEgress = sourceType === 0 && sourceIndex === egressIfIndex
  const bytes = frameLength * samplingRate
  flows.add(i, isEgress, { bytes, squares: bytes * bytes, samples: 1 })
  if (family !== 0) flows.addDestination(i, isEgress, family, w0, w1, w2, w3, bytes, 1)
}

function longBps(flows: RouterFlows, interfaceIndex = 0): number {
  return rateOf(flows.windows(interfaceIndex).at(-1)!)
}

function ratesBps(flows: RouterFlows, w0?: number): number {
  const rows = flows.rates([1, 1]).rows.filter(({ address }) => w0 === undefined || address.w0 === w0)
  return rows.reduce((sum, { bps }) => sum + bps, 0)
}

/** bit/s of so many samples of 1400 bytes at 1:100 per second. */
function bpsOf(samplesPerSecond: number): number {
  return samplesPerSecond * 1400 * 100 * 8
}

describe('the rate of constant traffic', () => {
  it('is exact at every moment, however the agent batches it', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 20, max: 1000 }), fc.integer({ min: 1, max: 20 }), fc.constantFrom(5000, 10_000, 30_000, 60_000),
        (batchMs, samples, windowMs) => {
          const flows = createFlows(windowMs)
          const bps = bpsOf((samples * 1000) / batchMs)
          const seen = [bps]
          for (let ms = batchMs; ms <= 2.5 * windowMs; ms += batchMs) {
            add(flows, ms, {}, samples)
            // Below a second in all there is too little time to divide by; see bitsPerSecond.
            if (ms < 1000) continue
            for (const window of flows.windows(0)) if (window.ms >= 1000) seen.push(rateOf(window))
            seen.push(ratesBps(flows))
          }
          const [lowest, highest] = seen.reduce(([low, high], one) => [Math.min(low, one), Math.max(high, one)], [bps, bps])
          expect(lowest).toBeCloseTo(bps, 3)
          expect(highest).toBeCloseTo(bps, 3)
        },
      ),
      { numRuns: 30 },
    )
  }, 120_000)

  it('is right on average over many moments, with the noise of sampling', () => {
    const sums = { early: 0, late: 0, short: 0 }
    const runs = 400
    for (let seed = 0; seed < runs; seed++) {
      const random = randomOf(seed)
      const flows = createFlows()
      const readMs = [3000 + random() * 7000, 40_000 + random() * 20_000] as const
      let read = 0
      for (let ms = random() * 100; read < readMs.length; ms += -Math.log(1 - random()) * 50) {
        // Read just before the first datagram behind the moment, as a reader at any time does.
        if (ms > readMs[read]!) {
          if (read === 0) sums.early += longBps(flows)
          else {
            sums.late += longBps(flows)
            sums.short += rateOf(flows.windows(0)[0])
          }
          read++
        }
        add(flows, Math.floor(ms), {}, 1 + poisson(2, random))
      }
    }
    const bps = bpsOf(20 * 3)
    expect(sums.early / runs / bps).toBeCloseTo(1, 1.5)
    expect(sums.late / runs / bps).toBeCloseTo(1, 1.5)
    expect(sums.short / runs / bps).toBeCloseTo(1, 1.5)
  })

  it('is there after the first datagram: it stands for the second in which an agent collects', () => {
    const flows = createFlows()
    add(flows, 0, {}, 5)
    expect(longBps(flows)).toBe(bpsOf(5))
    expect(flows.intervalMs).toBe(undefined)
  })
})

describe('silence', () => {
  function steadyFlows(): RouterFlows {
    const flows = createFlows()
    for (let ms = 500; ms <= 60_000; ms += 500) add(flows, ms, {}, 10)
    return flows
  }

  it('leaves the rates, and afterwards they go on as if there had been none', () => {
    for (const silentMs of [6000, 60_000, 3_600_000]) {
      const flows = steadyFlows()
      expect(ratesBps(flows)).toBeCloseTo(bpsOf(20), 3)
      for (let ms = 0; ms < 40_000; ms += 500) {
        add(flows, 60_000 + silentMs + ms, {}, 10)
        // The first batch stands for a usual gap, which is held to be 1 s at least.
        expect(ratesBps(flows) / bpsOf(20)).toBeGreaterThan(0.95)
        expect(ratesBps(flows) / bpsOf(20)).toBeLessThan(1.001)
      }
      expect(flows.lastMs).toBe(START_MS + 60_000 + silentMs + 39_500)
    }
  })

  it('that counters explain brings the rates down', () => {
    const flows = steadyFlows()
    flows.passQuietly(START_MS + 70_000)
    expect(ratesBps(flows)).toBe(0)
    expect(rateOf(flows.windows(0)[0])).toBe(0)
    expect(flows.lastMs).toBe(START_MS + 70_000)
  })

  it('of one interface is none while the router is heard', () => {
    const flows = steadyFlows()
    for (let ms = 60_500; ms <= 100_000; ms += 500) {
      flows.advance(START_MS + ms)
      addSample(flows, 1, sampleOf({ egressIfIndex: 4 }))
    }
    expect(longBps(flows)).toBe(0)
    expect(flows.rates([1, 1]).rows.map(({ interfaceIndex }) => interfaceIndex)).toEqual([1])
  })
})

describe('a change', () => {
  const [STEADY, CHANGING] = [0xc6336401, 0xc6336402]

  function afterChange(before: number, after: number, forMs: number) {
    const flows = createFlows()
    for (let ms = 200; ms <= 60_000 + forMs; ms += 200) {
      add(flows, ms, { w0: STEADY }, 10)
      add(flows, ms, { w0: CHANGING }, ms <= 60_000 ? before : after)
    }
    return { flows, row: flows.rates([1, 1]).rows.find(({ address }) => address.w0 === CHANGING) }
  }

  it('of one destination shows within the short window, and stays', () => {
    for (const forMs of [4600, 8000, 14_000, 24_000]) {
      for (const [before, after] of [[4, 20], [20, 4], [0, 10]] as const) {
        const { row, flows } = afterChange(before, after, forMs)
        expect(row!.bps / bpsOf(after * 5)).toBeGreaterThan(0.75)
        expect(row!.bps / bpsOf(after * 5)).toBeLessThan(1.35)
        expect(ratesBps(flows, STEADY)).toBeCloseTo(bpsOf(50), 3)
      }
    }
  })

  it('tells the samples of the window that it is read by', () => {
    expect(afterChange(10, 10, 0).row!.samples).toBeGreaterThan(50 * 27)
    expect(afterChange(4, 20, 4600).row!.samples).toBeLessThan(100 * 5)
  })

  it('to nothing leaves no row', () => {
    expect(afterChange(20, 0, 8000).row).toBe(undefined)
  })

  it('of a crowd shows though none of it has many samples', () => {
    const flows = createFlows()
    for (let ms = 200; ms <= 66_000; ms += 200) {
      for (let i = 0; i < (ms <= 60_000 ? 4 : 20); i++) add(flows, ms, { w0: ((ms * 31 + i) % 3001) * 256 })
    }
    expect(ratesBps(flows) / bpsOf(100)).toBeGreaterThan(0.85)
  })
})

describe('a packet that is sampled where it comes in and where it goes out', () => {
  it('counts once', () => {
    const flows = createFlows()
    for (let ms = 500; ms <= 60_000; ms += 500) {
      add(flows, ms, { sourceIndex: 1 }, 10)
      add(flows, ms, { sourceIndex: 3 }, 10)
      if (ms < 1000) continue
      expect(longBps(flows)).toBeCloseTo(bpsOf(20), 3)
      expect(ratesBps(flows)).toBeCloseTo(bpsOf(20), 3)
    }
    expect(flows.rates([1, 1])).toHaveLength(1)
  })

  it('is taken from ingress sampling again when the egress samples have left the window', () => {
    const flows = createFlows()
    for (let ms = 500; ms <= 30_000; ms += 500) add(flows, ms, { sourceIndex: 3 }, 10)
    for (let ms = 30_500; ms <= 100_000; ms += 500) add(flows, ms, { sourceIndex: 1 }, 10)
    expect(longBps(flows)).toBeCloseTo(bpsOf(20), 3)
  })

  it('is told by an ifIndex only: a data source of another kind may have the same number', () => {
    const flows = createFlows()
    add(flows, 500, { sourceType: 2, sourceIndex: 3 }, 10)
    add(flows, 500, { sourceType: 0, sourceIndex: 3 }, 7)
    expect(flows.windows(0)[0].samples).toBe(7)
  })
})

describe('more destinations than there is room for', () => {
  it('keep their sum, and none of them looks like a change', () => {
    const flows = new RouterFlows(2, WINDOW_MS, 1024, 1)
    const random = randomOf(9)
    for (let ms = 100; ms <= 60_000; ms += 100) {
      for (let i = 0; i < 30; i++) add(flows, ms, { w0: 0x01000000 + Math.floor(random() * 100) * 256 + Math.floor(random() * 256) })
      if (ms > 20_000 && ms % 2000 === 0) expect(ratesBps(flows)).toBeCloseTo(bpsOf(300), 0)
    }
    expect(flows.crowding).toEqual({ folded: expect.any(Number), evicted: 0 })
    expect(flows.crowding.folded).toBeGreaterThan(1000)
  })
})

describe('packets other than IP', () => {
  it('count for the interface, and have no destination', () => {
    const flows = createFlows()
    add(flows, 500, { family: 0 }, 10)
    expect([longBps(flows), ratesBps(flows)]).toEqual([bpsOf(10), 0])
  })
})
