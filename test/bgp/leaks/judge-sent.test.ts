import { expect, test } from 'vitest'
import type { LocalPath, PathChange } from '../../../src/bgp/wire/gobgp-api.ts'
import { formatFinding } from '../../../src/bgp/leaks/finding.ts'
import { judgeSent } from '../../../src/bgp/leaks/judge-sent.ts'
import { formatPrefix, parsePrefix } from '../../../src/model/prefix.ts'
import { NO_EXPORT, parseCommunity, type PathAttributes } from '../../../src/model/route.ts'
import { attributes } from '../edge.ts'

const MARKER = parseCommunity('64512:100')
const OURS = attributes('172.16.0.2', { localPref: 500, communities: [MARKER, NO_EXPORT] })
const THEIRS = attributes('172.16.0.9', { localPref: 100 })

const local = (prefix: string, has: PathAttributes = OURS): LocalPath => ({ prefix: parsePrefix(prefix), pathId: 0, attributes: has })
const sent = (prefix: string, has: PathAttributes = OURS): PathChange =>
  ({ kind: 'announced', ...local(prefix, has), rpki: 'unknown' })

function judge(held: readonly LocalPath[], leaving: readonly PathChange[]): { found: string[]; unsent: string[] } {
  const { findings, unsent } = judgeSent('192.0.2.1', { local: held, sent: leaving }, MARKER)
  return { found: findings.map((finding) => `${finding.kind}: ${formatFinding(finding)}`), unsent: unsent.map(formatPrefix) }
}

test('overrides that leave as they were injected are sound', () => {
  const prefixes = ['203.0.113.0/24', '2001:db8::/32']
  expect(judge(prefixes.map((p) => local(p)), prefixes.map((p) => sent(p)))).toEqual({ found: [], unsent: [] })
})

test('each fault is told once, in the same words whatever the order', () => {
  const held = ['10.0.0.0/24', '10.0.1.0/24', '10.0.2.0/24'].map((p) => local(p))
  const leaving = [
    sent('10.0.1.0/24', { ...OURS, communities: [MARKER] }),
    sent('10.0.2.0/24', { ...OURS, localPref: 100 }),
    sent('198.51.100.0/24', THEIRS),
    sent('192.0.2.0/24', OURS),
    sent('10.0.0.0/24', { ...OURS, communities: [MARKER] }),
  ]
  const { found } = judge(held, leaving)
  expect(found).toEqual([
    'leak: GoBGP sends neighbor 192.0.2.1 192.0.2.0/24, which is no local route: ' +
      'set route-type = "local" in each export statement that accepts',
    'leak: GoBGP sends neighbor 192.0.2.1 the override 10.0.0.0/24 without NO_EXPORT: ' +
      'remove what changes communities from [policy-definitions.statements.actions.bgp-actions]',
    'leak: GoBGP sends neighbor 192.0.2.1 the override 10.0.2.0/24 with another next hop, LOCAL_PREF or without its ' +
      'marker: remove what changes them from [policy-definitions.statements.actions.bgp-actions]',
  ])
  expect(judge(held, leaving.toReversed()).found).toEqual(found)
})

test.each<[string, Partial<PathAttributes>]>([
  ['next hop', { nextHop: attributes('172.16.0.4').nextHop }],
  ['LOCAL_PREF', { localPref: undefined }],
  ['marker', { communities: [NO_EXPORT] }],
])('an override that leaves with another %s is found', (_, change) => {
  expect(judge([local('203.0.113.0/24')], [sent('203.0.113.0/24', { ...OURS, ...change })]).found).toHaveLength(1)
})

test('beside a local route of somebody else, an override is compared with itself', () => {
  const held = [local('203.0.113.0/24'), local('203.0.113.0/24', THEIRS)]
  expect(judge(held, [sent('203.0.113.0/24')])).toEqual({ found: [], unsent: [] })
  expect(judge(held, [sent('203.0.113.0/24', { ...OURS, localPref: 90 })]).found).toHaveLength(1)
})

test("a local route that is not ours is its owner's: told, and no more", () => {
  expect(judge([local('198.51.100.0/24', THEIRS)], [sent('198.51.100.0/24', THEIRS)])).toEqual({
    found: [
      'doubt: GoBGP sends neighbor 192.0.2.1 the local route 198.51.100.0/24, which is none of ours: ' +
        'whoever injected it answers for it; gobgp global rib del 198.51.100.0/24 takes it out',
    ],
    unsent: [],
  })
})

test('overrides that GoBGP holds and does not send are named; what it ends a family with is no route', () => {
  const end: PathChange = { kind: 'unusable', prefix: undefined, pathId: 0, reason: 'no_prefix' }
  const held = [local('203.0.113.0/24'), local('2001:db8::/32'), local('198.51.100.0/24', THEIRS)]
  expect(judge(held, [sent('203.0.113.0/24'), end])).toEqual({ found: [], unsent: ['2001:db8::/32'] })
})
