import { expect, test } from 'vitest'
import { Settling } from '../../../src/bgp/feed/settling.ts'

test('a table that grows has not settled; once it stands still it has, and stays so', () => {
  const settling = new Settling(0, 0)
  expect(settling.settled(1_999, 0)).toBe(false)
  expect(settling.settled(2_000, 50_000)).toBe(false)
  expect(settling.settled(3_999, 100_000)).toBe(false)
  expect(settling.settled(4_000, 100_000)).toBe(false)
  expect(settling.settled(6_000, 100_900)).toBe(true)
  expect(settling.settled(6_001, 0)).toBe(true)
})

test('an empty table settles, too', () => {
  expect(new Settling(0, 0).settled(2_000, 0)).toBe(true)
})
