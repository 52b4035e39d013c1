import { describe, expect, it } from 'vitest'
import { Cadence } from '../../../src/collector/telemetry/cadence.ts'

function cadenceOf(times: readonly number[]): Cadence {
  const cadence = new Cadence()
  for (const ms of times) cadence.observe(ms)
  return cadence
}

function every(ms: number, count: number, burst = 1): number[] {
  return Array.from({ length: count * burst }, (_, i) => Math.floor(i / burst) * ms + (i % burst))
}

describe('a cadence', () => {
  it('is unknown before the second arrival', () => {
    expect(new Cadence().lastMs).toBe(undefined)
    expect(cadenceOf([7]).gapMs).toBe(undefined)
    expect(cadenceOf([7]).lastMs).toBe(7)
    expect(cadenceOf([7, 7]).gapMs).toBe(undefined)
  })

  it('is the gap of what comes evenly, at once', () => {
    for (const ms of [1, 100, 1000, 20_000, 30_000]) expect(cadenceOf(every(ms, 3)).gapMs).toBeCloseTo(ms, 6)
  })

  it('is the gap between bursts and not within them', () => {
    for (const ms of [1000, 10_000, 20_000]) {
      const { gapMs } = cadenceOf(every(ms, 4, 30))
      expect(gapMs).toBeGreaterThan(ms * 0.9)
      expect(gapMs).toBeLessThanOrEqual(ms)
    }
  })

  it('is hardly changed by one outage, and follows a lasting change', () => {
    const before = every(1000, 300)
    const resumed = before.at(-1)! + 3_600_000
    expect(cadenceOf([...before, resumed, resumed + 1000]).gapMs).toBeLessThan(3000)
    const slower = every(20_000, 30).map((ms) => resumed + ms)
    expect(cadenceOf([...before, ...slower]).gapMs).toBeGreaterThan(15_000)
    const faster = every(1000, 300).map((ms) => resumed + slower.at(-1)! + ms)
    expect(cadenceOf([...before, ...slower, ...faster]).gapMs).toBeLessThan(1500)
  })
})
