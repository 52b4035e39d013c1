/** When GoBGP is looked at, and what follows. */
import { pino } from 'pino'
import { beforeEach, expect, test } from 'vitest'
import type { Bgp } from '../../../src/bgp/bgp.ts'
import type { PathChange } from '../../../src/bgp/wire/gobgp-api.ts'
import { createLeakGuard, type LeakGuard } from '../../../src/bgp/leaks/leak-guard.ts'
import type { PolicyAssignment } from '../../../src/bgp/leaks/policies.ts'
import type { GobgpSetup, SentRoutes } from '../../../src/bgp/leaks/setup.ts'
import { formatAddress, parseAddress, parsePrefix } from '../../../src/model/prefix.ts'
import { routerNumber } from '../../../src/model/router-number.ts'
import { NO_EXPORT, parseCommunity } from '../../../src/model/route.ts'
import { attributes } from '../edge.ts'

const MARKER = parseCommunity('64512:100')
const ADDRESSES = ['192.0.2.1', '192.0.2.2'].map(parseAddress)
const OURS = attributes('172.16.0.2', {
  localPref: 500, communities: [MARKER, NO_EXPORT],
  largeCommunities: [{ globalAdmin: 64512, data1: 3, data2: routerNumber(ADDRESSES[0]!) }],
})
const BOTH = { families: [4, 6] as const, addPathSend: [4, 6] as const, addPathReceive: [4, 6] as const, software: undefined }
const LOCAL: PolicyAssignment = {
  defaultAction: 'reject',
  policies: [{
    name: 'p',
    statements: ['0', '1'].map((name) => ({
      name, routeType: 'local', neighborSet: { match: 'any', name }, communitySet: undefined,
      largeCommunitySet: { match: 'any', name }, action: 'accept', sets: [], removesCommunities: [], changesLargeCommunities: false,
    })),
  }],
}
const PEER = {
  address: '192.0.2.1', localAsn: 65001, peerAsn: 65001, established: true, routeServerClient: false,
  routeReflectorClient: false, takesNotes: false, disabled: false, beginsDisabled: false, ours: BOTH, theirs: BOTH,
}
const SOUND: GobgpSetup = {
  asn: 65001, neighbors: [PEER], dynamicNeighbors: [],
  policies: {
    importing: LOCAL, exporting: LOCAL, communitySets: new Map(),
    largeCommunitySets: new Map(ADDRESSES.map((address, i) => [`${i}`, [`^64512:3:${routerNumber(address)}$`]])),
    neighborSets: new Map(ADDRESSES.map((address, i) => [`${i}`, [`${formatAddress(address)}/32`]])),
  },
}
const OVERRIDE = { prefix: parsePrefix('203.0.113.0/24'), pathId: 0, attributes: OURS }
const AS_IT_IS: PathChange = { kind: 'announced', ...OVERRIDE, rpki: 'unknown' }
const WITHOUT_NO_EXPORT: PathChange = { ...AS_IT_IS, attributes: { ...OURS, communities: [MARKER] } }

let nowMs: number
let setup: GobgpSetup | Error
let routes: SentRoutes
let connections: number
let reads: { setup: number; sent: number }
let guard: LeakGuard

beforeEach(() => {
  nowMs = 1_000_000
  setup = SOUND
  routes = { local: [OVERRIDE], sent: [AS_IT_IS] }
  connections = 1
  reads = { setup: 0, sent: 0 }
  const bgp = {
    status: () => [{ target: 'g', connections }],
    setup: async () => {
      reads.setup++
      if (setup instanceof Error) throw setup
      return Promise.resolve(setup)
    },
    sentTo: async () => {
      reads.sent++
      return Promise.resolve(routes)
    },
  } as unknown as Bgp
  guard = createLeakGuard({
    bgp, marker: MARKER, clock: () => nowMs, logger: pino({ level: 'silent' }),
    routers: ['rtr1', 'rtr2'].map((name, i) => ({ name, address: ADDRESSES[i]!, gobgp: 'g' })),
  })
})

/** The answer after so long, and after what goes on beside it. */
async function ask(afterMs = 0): Promise<string> {
  nowMs += afterMs
  const { kind } = await guard.permission('rtr1', true)
  await new Promise((resolve) => setImmediate(resolve))
  return kind
}

const alarms = (): string[] => guard.alarms().map(({ kind, router }) => `${kind} ${router}`)

test('a sound gobgpd is read at most every 2 s, once for all its routers', async () => {
  const answers = await Promise.all([guard.permission('rtr1', true), guard.permission('rtr2', true)])
  expect(answers).toEqual([{ kind: 'granted' }, { kind: 'granted' }])
  await ask(1_000)
  await ask(1_000)
  expect(reads.setup).toBe(1)
  await ask(1)
  expect(reads.setup).toBe(2)
})

