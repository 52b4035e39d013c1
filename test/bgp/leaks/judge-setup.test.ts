import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Peer } from '../../../src/bgp/wire/gobgp-api.ts'
import { formatFinding } from '../../../src/bgp/leaks/finding.ts'
import { judgeSetup } from '../../../src/bgp/leaks/judge-setup.ts'
import type { Policies, PolicyAssignment, Statement } from '../../../src/bgp/leaks/policies.ts'
import type { GobgpSetup } from '../../../src/bgp/leaks/setup.ts'
import { parseAddress } from '../../../src/model/prefix.ts'
import { formatCommunity, NO_EXPORT, parseCommunity } from '../../../src/model/route.ts'

const ASN = 65001
const MARKER = parseCommunity('64512:100')
const ROUTERS = [
  { name: 'rtr1', address: parseAddress('192.0.2.1') },
  { name: 'rtr2', address: parseAddress('2001:db8::1') },
]
const NOTHING = { families: [], addPathSend: [], addPathReceive: [], software: undefined }

function peer(address: string, rest: Partial<Peer> = {}): Peer {
  return {
    address, localAsn: ASN, peerAsn: ASN, established: true, routeServerClient: false, routeReflectorClient: false, takesNotes: false,
    disabled: false, beginsDisabled: false, ours: NOTHING, theirs: NOTHING, ...rest,
  }
}

function statement(rest: Partial<Statement> = {}): Statement {
  return {
    name: 's', routeType: 'any', neighborSet: undefined, communitySet: undefined, largeCommunitySet: undefined,
    action: 'accept', sets: [], removesCommunities: [], changesLargeCommunities: false, ...rest,
  }
}

function assignment(statements: readonly Statement[], defaultAction: PolicyAssignment['defaultAction'] = 'reject'): PolicyAssignment {
  return { policies: [{ name: 'p', statements }], defaultAction }
}

const LOCAL = assignment([statement({ routeType: 'local' })])
const SETS = new Map([
  ['marker', ['^64512:100$']],
  ['no-export-and-marker', ['^65535:65281$', '^64512:100$']],
  ['loose', ['64512:10.*']],
  ['half-anchored', ['^64512:100']],
])

function setup(rest: Partial<GobgpSetup> = {}, policies: Partial<Policies> = {}): GobgpSetup {
  return {
    asn: ASN,
    neighbors: [peer('192.0.2.1'), peer('2001:db8::1')],
    dynamicNeighbors: [],
    policies: { importing: LOCAL, exporting: LOCAL, communitySets: SETS, largeCommunitySets: new Map(), neighborSets: new Map(), ...policies },
    ...rest,
  }
}

function judge(what: GobgpSetup): string[] {
  // Whether they may share gobgpd is for judge-sharing.test.ts.
  const found = judgeSetup(what, ROUTERS, MARKER).filter((f) => !/share gobgpd|lets the overrides of/.test(f.what))
  return found.map((finding) => `${finding.kind}: ${formatFinding(finding)}`)
}

/** Exporting what has a community, by this set. */
function marked(name: string, match: 'any' | 'all' | 'invert', rest: Partial<Statement> = {}): PolicyAssignment {
  return assignment([statement({ communitySet: { match, name }, ...rest })])
}

describe('a sound gobgpd has no finding', () => {
  test.each<[string, Partial<Policies>]>([
    ['imports and exports local routes only', {}],
    ['exports local routes with the marker only', { exporting: marked('marker', 'any', { routeType: 'local' }) }],
    ['exports what carries the marker, and imports nothing learned', { exporting: marked('marker', 'all') }],
    ['asks for the marker and NO_EXPORT', { exporting: marked('no-export-and-marker', 'all') }],
    ['rejects in a statement without conditions', {
      exporting: assignment([statement({ routeType: 'local' }), statement({ action: 'reject' })]),
    }],
    ['takes away a community that guards nothing', {
      exporting: assignment([statement({ routeType: 'local', removesCommunities: ['^65100:20$'] })]),
    }],
  ])('%s', (_, policies) => expect(judge(setup({}, policies))).toEqual([]))

  test('a route-reflector client has nothing learned to be sent', () => {
    expect(judge(setup({ neighbors: [peer('192.0.2.1', { routeReflectorClient: true })] }))).toEqual([])
  })
})

