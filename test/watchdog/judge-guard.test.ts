import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Heartbeat, Lease } from '../../src/model/lease.ts'
import { guardUnread, judgeGuard, mayLeave, NOTHING_GUARDED, type GuardLook, type GuardMemory } from '../../src/watchdog/judge-guard.ts'

const ME = 7
const LEASE_MS = 20_000
const lease = (sequence: number, state: Lease['state'] = 'held'): Lease =>
  ({ owner: '00c0ffeefeedbeef', incarnation: 1, sequence, durationMs: LEASE_MS, state })

let memory: GuardMemory
const look = (nowMs: number, found: Partial<GuardLook>): string => {
  const judged = judgeGuard(memory, { lease: undefined, heartbeat: undefined, marked: false, nowMs, ...found }, ME, LEASE_MS)
  memory = judged.memory
  return judged.step.kind
}
/** Looks every second at the same; when it is something else than waiting, and what. */
const watch = (fromMs: number, toMs: number, found: Partial<GuardLook>): { atMs: number; kind: string } | undefined => {
  for (let atMs = fromMs; atMs <= toMs; atMs += 1000) {
    const kind = look(atMs, found)
    if (kind !== 'wait') return { atMs, kind }
  }
  return undefined
}

describe('a lease', () => {
  test.each(['held', 'released'] as const)('that is %s and does not change is fenced when its duration has passed, less what a look a second is late', (state) => {
    memory = NOTHING_GUARDED
    expect(watch(0, 60_000, { lease: lease(1, state) })).toEqual({ atMs: LEASE_MS - 2000, kind: 'fence' })
  })

  test('that is renewed is left alone', () => {
    memory = NOTHING_GUARDED
    for (let t = 0; t < 10 * LEASE_MS; t += 1000) expect(look(t, { lease: lease(Math.floor(t / 15_000)) })).toBe('wait')
  })

  test('that has lapsed is carried out, whoever said so', () => {
    memory = NOTHING_GUARDED
    expect(look(0, { lease: lease(1, 'lapsed') })).toBe('withdraw')
  })

  test('is not fenced for what gobgpd or the watchdog itself missed', () => {
    memory = NOTHING_GUARDED
    expect(watch(0, LEASE_MS - 3000, { lease: lease(1) })).toBeUndefined()
    memory = guardUnread(memory)
    expect(watch(200_000, 204_000, { lease: lease(1) })).toBeUndefined()
    expect(look(205_000, { lease: lease(1) })).toBe('fence')
    // A short outage, too.
    memory = NOTHING_GUARDED
    expect(watch(0, LEASE_MS - 3000, { lease: lease(1) })).toBeUndefined()
    memory = guardUnread(memory)
    expect(watch(LEASE_MS, LEASE_MS + 4000, { lease: lease(1) })).toBeUndefined()
    memory = NOTHING_GUARDED
    expect(watch(0, LEASE_MS - 3000, { lease: lease(1) })).toBeUndefined()
    // It was stopped, or all of the machine was.
    expect(watch(500_000, 504_000, { lease: lease(1) })).toBeUndefined()
  })
})

test('who renews in time is never fenced; who stops is within the lease', () => {
  const late = fc.integer({ min: 0, max: 100 })
  fc.assert(
    fc.property(fc.integer({ min: 8, max: 120 }), fc.array(late, { minLength: 20, maxLength: 60 }), (leaseS, delays) => {
      const durationMs = leaseS * 1000
      let [renewedMs, sequence, lookMs] = [0, 0, 0]
      memory = NOTHING_GUARDED
      const step = (): string => look(lookMs, { lease: { ...lease(sequence), durationMs } })
      for (const delay of delays) {
        // A third of the lease is the longest interval; a cycle may be late by half of it.
        const nextMs = renewedMs + (durationMs / 3) * (1 + delay / 200)
        for (; lookMs < nextMs; lookMs += 1000 + delay / 10) expect(step()).toBe('wait')
        renewedMs = nextMs
        sequence++
      }
      while (step() === 'wait') lookMs += 1000
      expect(lookMs - renewedMs).toBeLessThanOrEqual(durationMs)
      expect(lookMs - renewedMs).toBeGreaterThan(durationMs / 2)
    }),
  )
})

describe('no lease', () => {
  test('and no override is nothing to do; overrides get the lease of the configuration', () => {
    memory = NOTHING_GUARDED
    expect(watch(0, 100_000, {})).toBeUndefined()
    expect(watch(101_000, 200_000, { marked: true })).toEqual({ atMs: 101_000 + LEASE_MS - 3000, kind: 'fence' })
  })
})

describe('an orphan', () => {
  const beat = (watchdog: number, sequence: number, role: Heartbeat['role']): Heartbeat => ({ watchdog, sequence, role })
  test('stays while there is something to guard, and may leave when there is nothing', () => {
    memory = NOTHING_GUARDED
    expect(mayLeave(memory, ME, 0)).toBe(false)
    look(0, { lease: lease(1), heartbeat: beat(ME, 1, 'orphan') })
    expect(mayLeave(memory, ME, 0)).toBe(false)
    look(1000, { heartbeat: beat(ME, 2, 'orphan') })
    expect(mayLeave(memory, ME, 1000)).toBe(true)
  })

  test('stays beside a heartbeat that was left over: only one that changes is a beat', () => {
    memory = NOTHING_GUARDED
    for (let t = 0; t < 10_000; t += 1000) {
      look(t, { lease: lease(t), heartbeat: beat(3, 1, 'alone') })
      expect(mayLeave(memory, ME, t)).toBe(false)
    }
  })

  test('may leave when another beats, and of two orphans one stays', () => {
    const relieved = (other: number, role: Heartbeat['role']): boolean => {
      memory = NOTHING_GUARDED
      look(0, { lease: lease(1), heartbeat: beat(other, 1, role) })
      if (mayLeave(memory, ME, 0)) return true
      look(1000, { lease: lease(1), heartbeat: beat(other, 2, role) })
      return mayLeave(memory, ME, 1000)
    }
    expect(relieved(3, 'child')).toBe(true)
    expect(relieved(3, 'alone')).toBe(true)
    expect(relieved(3, 'orphan')).toBe(false)
    expect(relieved(9, 'orphan')).toBe(true)
    expect(mayLeave(memory, ME, 5000)).toBe(false)
  })
})
