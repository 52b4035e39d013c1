import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import type { Capabilities, Peer } from '../../../src/bgp/wire/gobgp-api.ts'
import { judgeSharing, judgeUnowned, neighborPrefix } from '../../../src/bgp/leaks/judge-sharing.ts'
import type { MatchSet, Policies, Statement } from '../../../src/bgp/leaks/policies.ts'
import type { GobgpSetup } from '../../../src/bgp/leaks/setup.ts'
import { routerCommunity } from '../../../src/bgp/override-path.ts'
import { parseAddress, parsePrefix } from '../../../src/model/prefix.ts'
import { parseCommunity } from '../../../src/model/route.ts'
import { routerNumber } from '../../../src/model/router-number.ts'
import { attributes } from '../edge.ts'

const MARKER = parseCommunity('64512:100')
const ROUTERS = ['192.0.2.1', '192.0.2.2', '2001:db8::1'].map((address, i) => ({ name: `rtr${i + 1}`, address: parseAddress(address) }))
const NUMBERS = ROUTERS.map(({ address }) => routerNumber(address))
const ALL = { families: [4, 6], addPathSend: [4, 6], addPathReceive: [4, 6], software: undefined } as const

const any = (name: string): MatchSet => ({ match: 'any', name })

function statement(name: string, rest: Partial<Statement> = {}): Statement {
  return {
    name, routeType: 'local', neighborSet: any(name), communitySet: undefined, largeCommunitySet: any(name), action: 'accept',
    sets: [], removesCommunities: [], changesLargeCommunities: false, ...rest,
  }
}

function peer(ours: Capabilities = ALL, theirs: Capabilities = ALL): Peer {
  return {
    address: '192.0.2.1', localAsn: 1, peerAsn: 1, established: true, routeServerClient: false, routeReflectorClient: false,
    takesNotes: false, disabled: false, beginsDisabled: false, ours, theirs,
  }
}

function judge(statements: readonly Statement[], policies: Partial<Policies> = {}, neighbors: readonly Peer[] = [peer()]): string[] {
  const setup: GobgpSetup = {
    asn: 1, dynamicNeighbors: [], neighbors,
    policies: {
      importing: { defaultAction: 'reject', policies: [] },
      exporting: { defaultAction: 'reject', policies: [{ name: 'p', statements }] },
      communitySets: new Map(),
      largeCommunitySets: new Map(ROUTERS.map(({ name }, i) => [name, [`^${routerCommunity(NUMBERS[i]!, MARKER)}$`]])),
      neighborSets: new Map(ROUTERS.map(({ name, address }) => [name, [neighborPrefix(address)]])),
      ...policies,
    },
  }
  return judgeSharing(setup, ROUTERS, MARKER).map(({ kind, what }) => `${kind}: ${what}`)
}

const APART = ROUTERS.map(({ name }) => statement(name))
const MIXED = 'leak: export policy "p", statement "rtr1", would send rtr1 the overrides of rtr2: rtr1, rtr2, rtr3 share gobgpd'

test('a statement for each router keeps them apart', () => expect(judge(APART)).toEqual([]))

describe('what would mix them up is a leak', () => {
  test.each<[string, Partial<Statement>, Partial<Policies>]>([
    ['no neighbor', { neighborSet: undefined, largeCommunitySet: any('rtr2') }, {}],
    ['no large community', { largeCommunitySet: undefined }, {}],
    ['a set that GoBGP does not tell', { largeCommunitySet: any('unknown') }, {}],
    ['another router\'s large community', { largeCommunitySet: any('rtr2') }, {}],
    ['a pattern', {}, { largeCommunitySets: new Map([['rtr1', ['64512:3:.*']]]) }],
    ['a subnet of neighbors', { largeCommunitySet: any('rtr2') }, { neighborSets: new Map([['rtr1', ['192.0.2.0/24']]]) }],
    ['all but a neighbor', { neighborSet: { match: 'invert', name: 'rtr2' }, largeCommunitySet: any('rtr2') }, {}],
  ])('%s', (_, rest, policies) => {
    const found = judge([statement('rtr1', rest), ...APART.slice(1)], policies)
    expect(found).toContain(MIXED)
  })
})

test('what changes large communities is a leak', () => {
  expect(judge([statement('rtr1', { changesLargeCommunities: true }), ...APART.slice(1)])).toEqual([
    'leak: policy "p", statement "rtr1", changes what says whose an override is',
  ])
})

test('a router that nothing is let out to is told', () => {
  expect(judge(APART.slice(0, 2))).toEqual(['doubt: no export policy lets the overrides of rtr3 out to it'])
})

test('a session with one path of a prefix is told, whichever end it is', () => {
  const lacks = 'doubt: neighbor 192.0.2.1 is sent one path of a prefix only (no add-path in IPv6)'
  expect(judge(APART, {}, [peer({ ...ALL, addPathSend: [4] })])[0]).toContain(lacks)
  expect(judge(APART, {}, [peer(ALL, { ...ALL, addPathReceive: [4] })])[0]).toContain(lacks)
  expect(judge(APART, {}, [{ ...peer(ALL, { ...ALL, addPathReceive: [] }), established: false }])).toEqual([])
})

test('whatever the statements: when GoBGP would send a router another\'s override, a leak is found', () => {
  const names = ROUTERS.map(({ name }) => name)
  const anyStatement = fc.record({
    neighborSet: fc.option(fc.record({ match: fc.constantFrom('any', 'all', 'invert'), name: fc.constantFrom(...names) }), { nil: undefined }),
    largeCommunitySet: fc.option(fc.record({ match: fc.constantFrom('any', 'all', 'invert'), name: fc.constantFrom(...names) }), { nil: undefined }),
    action: fc.constantFrom('none', 'accept', 'reject'),
  })
  const holds = (set: MatchSet | undefined, own: string): boolean => set === undefined || (set.name === own) !== (set.match === 'invert')
  fc.assert(fc.property(fc.array(anyStatement, { maxLength: 4 }), (some) => {
    const statements = some.map((one, i) => statement(`s${i}`, one as Partial<Statement>))
    const sends = (to: string, of: string): boolean => statements
      .find((s) => s.action !== 'none' && holds(s.neighborSet, to) && holds(s.largeCommunitySet, of))?.action === 'accept'
    const mixes = names.some((to) => names.some((of) => of !== to && sends(to, of)))
    const found = judge(statements)
    if (mixes) expect(found.some((what) => what.startsWith('leak'))).toBe(true)
  }))
})

test('overrides for nobody are told', () => {
  const path = (data2: number) => ({
    prefix: parsePrefix('203.0.113.0/24'), pathId: 0,
    attributes: attributes('172.16.0.1', { communities: [MARKER], largeCommunities: [{ globalAdmin: 64512, data1: 3, data2 }] }),
  })
  expect(judgeUnowned(NUMBERS.map(path), ROUTERS, MARKER)).toEqual([])
  expect(judgeUnowned([path(7)], ROUTERS, MARKER)[0]?.what).toContain('meant for none of its routers (1, as 203.0.113.0/24)')
})
