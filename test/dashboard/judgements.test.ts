/** What the page decides by itself, without a browser. */
import { describe, expect, test } from 'vitest'
import { applyEvent, type Told } from '../../dashboard/data/apply-event.ts'
import { byAttention, scaleOf } from '../../dashboard/data/attention.ts'
import { glanceAt, groupDetours, matching } from '../../dashboard/data/detours.ts'
import { judgeFreshness } from '../../dashboard/data/freshness.ts'
import type { Live } from '../../dashboard/data/live.ts'
import { tellEffects } from '../../dashboard/data/mode-effects.ts'
import type { Alarm, Interface, Override, Status } from '../../dashboard/data/rest.ts'
import { hashOf, placeOf } from '../../dashboard/data/route.ts'
import { createTrends, joinTrends, type Trend } from '../../dashboard/data/trends.ts'
import { ageText } from '../../dashboard/data/words.ts'

const STARTED = '2030-01-02T03:04:05.000Z'
const STATUS = {
  version: '1', mode: 'active', time: STARTED, interval_seconds: 1, alarms: [],
  last_cycle: { started: STARTED, duration_seconds: 0.01, mode: 'active' },
} as unknown as Status

const oneInterface = (name: string, natural: number, state: Interface['state'] = 'ok'): Interface =>
  ({
    router: 'edge1', name, state, speed_bps: 100e6, natural_bps: natural, out_bps: natural, planned_bps: natural,
    high_watermark: 0.8, low_watermark: 0.65,
  }) as unknown as Interface

const oneOverride = (prefix: string, from: string, bps: number, state: Override['state'] = 'installed'): Override =>
  ({
    id: `edge1-${prefix}`, router: 'edge1', prefix, parent_prefix: prefix, from_interface: from, to_interface: 'transit',
    bps, state, reason: 'too full', next_hop: '192.0.2.1', since: STARTED,
  }) as unknown as Override

describe('freshness', () => {
  const offsetMs = Date.parse(STARTED)
  const live = { status: STATUS, link: { state: 'live' }, heardMs: 0, offsetMs } as unknown as Live

  test('what was heard of late is fresh; what was not is lost, and so is what does not answer', () => {
    expect(judgeFreshness(live, 5_000)).toEqual({ kind: 'fresh' })
    expect(judgeFreshness(live, 6_500)).toMatchObject({ kind: 'lost', agoMs: 6_500 })
    expect(judgeFreshness({ ...live, link: { state: 'lost', why: 'refused' } }, 100)).toMatchObject({ kind: 'lost' })
    expect(judgeFreshness({ ...live, status: undefined }, 100)).toMatchObject({ kind: 'waiting' })
  })

  test('a service that answers and makes no plan has stalled, measured by its own interval', () => {
    expect(judgeFreshness({ ...live, heardMs: 13_000 }, 13_000)).toEqual({ kind: 'stalled', agoMs: 13_000 })
    const slow = { ...STATUS, interval_seconds: 60 }
    expect(judgeFreshness({ ...live, status: slow, heardMs: 100_000 }, 100_000)).toEqual({ kind: 'fresh' })
    expect(judgeFreshness({ ...live, status: slow, heardMs: 131_000 }, 131_000)).toMatchObject({ kind: 'stalled' })
  })
})

describe('events', () => {
  const told: Told = { status: STATUS, interfaces: [], overrides: [], decisions: [] }
  const added = { event: 'override_added', data: oneOverride('198.51.100.0/24', 'peer', 1e6) } as const
  const alarm: Alarm = { kind: 'session_down', router: 'edge1', interface: null, since: STARTED, message: 'down' }

  test('told twice they change nothing more, and an end takes back what began', () => {
    const once = applyEvent(told, added)
    expect(applyEvent(once, added)).toEqual(once)
    expect(applyEvent(once, { event: 'override_withdrawn', data: added.data }).overrides).toEqual([])
    const alarmed = applyEvent(told, { event: 'alarm', data: { ...alarm, state: 'begun' } })
    expect(alarmed.status.alarms).toEqual([alarm])
    expect(applyEvent(alarmed, { event: 'alarm', data: { ...alarm, state: 'ended' } }).status.alarms).toEqual([])
  })
})

