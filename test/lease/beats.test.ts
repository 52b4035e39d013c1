import { expect, test } from 'vitest'
import { beatsEnded, beatsRead, beatsUnread, NO_BEATS, type Beats } from '../../src/lease/beats.ts'
import type { Heartbeat } from '../../src/model/lease.ts'

const beat = (sequence: number, role: Heartbeat['role'] = 'child'): Heartbeat => ({ watchdog: 7, sequence, role })
const read = (...heartbeats: (Heartbeat | undefined)[]): Beats =>
  heartbeats.reduce((beats, heartbeat, i) => beatsRead(beats, heartbeat, i * 1000), NO_BEATS)

test('what is left over is no beat, what changes is', () => {
  expect(read(beat(5), beat(5)).silentMs).toBe(Infinity)
  expect(read(beat(5), beat(6)).silentMs).toBe(0)
  expect(read(undefined, beat(1)).silentMs).toBe(0)
  expect(read(beat(5), beat(6), beat(6), undefined).silentMs).toBe(2000)
})

test('a note that gobgpd lost is no beat when it is missed, and none when the same is back', () => {
  expect(read(beat(5), beat(6), undefined, beat(6)).silentMs).toBe(2000)
})

test('time without an answer does not count', () => {
  const away = beatsUnread(read(beat(5), beat(6)))
  expect(beatsRead(away, undefined, 60_000).silentMs).toBe(0)
})

test('a watchdog of its own is told from a child', () => {
  expect(read(beat(5), beat(6)).silentAloneMs).toBe(Infinity)
  expect(read(beat(5), beat(6, 'alone')).silentAloneMs).toBe(0)
})

test('one that has ended is gone at once', () => {
  expect(beatsEnded(read(beat(5), beat(6))).silentMs).toBe(Infinity)
})
