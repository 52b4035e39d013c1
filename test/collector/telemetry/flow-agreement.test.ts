/** Flows against counters, as an honest sampler and counters of a link of 100 Mbps see it unless told otherwise. */
import { describe, expect, it } from 'vitest'
import type { Contradiction } from '../../../src/model/traffic.ts'
import { runLink, type SimulatedLink } from '../simulated-link.ts'

const LINK: SimulatedLink = { seed: 5, bpsAt: () => 30e6, forMs: 300_000, counterIntervalMs: 10_000 }

type Disagreement = Extract<Contradiction, { kind: 'flows_disagree' }>
const trustOf = (contradictions: readonly Contradiction[]): 'agree' | 'told' | 'distrusted' =>
  contradictions.length === 0 ? 'agree' : contradictions.some((c) => c.kind === 'ifindex_mismatch' || !c.isTrusted) ? 'distrusted' : 'told'

/** Trust over time, as [from when in s, trust]. */
function trust(of: Partial<SimulatedLink>): [number, string][] {
  const changes: [number, string][] = []
  for (const { atMs, contradictions } of runLink({ ...LINK, ...of })) {
    const now = trustOf(contradictions)
    if (now !== changes.at(-1)?.[1]) changes.push([atMs / 1000, now])
  }
  return changes
}
const AGREES = [[0.5, 'agree']]

describe('flows and counters agree', () => {
  it.each([1000, 10_000, 30_000])('when both tell the truth, with counters every %i ms', (counterIntervalMs) => {
    expect(trust({ counterIntervalMs })).toEqual(AGREES)
  })

  it.each([1000, 10_000, 30_000])('when traffic jumps from nothing to full and back, with counters every %i ms', (counterIntervalMs) => {
    const bpsAt = (ms: number): number => (ms % 47_000 > 20_000 ? 95e6 : 0)
    expect(trust({ counterIntervalMs, bpsAt })).toEqual(AGREES)
    // Samples that come a second after the octets they stand for.
    expect(trust({ counterIntervalMs, counterPhaseMs: 900, flushMs: 1000, bpsAt: (ms) => (bpsAt(ms) === 0 ? 1e6 : 95e6) })).toEqual(AGREES)
  })

  it('when an interface carries little and has few samples', () => {
    for (const seed of [1, 2, 3, 4]) {
      expect(trust({ seed, bpsAt: () => 50e3 })).toEqual(AGREES)
      expect(trust({ seed, samplingRate: 20_000 })).toEqual(AGREES)
    }
  })

  it('when an interface is not sampled at all', () => {
    expect(trust({ losesFlows: () => true, bpsAt: () => 90e6 })).toEqual(AGREES)
  })

  it('while flows pause: that is silence, and has its own guard', () => {
    expect(trust({ losesFlows: (ms) => ms > 100_000 && ms < 200_000 })).toEqual(AGREES)
  })
})

describe('flows and counters disagree', () => {
  const figures = (of: Partial<SimulatedLink>): Disagreement => {
    const [found] = runLink({ ...LINK, ...of }).at(-1)!.contradictions
    if (found?.kind !== 'flows_disagree') throw new Error('they agree')
    return found
  }

  it('by 10 % and more: it is told after a minute or two, and trusted', () => {
    const [first, second, ...rest] = trust({ seenShare: 0.8, bpsAt: () => 70e6 })
    expect([first, second?.[1], rest]).toEqual([AGREES[0], 'told', []])
    expect(second![0]).toBeGreaterThan(60)
    expect(second![0]).toBeLessThan(150)
    expect(trust({ seenShare: 0.95, bpsAt: () => 70e6 })).toEqual(AGREES)
    const { countersBps, flowsBps } = figures({ seenShare: 0.8, bpsAt: () => 70e6 })
    expect(countersBps! / 70e6).toBeCloseTo(1, 1)
    expect(flowsBps / 56e6).toBeCloseTo(1, 1)
  })

  it.each([[10, 30e6], [10, 8e6], [0.1, 30e6], [0.1, 90e6]])('by a factor of %d at %d bit/s: it is not trusted', (seenShare, bps) => {
    const changes = trust({ seenShare, bpsAt: () => bps })
    expect(changes.at(-1)![1]).toBe('distrusted')
    expect(changes.at(-1)![0]).toBeLessThan(30)
    expect(figures({ seenShare, bpsAt: () => bps }).isTrusted).toBe(false)
  })

  it('flows that claim more than twice the speed are not trusted before counters come, nor without any', () => {
    for (const counterIntervalMs of [60_000, undefined]) {
      const readings = runLink({ ...LINK, counterIntervalMs, seenShare: 10, configuredSpeedBps: 100e6 })
      expect(readings.filter(({ atMs }) => atMs > 5000).every(({ contradictions }) => trustOf(contradictions) === 'distrusted')).toBe(true)
    }
  })

  it('when the link is full, its drops explain that flows, sampled where packets come in, are higher', () => {
    // The link sends 100 Mbps of what comes in.
    expect(trust({ bpsAt: () => 98e6, seenShare: 1.9 })).toEqual(AGREES)
    expect(trust({ bpsAt: () => 98e6, seenShare: 5 }).at(-1)![1]).toBe('agree')
  })

  it('a wrong agent is trusted again within a minute of being right, and its past is not in the rates', () => {
    const readings = runLink({ ...LINK, seenShareAt: (ms) => (ms > 100_000 && ms < 160_000 ? 10 : 1) })
    const distrusted = readings.filter(({ contradictions }) => trustOf(contradictions) === 'distrusted').map(({ atMs }) => atMs)
    expect(distrusted[0]).toBeGreaterThan(100_000)
    expect(distrusted[0]).toBeLessThan(112_000)
    expect(distrusted.at(-1)).toBeLessThan(220_000)
    expect(readings.at(-1)!.ratesBps / 30e6).toBeCloseTo(1, 1)
  })
})

describe('a sampling rate that changes in flight', () => {
  it('moves what is measured by no more than its error, and contradicts nothing', () => {
    const samplingRateAt = (ms: number): number => (ms > 100_000 && ms < 200_000 ? 1000 : 10)
    for (const counterIntervalMs of [undefined, 10_000, 30_000]) {
      const readings = runLink({ ...LINK, counterIntervalMs, bpsAt: () => 60e6, samplingRateAt })
      const steady = readings.filter(({ atMs }) => atMs > 31_000)
      expect(steady.flatMap(({ contradictions }) => contradictions)).toEqual([])
      const wrong = steady.filter(({ outBps, errorBps }) => Math.abs(outBps! - 60e6) > Math.max(2.5 * errorBps, 1e6))
      expect(wrong.map(({ atMs, outBps, errorBps }) => [atMs, outBps, errorBps])).toEqual([])
    }
  })
})
