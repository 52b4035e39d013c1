import { describe, expect, test } from 'vitest'
import { naturalPeerBps, QUIET_LEVEL } from '../../src/demo/demo-edge.ts'
import type { Observation } from '../../src/demo/observation.ts'
import { createStory, type Step } from '../../src/demo/story.ts'
import { observed } from './observed.ts'

const RELIEVING = ['4.0.1.0/24', '1.0.0.0/18']

function step(name: string): Step {
  return createStory().find((one) => one.name === name)!
}

const quiet = observed({ level: QUIET_LEVEL, claimed: [] })
const astray = (prefix: string): Observation =>
  observed({ level: QUIET_LEVEL, claimed: [], forwarded: [prefix] })
const relieved = observed({ level: 1, claimed: RELIEVING })

test('the rush hour overloads the peer, and quiet times do not', () => {
  expect(naturalPeerBps(1)).toBeGreaterThan(80e6)
  expect(naturalPeerBps(QUIET_LEVEL)).toBeLessThan(0.6 * 65e6)
})

test('a whole story takes less than 60 s with everything that must happen before it', () => {
  const shortest = createStory().reduce((sum, { rampMs, holdsMs }) => sum + rampMs + holdsMs, 0)
  expect(shortest).toBeLessThan(25_000)
})

test('each step is content with what it waits for', () => {
  expect(step('quiet').missing(quiet)).toBeUndefined()
  expect(step('rush').missing(relieved)).toBeUndefined()
  expect(step('split').missing(relieved)).toBeUndefined()
  expect(step('ebb').missing(quiet)).toBeUndefined()
  expect(step('rush').sums(relieved)).toContain('relieved by 2 overrides')
})

describe('the truth decides', () => {
  test.each([
    ['quiet', observed({ level: QUIET_LEVEL, claimed: ['4.0.1.0/24'] }), 'REST still gives 1 override'],
    ['quiet', astray('4.0.1.0/24'), 'forwards by 4.0.1.0/24'],
    ['ebb', astray('4.0.0.0/22'), 'does not forward 4.0.0.0/22'],
    ['rush', observed({ level: 1, claimed: [] }), 'the peer has 88.0 Mbps'],
    ['rush', observed({ level: 1, claimed: RELIEVING, forwarded: [] }), 'the peer has 88.0 Mbps'],
    ['rush', observed({ level: 0.7, claimed: ['4.0.1.0/24'], forwarded: [] }), 'does not forward 4.0.1.0/24'],
    ['rush', observed({ level: 1, claimed: ['4.0.0.0/22'] }), 'the transit has 99.0 Mbps'],
    ['rush', observed({ level: 0.7, claimed: [] }), 'no installed override'],
    ['split', observed({ level: 1, claimed: ['1.0.0.0/18'] }), 'no more-specific of 4.0.0.0/22'],
    ['split', observed({ level: 1, claimed: ['4.0.0.0/23'] }), 'the piece 4.0.0.0/23 has 48.0 Mbps'],
    ['split', observed({ level: 1, claimed: ['4.0.1.64/26'] }), 'the piece 4.0.1.64/26 has no traffic'],
  ])('%s %#', (name, now, missing) => {
    expect(step(name).missing(now)).toContain(missing)
  })
})

test('steady means that the same overrides stay', () => {
  const steady = step('steady')
  expect(steady.missing(relieved)).toBeUndefined()
  expect(steady.missing(relieved)).toBeUndefined()
  const other = observed({ level: 1, claimed: ['4.0.2.0/24'] })
  expect(steady.missing(other)).toBe('the overrides changed')
  expect(steady.missing(other)).toBeUndefined()
})
