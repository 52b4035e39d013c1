import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SequenceTracker } from '../../../src/collector/intake/sequence-tracker.ts'

/** Feeds one source the numbers, 100 ms of uptime apart. */
function track(numbers: readonly number[], tracker = new SequenceTracker(16, 1)) {
  const taken = numbers.map((n, i) => tracker.advance(0, 0, 0, 1, n >>> 0, i * 100))
  return { taken, ...tracker.counts }
}

const NONE = { lost: 0, reordered: 0, duplicates: 0, restarts: 0 }

describe('sequence numbers', () => {
  it('in order lose nothing, across the wrap of 32 bits as well', () => {
    expect(track([5, 6, 7, 8])).toMatchObject(NONE)
    expect(track([0xfffffffe, 0xffffffff, 0, 1])).toMatchObject(NONE)
  })

  it('tell what was lost', () => {
    expect(track([1, 2, 5, 6, 16])).toMatchObject({ ...NONE, lost: 11 })
    expect(track([0xffffffff, 3])).toMatchObject({ ...NONE, lost: 3 })
  })

  it('that come late count, those that come twice do not', () => {
    expect(track([1, 2, 4, 3, 5])).toMatchObject({ ...NONE, lost: 1, reordered: 1, taken: [true, true, true, true, true] })
    expect(track([1, 1, 2, 3, 2, 3])).toMatchObject({
      ...NONE, duplicates: 3, taken: [true, false, true, true, false, false],
    })
    expect(track([0, 31, 0, 1, 1])).toMatchObject({ lost: 30, duplicates: 2, reordered: 1 })
  })

  it('that jump are a restart and correct nothing', () => {
    for (const jump of [[9000, 1, 2], [1, 100_000, 100_001], [50, 18, 19]]) {
      expect(track(jump)).toMatchObject({ ...NONE, restarts: 1, taken: [true, true, true] })
    }
  })

  it('that go back a little are a restart when the uptime goes back with them', () => {
    const tracker = new SequenceTracker(16, 1)
    const advance = (sequence: number, uptimeMs: number) => tracker.advance(0, 0, 0, 1, sequence, uptimeMs)
    expect([advance(3, 60_000), advance(1, 10), advance(2, 1010), advance(3, 2010)]).toEqual([true, true, true, true])
    expect(tracker.counts).toEqual({ ...NONE, restarts: 1 })
  })

  it('that never move are no numbers: the exporter is heard all the same', () => {
    const { taken, duplicates } = track(Array.from({ length: 100 }, () => 7))
    expect([taken.filter(Boolean).length, duplicates]).toEqual([96, 4])
  })

  it('belong to their agent, sub-agent and source', () => {
    const tracker = new SequenceTracker(16, 1)
    for (const [agent, subAgent, type, index] of [[0, 0, 0, 1], [1, 0, 0, 1], [0, 1, 0, 1], [0, 0, 1, 1], [0, 0, 0, 2]] as const) {
      expect(tracker.advance(agent, subAgent, type, index, 5, 0)).toBe(true)
    }
    expect(tracker.counts).toEqual(NONE)
  })

  it('of any order count each number once, and each that is missing', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffffffff }), fc.array(fc.integer({ min: 1, max: 31 }), { minLength: 1 }), (start, steps) => {
        const numbers = [start]
        for (const step of steps) numbers.push((numbers.at(-1)! + step) >>> 0)
        const twice = numbers.flatMap((n) => [n, n])
        const { taken, lost, duplicates, restarts } = track(twice)
        expect(taken.filter(Boolean)).toHaveLength(numbers.length)
        expect([lost, duplicates, restarts]).toEqual([steps.reduce((sum, s) => sum + s - 1, 0), numbers.length, 0])
      }),
    )
  })

  it('of more sources than there is room for start over, and cost no memory', () => {
    const tracker = new SequenceTracker(8, 1)
    for (let i = 0; i < 1000; i++) expect(tracker.advance(0, i, 0, 0, 1, 0)).toBe(true)
    expect(tracker.counts).toEqual(NONE)
    tracker.advance(0, 5000, 0, 0, 1, 0)
    tracker.advance(0, 5000, 0, 0, 4, 0)
    expect(tracker.counts.lost).toBe(2)
  })
})

describe('a total beside the numbers', () => {
  it('grows from where it was first seen, wraps, and starts over after a restart', () => {
    const tracker = new SequenceTracker(8, 1)
    const growth = (sequence: number, total: number): number => {
      tracker.advance(0, 0, 0, 1, sequence, 0)
      return tracker.growth(total)
    }
    expect([growth(1, 100), growth(2, 103), growth(3, 103)]).toEqual([0, 3, 0])
    expect([growth(4, 90), growth(5, 91)]).toEqual([0, 1])
    expect([growth(90_000, 5000), growth(90_001, 5002)]).toEqual([0, 2])
    expect([growth(1, 0xfffffffe), growth(2, 3)]).toEqual([0, 5])
  })
})
