import { describe, expect, test } from 'vitest'
import { adopt, currentOverrides, NOTHING_REMEMBERED, observePlacements, placed, unplaced } from '../../src/controller/memory.ts'
import type { Story } from '../../src/controller/stories.ts'
import type { Override } from '../../src/model/override.ts'
import { parsePrefix } from '../../src/model/prefix.ts'
import { asInstalled } from './fake-edge.ts'
import { makeInterface, makePath, makeRouter } from './world.ts'

const ROUTER = makeRouter([makeInterface(0), makeInterface(1, { dryRun: true }), makeInterface(2)])
const PREFIX = parsePrefix('1.0.0.0/24')
const NOW = 1_000_000

const override = (settings: Partial<Override> = {}): Override => ({
  router: 'rtr1', prefix: PREFIX, parentPrefix: PREFIX, fromInterface: 'exit0', toInterface: 'exit2',
  follows: makePath('1.0.0.0/24', 2), sinceMs: 900_000, reason: 'r', ...settings,
})
const found = (settings: Partial<Override> = {}) => asInstalled(override(settings), 1)
const start = { prefix: PREFIX, fromInterface: 'exit0', toInterface: 'exit2', startMs: 900_000, endMs: undefined }

describe('what a plan starts from', () => {
  const remembering = (o: Override, dry: boolean) => ({ ...NOTHING_REMEMBERED, planned: [{ override: o, dry }] })

  test('the last plan, and what GoBGP holds besides', () => {
    const other = parsePrefix('2.0.0.0/24')
    const current = currentOverrides(remembering(override(), false), [found(), found({ prefix: other })], ROUTER, false, NOW)
    expect(current.map(({ override: o, dry }) => [o.prefix, o.reason, dry])).toEqual([
      [PREFIX, 'r', false],
      [other, 'found in GoBGP, installed before this service started', false],
    ])
  })

  test('in dry-run nothing is adopted, and what was real goes on as dry', () => {
    expect(currentOverrides(NOTHING_REMEMBERED, [found()], ROUTER, true, NOW)).toEqual([])
    expect(currentOverrides(remembering(override(), false), [], ROUTER, true, NOW).map((c) => c.dry)).toEqual([true])
  })

  test('what was planned dry is planned anew when it becomes real, and stays where its interface is dry', () => {
    expect(currentOverrides(remembering(override(), true), [], ROUTER, false, NOW)).toEqual([])
    const dry = remembering(override({ fromInterface: 'exit1' }), true)
    expect(currentOverrides(dry, [], ROUTER, false, NOW)).toEqual(dry.planned)
  })
})

describe('the story that a predecessor left', () => {
  const story: Story = {
    prefix: PREFIX, nextHop: override().follows.nextHop, parentPrefix: parsePrefix('1.0.0.0/16'), fromInterface: 'exit1',
    sinceMs: 900_123, reason: 'exit1 was full',
  }

  test('is taken for the override that it is of', () => {
    const { parentPrefix, fromInterface, sinceMs, reason } = story
    expect(adopt(found(), ROUTER, NOW, story)).toMatchObject({ parentPrefix, fromInterface, sinceMs, reason, toInterface: 'exit2' })
    expect(adopt(found(), ROUTER, NOW, { ...story, fromInterface: 'gone' })).toMatchObject({ fromInterface: 'exit0', reason })
  })

  test.each<[string, Partial<Story>]>([
    ['another exit', { nextHop: makePath('1.0.0.0/24', 0).nextHop }],
    ['another time', { sinceMs: 901_000 }],
  ])('is not taken when it tells of %s', (_, other) => {
    expect(adopt(found(), ROUTER, NOW, { ...story, ...other })).toEqual(adopt(found(), ROUTER, NOW))
  })
})

test('adopting takes the exit, the natural interface and the time from the override', () => {
  expect(adopt(found(), ROUTER, NOW)).toMatchObject({ fromInterface: 'exit0', toInterface: 'exit2', sinceMs: 900_000 })
  expect(adopt({ ...found(), fromIfIndex: 99, sinceMs: undefined }, ROUTER, NOW)).toMatchObject({ fromInterface: '', sinceMs: NOW })
  expect(adopt({ ...found(), sinceMs: NOW + 1 }, ROUTER, NOW).sinceMs).toBe(NOW)
})

describe('placements', () => {
  test('what GoBGP holds and we did not know began when it says, at most now', () => {
    expect(observePlacements([], [found()], ROUTER, NOW, NOW - 5000)).toEqual([start])
    expect(observePlacements([], [{ ...found(), sinceMs: NOW + 5 }], ROUTER, NOW, NOW - 5000)[0]?.startMs).toBe(NOW)
  })

  test('what GoBGP lost ended when it was last seen; what ended is kept for 300 s', () => {
    const ended = { ...start, endMs: NOW - 5000 }
    expect(observePlacements([start], [], ROUTER, NOW, NOW - 5000)).toEqual([ended])
    expect(observePlacements([ended], [], ROUTER, NOW + 294_999, NOW - 5000)).toEqual([ended])
    expect(observePlacements([ended], [], ROUTER, NOW + 295_000, NOW - 5000)).toEqual([])
  })

  test('what is there and known stays; what came again begins again', () => {
    expect(observePlacements([start], [found()], ROUTER, NOW, NOW - 5000)).toEqual([start])
    const ended = { ...start, endMs: NOW }
    expect(observePlacements([ended], [found({ sinceMs: NOW })], ROUTER, NOW, NOW - 5000)).toEqual([ended, { ...start, startMs: NOW }])
  })

  test('placing the same twice changes nothing; another exit ends the first', () => {
    expect(placed([start], override(), NOW)).toEqual([start])
    expect(placed([start], override({ toInterface: 'exit1' }), NOW)).toEqual([
      { ...start, endMs: NOW },
      { ...start, toInterface: 'exit1', startMs: NOW },
    ])
  })

  test('unplacing ends only what is in force, and only of that prefix', () => {
    const other = { ...start, prefix: parsePrefix('2.0.0.0/24') }
    const before = { ...start, endMs: 950_000 }
    expect(unplaced([before, start, other], PREFIX, NOW)).toEqual([before, { ...start, endMs: NOW }, other])
  })
})
