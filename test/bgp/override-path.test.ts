import { describe, expect, test } from 'vitest'
import { checkInjectable, overrideAttributes, readOverride } from '../../src/bgp/override-path.ts'
import type { Override } from '../../src/model/override.ts'
import { parsePrefix } from '../../src/model/prefix.ts'
import { NO_EXPORT, parseCommunity } from '../../src/model/route.ts'
import { attributes } from './edge.ts'

const OPTIONS = { localPref: 500, marker: parseCommunity('64512:100') }
const PREFIX = parsePrefix('203.0.113.0/24')
const OVERRIDE: Override = {
  router: 'rtr1', prefix: PREFIX, parentPrefix: PREFIX, fromInterface: 'swp1', toInterface: 'swp2', sinceMs: 1_800_000_000_999,
  follows: attributes('172.16.0.2', {
    origin: 1, med: 5, localPref: 100, asPath: [{ kind: 'sequence', asns: [65100] }], communities: [7, 8],
    largeCommunities: [{ globalAdmin: 1, data1: 1, data2: 1 }], originatorId: '10.0.0.1',
  }),
  reason: 'a test',
}

test('an override follows exit, AS_PATH, ORIGIN and MED, and nothing else', () => {
  expect(overrideAttributes(OVERRIDE, 3, OPTIONS)).toEqual({
    nextHop: OVERRIDE.follows.nextHop,
    origin: 1,
    asPath: [{ kind: 'sequence', asns: [65100] }],
    med: 5,
    localPref: 500,
    communities: [OPTIONS.marker, NO_EXPORT],
    largeCommunities: [
      { globalAdmin: 64512, data1: 1, data2: 1_800_000_000 },
      { globalAdmin: 64512, data1: 2, data2: 3 },
    ],
    originatorId: undefined,
  })
})

test('what a restart must know comes back, to the second', () => {
  const override = { ...OVERRIDE, pinnedUntilMs: 1_800_000_600_999 }
  const path = { prefix: PREFIX, pathId: 0, attributes: overrideAttributes(override, 3, OPTIONS, 7) }
  expect(readOverride('rtr1', path, OPTIONS)).toMatchObject({
    router: 'rtr1', fromIfIndex: 3, sinceMs: 1_800_000_000_000, pinnedUntilMs: 1_800_000_600_000,
  })
})

test('large communities of others mean nothing, and missing ones are missing', () => {
  const others = [{ globalAdmin: 64513, data1: 1, data2: 9 }, { globalAdmin: 64512, data1: 3, data2: 9 }]
  const path = { prefix: PREFIX, pathId: 0, attributes: attributes('172.16.0.2', { communities: [OPTIONS.marker], largeCommunities: others }) }
  expect(readOverride('rtr1', path, OPTIONS)).toMatchObject({ fromIfIndex: undefined, sinceMs: undefined, pinnedUntilMs: undefined })
})

test('without the marker a local route is not ours', () => {
  const path = { prefix: PREFIX, pathId: 0, attributes: attributes('172.16.0.2', { communities: [NO_EXPORT] }) }
  expect(readOverride('rtr1', path, OPTIONS)).toBeUndefined()
})

describe('last guard', () => {
  const sound = overrideAttributes(OVERRIDE, 3, OPTIONS)

  test('lets a sound override pass', () => {
    expect(() => checkInjectable(PREFIX, sound, OPTIONS.marker)).not.toThrow()
  })

  test.each([
    ['a default route', parsePrefix('0.0.0.0/0'), {}, 'default route'],
    ['bits behind the length', { ...PREFIX, length: 8 }, {}, 'behind its length'],
    ['no NO_EXPORT', PREFIX, { communities: [OPTIONS.marker] }, 'NO_EXPORT'],
    ['no marker', PREFIX, { communities: [NO_EXPORT] }, 'marker'],
    ['an IPv6 next hop for IPv4', PREFIX, { nextHop: attributes('2001:db8::1').nextHop }, '2001:db8::1 is not IPv4'],
    ['an IPv4 next hop for IPv6', parsePrefix('2001:db8::/32'), {}, '172.16.0.2 is not IPv6'],
    ['no next hop', PREFIX, { nextHop: attributes('0.0.0.0').nextHop }, 'next hop'],
    ['a LOCAL_PREF that is none', PREFIX, { localPref: 1.5 }, '1.5'],
    ['a MED that is none', PREFIX, { med: -1 }, '-1'],
  ])('refuses %s', (_, prefix, changed, message) => {
    expect(() => checkInjectable(prefix, { ...sound, ...changed }, OPTIONS.marker)).toThrow(message)
  })
})