describe('what could leak is named with the setting to change', () => {
  const LOCAL_ONLY = 'set route-type = "local" in its [policy-definitions.statements.conditions.bgp-conditions]'

  test.each<[Partial<GobgpSetup>, string]>([
    [{ neighbors: [peer('198.51.100.9', { peerAsn: 65050 })] },
      'neighbor 198.51.100.9 is no iBGP neighbor (AS 65050, gobgpd\'s is 65001): ' +
      'remove its [[neighbors]] block (gobgp neighbor del 198.51.100.9)'],
    [{ neighbors: [peer('192.0.2.1', { takesNotes: true })] },
      'neighbor 192.0.2.1 takes routes of ipv4-encap, in which Spillway keeps its notes: ' +
      'remove the [[neighbors.afi-safis]] block with afi-safi-name = "ipv4-encap"'],
    [{ neighbors: [peer('192.0.2.1', { peerAsn: 65050 })] },
      'neighbor 192.0.2.1 is no iBGP neighbor (AS 65050, gobgpd\'s is 65001): ' +
      'set peer-as = 65001 in its [neighbors.config], without local-as'],
    [{ neighbors: [peer('192.0.2.1', { localAsn: 65050, peerAsn: 65050 })] },
      'neighbor 192.0.2.1 is no iBGP neighbor (AS 65050 with AS 65050, gobgpd\'s is 65001): ' +
      'set peer-as = 65001 in its [neighbors.config], without local-as'],
    [{ neighbors: [peer('198.51.100.9')] },
      'neighbor 198.51.100.9 is none of our routers, and would get every override: remove its [[neighbors]] block ' +
      '(gobgp neighbor del 198.51.100.9), or list it under routers: with this gobgp'],
    [{ neighbors: [peer('2001:DB8:0::1')] },
      'neighbor 2001:DB8:0::1 is a router of ours, written otherwise: ' +
      'set neighbor-address = "2001:db8::1" in its [neighbors.config]'],
    [{ neighbors: [peer('fe80::1%eth0')] },
      'neighbor fe80::1%eth0 is none of our routers, and would get every override: remove its [[neighbors]] block ' +
      '(gobgp neighbor del fe80::1%eth0), or list it under routers: with this gobgp'],
    [{ neighbors: [peer('192.0.2.1', { routeServerClient: true })] },
      'neighbor 192.0.2.1 is a route-server client, which the global policies do not bind: ' +
      'set route-server-client = false in its [neighbors.route-server.config]'],
    [{ dynamicNeighbors: [{ prefix: '10.0.0.0/8', peerGroup: 'g' }] },
      'whoever connects from 10.0.0.0/8 becomes a neighbor (of peer group "g"): ' +
      'remove the [[dynamic-neighbors]] block with prefix = "10.0.0.0/8"'],
  ])('neighbors %#', (rest, words) => expect(judge(setup(rest))).toEqual([`leak: ${words}`]))

  test.each<[Partial<Policies>, string]>([
    [{ exporting: { ...LOCAL, defaultAction: 'accept' } },
      'the export default is accept: what no statement rejects is sent: ' +
      'set default-export-policy = "reject-route" in [global.apply-policy.config]'],
    [{ exporting: assignment([statement()]) },
      `export policy "p", statement "s", accepts learned routes: ${LOCAL_ONLY}`],
    [{ exporting: assignment([statement({ action: 'reject' }), statement({ routeType: 'internal' }), statement({ routeType: 'local' })]) },
      `export policy "p", statement "s", accepts learned routes: ${LOCAL_ONLY}`],
    [{ exporting: marked('loose', 'all') },
      'export policy "p", statement "s", accepts learned routes: community set "loose" (all of 64512:10.*) ' +
      `matches more than 64512:100: ${LOCAL_ONLY}`],
    [{ exporting: marked('half-anchored', 'any') },
      'export policy "p", statement "s", accepts learned routes: community set "half-anchored" (any of ^64512:100) ' +
      `matches more than 64512:100: ${LOCAL_ONLY}`],
    [{ exporting: marked('no-export-and-marker', 'any') },
      'export policy "p", statement "s", accepts learned routes: community set "no-export-and-marker" ' +
      `(any of ^65535:65281$, ^64512:100$) matches more than 64512:100: ${LOCAL_ONLY}`],
    [{ exporting: assignment([statement({ routeType: 'local', removesCommunities: ['^65535:.*$'] })]) },
      'export policy "p", statement "s", may take NO_EXPORT or the marker from an override: remove set-community ' +
      'from its [policy-definitions.statements.actions.bgp-actions], or name the communities to remove in full'],
    [{ exporting: assignment([statement({ action: 'none', sets: ['next-hop'] }), statement({ routeType: 'local' })]) },
      'export policy "p", statement "s", changes the next-hop of an override: ' +
      'remove set-next-hop from its [policy-definitions.statements.actions.bgp-actions]'],
  ])('policies %#', (policies, words) => expect(judge(setup({}, policies))).toEqual([`leak: ${words}`]))

  test('the marker alone does not do where learned routes are imported: anybody can set it', () => {
    const importing = assignment([statement({ name: 'all' })])
    expect(judge(setup({}, { importing, exporting: marked('marker', 'any') }))).toEqual([
      'leak: export policy "p", statement "s", sends learned routes that carry the marker, and learned routes are imported: ' +
        LOCAL_ONLY,
      'doubt: import policy "p", statement "all", accepts learned routes: one with a higher LOCAL_PREF takes an ' +
        `override's place, which is then not sent: ${LOCAL_ONLY}`,
    ])
  })

  test('where nothing passes nothing leaks, but no override gets through: told', () => {
    const closed: PolicyAssignment = { policies: [], defaultAction: 'none' }
    const external = assignment([statement({ routeType: 'external', action: 'accept' }), statement({ action: 'reject' })])
    expect(judge(setup({}, { exporting: closed }))).toEqual([
      'doubt: no export policy accepts local routes, and no override gets out: name one in export-policy-list of ' +
        '[global.apply-policy.config], as spillway gobgpd-config writes it',
    ])
    expect(judge(setup({}, { importing: external })).filter((words) => words.includes('no import policy accepts local routes'))).toHaveLength(1)
  })

  test('a route-reflector client gets what is imported', () => {
    const importing: PolicyAssignment = { policies: [], defaultAction: 'accept' }
    expect(judge(setup({ neighbors: [peer('192.0.2.1', { routeReflectorClient: true })] }, { importing }))[0]).toBe(
      'leak: neighbor 192.0.2.1 is a route-reflector client, and learned routes are imported: ' +
        'set route-reflector-client = false in its [neighbors.route-reflector.config]',
    )
  })

  test('importing everything and exporting local routes only is no leak, but told', () => {
    const importing: PolicyAssignment = { policies: [], defaultAction: 'accept' }
    expect(judge(setup({}, { importing }))).toEqual([
      'doubt: the import default is accept, so that learned routes get into the table: one with a higher LOCAL_PREF ' +
        'takes an override\'s place, which is then not sent: set default-import-policy = "reject-route" in [global.apply-policy.config]',
    ])
  })

  test('an override that lost NO_EXPORT on its way into the table could leak, too', () => {
    const importing = assignment([statement({ routeType: 'local', removesCommunities: undefined })])
    expect(judge(setup({}, { importing }))[0]).toContain('import policy "p", statement "s", may take NO_EXPORT')
  })
})