test('after another connection it is read at once: another gobgpd may answer', async () => {
  await ask()
  setup = { ...SOUND, dynamicNeighbors: [{ prefix: '0.0.0.0/0', peerGroup: 'g' }] }
  expect(await ask()).toBe('granted')
  connections = 2
  expect(await ask()).toBe('withdraw_all')
  expect(alarms()).toEqual(['leak_risk rtr1', 'leak_risk rtr2'])
})

test('while it cannot be read nothing is added, and it is read again each time', async () => {
  setup = new Error('it hangs')
  expect(await guard.permission('rtr1', true)).toEqual({
    kind: 'no_additions', why: "GoBGP's neighbors and policies cannot be read (it hangs)",
  })
  setup = SOUND
  expect(await ask()).toBe('granted')
})

test('a fault of our own is not taken for one of GoBGP', async () => {
  setup = new TypeError('a bug')
  await expect(guard.permission('rtr1', true)).rejects.toThrow('a bug')
})

test('what is sent is believed when it is seen twice, and bars on when the override is gone', async () => {
  routes = { ...routes, sent: [WITHOUT_NO_EXPORT] }
  expect(await ask()).toBe('granted')
  expect(await ask(500)).toBe('granted')
  await ask(1_600)
  // Found a second time beside the last answer.
  expect(await ask()).toBe('withdraw_all')
  routes = { local: [], sent: [] }
  expect(await ask(60_000)).toBe('withdraw_all')
  await ask(200_000)
  expect(await ask(30_000)).toBe('withdraw_all')
  await ask(20_000)
  expect(await ask()).toBe('granted')
})

test('what is sent is read every 5 s, as it takes GoBGP longer', async () => {
  await ask()
  expect(reads).toEqual({ setup: 1, sent: 1 })
  await ask(2_100)
  await ask(2_100)
  expect(reads).toEqual({ setup: 3, sent: 1 })
  await ask(2_100)
  expect(reads).toEqual({ setup: 4, sent: 2 })
})

test('while one leak bars, another is told beside it, and each once', async () => {
  routes = { ...routes, sent: [WITHOUT_NO_EXPORT] }
  for (let i = 0; i < 4; i++) await ask(2_500)
  const other: PathChange = { ...AS_IT_IS, prefix: parsePrefix('198.51.100.0/24') }
  routes = { ...routes, sent: [WITHOUT_NO_EXPORT, other] }
  for (let i = 0; i < 6; i++) await ask(2_500)
  const told = guard.findings('g').map(({ what }) => what)
  expect(told).toHaveLength(2)
  for (const prefix of ['198.51.100.0/24', '203.0.113.0/24']) expect(told.filter((what) => what.includes(prefix))).toHaveLength(1)
})

test('policies that change are given another chance', async () => {
  routes = { ...routes, sent: [WITHOUT_NO_EXPORT] }
  for (let i = 0; i < 4; i++) await ask(2_500)
  expect(await ask()).toBe('withdraw_all')
  routes = { local: [], sent: [] }
  setup = { ...SOUND, policies: { ...SOUND.policies, exporting: { ...LOCAL, policies: [...LOCAL.policies, ...LOCAL.policies] } } }
  await ask(6_000)
  expect(await ask()).toBe('granted')
})

test('a route that changed between two listings is nothing', async () => {
  for (let i = 0; i < 10; i++) {
    routes = { ...routes, sent: i % 2 === 0 ? [WITHOUT_NO_EXPORT] : [AS_IT_IS] }
    expect(await ask(6_000)).toBe('granted')
  }
})

test('an override that is not sent is told with the router and the reason', async () => {
  setup = { ...SOUND, neighbors: [{ ...PEER, theirs: { ...BOTH, families: [6] } }] }
  routes = { ...routes, sent: [] }
  for (let i = 0; i < 4; i++) expect(await ask(2_500)).toBe('granted')
  expect([...guard.unsent('rtr1')]).toEqual([
    ['203.0.113.0/24', 'the router has not activated ipv4-unicast on its session with gobgpd'],
  ])
  expect([...guard.unsent('rtr2')]).toEqual([])
  // Nothing is sent without a session, and that has an alarm of its own.
  setup = { ...SOUND, neighbors: [{ ...PEER, established: false }] }
  for (let i = 0; i < 2; i++) await ask(6_000)
  expect([...guard.unsent('rtr1')]).toEqual([])
})