describe('what a mode would do', () => {
  const traffic = {
    mode: 'active',
    interfaces: [oneInterface('peer', 88e6), oneInterface('other', 120e6)],
    overrides: [oneOverride('198.51.100.0/24', 'peer', 20e6), oneOverride('203.0.113.0/24', 'other', 30e6)],
  } as const

  test('off tells what goes home, and which links it fills', () => {
    const text = tellEffects('off', traffic).join('\n')
    expect(text).toContain('2 overrides (50.0 Mbps) are withdrawn')
    expect(text).toContain('edge1 other will carry about 120 % of its speed: more than it can')
    expect(text).toContain('edge1 peer will carry about 88 % of its speed, above its high watermark of 80 %')
  })

  test('what is only planned is not withdrawn; active would send it', () => {
    const overrides = traffic.overrides.map((one) => ({ ...one, state: 'planned' as const }))
    expect(tellEffects('off', { ...traffic, overrides })).toContain('Nothing is installed, so no traffic moves.')
    const text = tellEffects('active', { ...traffic, mode: 'dry_run', overrides }).join('\n')
    expect(text).toContain('it would install 2 overrides (50.0 Mbps)')
  })
})

test('interfaces in trouble come first, then the fullest; small changes do not shuffle them', () => {
  const names = (...all: Interface[]): string[] => byAttention(all).map(({ name }) => name)
  const [a, b] = [oneInterface('a', 51e6), oneInterface('b', 53e6)]
  expect(names(a, b, oneInterface('c', 70e6), oneInterface('d', 10e6, 'down'))).toEqual(['d', 'c', 'a', 'b'])
  expect(scaleOf([a])).toBe(1.1)
  expect(scaleOf([oneInterface('full', 120e6)])).toBe(1.25)
  expect(scaleOf([oneInterface('over', 400e6)])).toBe(1.5)
})

test('detours stand in groups, the largest first, and are found by any of their words', () => {
  const overrides = [1, 2, 3, 4].map((i) => oneOverride(`10.0.${i}.0/24`, i === 4 ? 'peer-b' : 'peer-a', i * 1e6))
  const groups = groupDetours(overrides)
  expect(groups.map(({ from, bps }) => [from, bps])).toEqual([['peer-a', 6e6], ['peer-b', 4e6]])
  const [first, ...others] = glanceAt(groups, { groups: 1, each: 2 })
  expect(first!.shown.map(({ prefix }) => prefix)).toEqual(['10.0.3.0/24', '10.0.2.0/24'])
  expect(first!.overrides).toHaveLength(3)
  expect(others).toEqual([])
  expect(matching(overrides, 'PEER-B transit')).toHaveLength(1)
})

test('an address leads back to its place, whatever the names hold', () => {
  const places = [
    { kind: 'interface', router: 'edge 1/a', name: 'et-0/0/1 #2' },
    { kind: 'prefix', router: 'edge1', prefix: '2001:db8::/32' },
    { kind: 'overview' },
  ] as const
  expect(places.map((place) => placeOf(hashOf(place)))).toEqual(places)
  expect(placeOf('#/interface/%E0%A4%A/x')).toEqual({ kind: 'overview' })
})

test('trends: the history up to where the page itself has seen it; after a gap that is the history\'s again', () => {
  const trends = createTrends()
  trends.note([oneInterface('peer', 1e6)], 100_000)
  trends.note([oneInterface('peer', 2e6)], 101_000)
  const earlier: Trend = { times: [80, 90, 100], out: [8, 9, 10], natural: [8, 9, 10], planned: [8, 9, 10] }
  expect(joinTrends(earlier, trends.of('edge1', 'peer'))).toMatchObject({ times: [80, 90, 100, 101], out: [8, 9, 1e6, 2e6] })
  trends.note([oneInterface('peer', 3e6)], 200_000)
  expect(trends.of('edge1', 'peer').times).toEqual([200])
})

test.each([
  [900, '0 s'], [59_999, '59 s'], [60_000, '1 min'], [3_600_000, '1 h'], [7_500_000, '2 h 5 min'], [90_000_000, '1 d 1 h'],
])('%i ms last %s', (ms, text) => expect(ageText(ms)).toBe(text))
