import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createPacketSampler, createRandom } from '../../src/simulator/packet-sampler.ts'

const seed = fc.integer({ min: 0, max: 2 ** 32 - 1 })

test('takes one packet in N, with the spread of independent draws', () => {
  const packets = 1_000_000
  for (const rate of [2, 10, 100, 1000]) {
    const p = 1 / rate
    const deviations = Array.from({ length: 50 }, (_, i) => {
      const taken = createPacketSampler(rate, createRandom(i)).sample(packets)
      return (taken - packets * p) / Math.sqrt(packets * p * (1 - p))
    })
    const mean = deviations.reduce((sum, z) => sum + z, 0) / deviations.length
    const variance = deviations.reduce((sum, z) => sum + z * z, 0) / deviations.length
    // Of 50 draws from the normal distribution: the mean within 4.5 standard errors, the variance as well.
    expect(Math.abs(mean)).toBeLessThan(4.5 / Math.sqrt(50))
    expect(Math.abs(variance - 1)).toBeLessThan(4.5 * Math.sqrt(2 / 50))
  }
})

test('how packets are cut into steps changes nothing', () => {
  fc.assert(
    fc.property(seed, fc.integer({ min: 1, max: 50 }), fc.array(fc.nat(100)), (start, rate, steps) => {
      const cut = createPacketSampler(rate, createRandom(start))
      const whole = createPacketSampler(rate, createRandom(start))
      const total = steps.reduce((sum, step) => sum + step, 0)
      expect(steps.reduce((sum, step) => sum + cut.sample(step), 0)).toBe(whole.sample(total))
    }),
  )
})

test('one in one takes all, and a new rate holds at once', () => {
  const sampler = createPacketSampler(1_000_000, createRandom(1))
  sampler.setRate(1)
  expect(sampler.sample(1234)).toBe(1234)
  expect(sampler.sample(0)).toBe(0)
})

test('random numbers are uniform in [0, 1), and the same for the same seed', () => {
  const random = createRandom(7)
  const again = createRandom(7)
  const values = Array.from({ length: 160_000 }, random)
  expect(values.every((value) => value === again() && value >= 0 && value < 1)).toBe(true)
  const buckets = Array.from({ length: 16 }, () => 0)
  for (const value of values) buckets[Math.floor(value * 16)]!++
  expect(Math.min(...buckets)).toBeGreaterThan(9_500)
  expect(Math.max(...buckets)).toBeLessThan(10_500)
})