/** A statement, and whether the conditions that are left out of it hold for the route in question. */
interface Rule {
  readonly statement: Statement
  readonly otherConditionsHold: boolean
}

interface Learned {
  readonly routeType: 'internal' | 'external'
  readonly communities: readonly number[]
}

const PATTERNS = ['^64512:100$', '^65535:65281$', '64512:10.*', '^64512:100', '.*']
const rule: fc.Arbitrary<Rule> = fc.record({
  otherConditionsHold: fc.boolean(),
  statement: fc.record({
    name: fc.constant('s'),
    routeType: fc.constantFrom('any', 'internal', 'external', 'local'),
    neighborSet: fc.constant(undefined),
    largeCommunitySet: fc.constant(undefined),
    changesLargeCommunities: fc.constant(false),
    communitySet: fc.option(
      fc.record({ match: fc.constantFrom('any', 'all', 'invert'), name: fc.constantFrom('0', '1', '2') }), { nil: undefined },
    ),
    action: fc.constantFrom('none', 'accept', 'reject'),
    sets: fc.constant([]),
    removesCommunities: fc.constant([]),
  }),
})
const direction = fc.record({
  rules: fc.array(rule, { maxLength: 4 }), defaultAction: fc.constantFrom<PolicyAssignment['defaultAction']>('none', 'accept', 'reject'),
})
const sets = fc.array(fc.array(fc.constantFrom(...PATTERNS), { maxLength: 3 }), { minLength: 3, maxLength: 3 })
const learned: fc.Arbitrary<Learned> = fc.record({
  routeType: fc.constantFrom('internal', 'external'),
  communities: fc.subarray([MARKER, NO_EXPORT, parseCommunity('64512:1001'), parseCommunity('65000:1')]),
})

/** As GoBGP evaluates policies: the first statement that holds and has an action decides. */
function passes(route: Learned, { rules, defaultAction }: { rules: readonly Rule[]; defaultAction: string }, patterns: readonly (readonly string[])[]): boolean {
  const decides = ({ statement: s, otherConditionsHold }: Rule): boolean => {
    if (s.action === 'none' || !otherConditionsHold) return false
    if (s.routeType !== 'any' && s.routeType !== route.routeType) return false
    if (s.communitySet === undefined) return true
    const texts = route.communities.map(formatCommunity)
    const matched = patterns[Number(s.communitySet.name)]!.map((pattern) => texts.some((text) => new RegExp(pattern).test(text)))
    switch (s.communitySet.match) {
      case 'any': return matched.some(Boolean)
      case 'all': return matched.length > 0 && matched.every(Boolean)
      case 'invert': return !matched.some(Boolean)
    }
  }
  return (rules.find(decides)?.statement.action ?? defaultAction) === 'accept'
}

test('whatever the policies: when a learned route passes import and export, a leak is found', () => {
  const toAssignment = ({ rules, defaultAction }: { rules: readonly Rule[]; defaultAction: PolicyAssignment['defaultAction'] }) =>
    assignment(rules.map(({ statement: s }) => s), defaultAction)
  let leaks = 0
  fc.assert(
    fc.property(direction, direction, sets, learned, (importing, exporting, patterns, route) => {
      fc.pre(passes(route, importing, patterns) && passes(route, exporting, patterns))
      leaks++
      const communitySets = new Map(patterns.map((list, i) => [String(i), list]))
      const found = judge(setup({}, { importing: toAssignment(importing), exporting: toAssignment(exporting), communitySets }))
      expect(found.some((words) => words.startsWith('leak: '))).toBe(true)
    }),
    { numRuns: 2_000 },
  )
  expect(leaks).toBeGreaterThan(100)
})
