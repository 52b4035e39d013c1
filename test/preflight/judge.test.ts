import { describe, expect, test } from 'vitest'
import type { Capabilities, Peer } from '../../src/bgp/wire/gobgp-api.ts'
import { parseConfig } from '../../src/config/load-config.ts'
import { parseAddress, parsePrefix } from '../../src/model/prefix.ts'
import type { Facts, GobgpdFacts, HeardSflow, InterfaceSflow, RouterBgp } from '../../src/preflight/facts.ts'
import { formatFinding, formatTotals } from '../../src/preflight/finding.ts'
import { judge } from '../../src/preflight/judge.ts'

const CONFIG = parseConfig(
  `
routers:
  - name: edge1
    address: 10.0.0.1
    override: more_specific
    interfaces:
      - { name: peer, ifindex: 3, address: 172.16.0.0/31, speed: 1Gbps }
      - { name: transit, ifindex: 4, address: 172.17.0.0/31, speed: 1Gbps }
api: { token: sixteen-letters! }
`,
  '/etc/spillway/spillway.yaml',
  {},
)
const BOTH: Capabilities = { families: [4, 6], addPathSend: [4, 6], addPathReceive: [4, 6], software: undefined }
const PEER: Peer = {
  address: '10.0.0.1', localAsn: 64512, peerAsn: 64512, established: true, disabled: false, beginsDisabled: false, routeServerClient: false, routeReflectorClient: false, takesNotes: false,
  ours: BOTH, theirs: BOTH,
}
const ROUTER: RouterBgp = {
  name: 'edge1',
  peer: PEER,
  families: [{ family: 4, routes: 10, paths: 20, single: 0 }, { family: 6, routes: 10, paths: 20, single: 0 }],
  nextHops: ['172.16.0.1', '172.17.0.1'].map((hop) => ({
    address: parseAddress(hop), paths: 20, example: parsePrefix('1.0.0.0/24'),
  })),
}
const GOBGPD: Extract<GobgpdFacts, { kind: 'answers' }> = {
  kind: 'answers', target: '127.0.0.1:50051', apiVersion: 'v4', asn: 64512, software: 'GoBGP/4.8.0', leaks: [], routers: [ROUTER],
}
const SEEN: InterfaceSflow = {
  ifIndex: 3, egressSamples: 0, ingressSamples: 500, samplingRates: [1000], counterSamples: 3, counterIntervalMs: 10_000,
  comparison: { countersBps: 1e8, flowsBps: 1e8, samples: 400, errorShare: 0.1 },
}
const SFLOW: HeardSflow = {
  kind: 'heard', seconds: 30, datagrams: 100, malformed: 0, buffer: { askedBytes: 100, grantedBytes: 200 }, strangers: [],
  routers: [
    { name: 'edge1', agents: [{ agent: parseAddress('10.0.0.1'), datagrams: 100 }], interfaces: [SEEN, { ...SEEN, ifIndex: 4 }] },
  ],
}
const FACTS: Facts = {
  config: CONFIG,
  gobgpds: [GOBGPD],
  sflow: SFLOW,
  host: {
    time: '2030-01-02T03:04:05.000Z', clockStepMs: 1, stateDirectory: '/var/lib/spillway', stateFault: undefined,
    mode: { value: 'dry_run' }, overrideChosen: new Set(['edge1']),
  },
}

const withRouter = (changes: Partial<RouterBgp>): Partial<Facts> => ({
  gobgpds: [{ ...GOBGPD, routers: [{ ...ROUTER, ...changes }] }],
})
const withPeer = (changes: Partial<Peer>): Partial<Facts> => withRouter({ peer: { ...PEER, ...changes } })
const withSflow = (changes: Partial<HeardSflow>): Partial<Facts> => ({ sflow: { ...SFLOW, ...changes } })
const withPeerLink = (changes: Partial<InterfaceSflow>): Partial<Facts> =>
  withSflow({ routers: [{ ...SFLOW.routers[0]!, interfaces: [{ ...SEEN, ...changes }, { ...SEEN, ifIndex: 4 }] }] })
const hops = (...used: [string, number][]): Partial<Facts> => withRouter({
  nextHops: used.map(([hop, paths]) => ({ address: parseAddress(hop), paths, example: parsePrefix('10.9.0.0/24') })),
})
const withHost = (changes: Partial<Facts['host']>): Partial<Facts> => ({ host: { ...FACTS.host, ...changes } })
const compare = (flowsBps: number, errorShare = 0.02): Partial<InterfaceSflow> =>
  ({ comparison: { countersBps: 1e8, flowsBps, samples: 5000, errorShare } })

/** All that is not good. */
function complaints(changes: Partial<Facts>): string[] {
  return judge({ ...FACTS, ...changes }).filter(({ verdict }) => verdict !== 'good').map(formatFinding)
}

test('where all is as it should be, all is good, and every part is spoken of', () => {
  const findings = judge(FACTS)
  expect(complaints({})).toEqual([])
  expect(formatTotals(findings)).toBe(`${findings.length} good, 0 doubtful, 0 bad`)
  const text = findings.map(formatFinding).join('\n')
  for (const part of ['clock', 'state_directory', 'mode', 'GoBGP/4.8.0', 'add-path', 'IPv6', 'buffer', 'sampled', 'counters tell']) {
    expect(text).toContain(part)
  }
})

test('whatever is not good and can be helped says how', () => {
  for (const finding of judge({ ...FACTS, ...withSflow({ datagrams: 0 }), gobgpds: [{ kind: 'silent', target: 'x', why: 'away' }] })) {
    if (finding.verdict === 'bad') expect(finding.remedy).toBeTruthy()
  }
})

describe.each<[string, Partial<Facts>, string]>([
  ['gobgpd that does not answer', { gobgpds: [{ kind: 'silent', target: 't', why: 'connection refused' }] }, 'bad       gobgpd t: connection refused -> start it'],
  ['leak', { gobgpds: [{ ...GOBGPD, leaks: [{ kind: 'leak', what: 'all goes out', remedy: 'shut it' }] }] }, 'bad       gobgpd 127.0.0.1:50051: all goes out -> shut it'],
  ['doubt about the gobgpd', { gobgpds: [{ ...GOBGPD, leaks: [{ kind: 'doubt', what: 'odd', remedy: 'even it' }] }] }, 'doubtful  gobgpd 127.0.0.1:50051: odd -> even it'],
  ['router that is no neighbor', withRouter({ peer: undefined }), 'bad       router edge1: 10.0.0.1 is no neighbor of gobgpd'],
  ['session that is switched off', withPeer({ established: false, disabled: true }), 'doubtful  router edge1: the neighbor 10.0.0.1 is switched off in gobgpd (admin-down) -> '],
  ['session that is down', withPeer({ established: false }), 'bad       router edge1: the BGP session with 10.0.0.1 is not established'],
  ['family that gobgpd does not offer', withPeer({ ours: { ...BOTH, families: [4] } }), 'doubtful  router edge1: gobgpd does not offer IPv6 -> set afi-safi-name = "ipv6-unicast"'],
  ['family that the router does not offer', withPeer({ theirs: { ...BOTH, families: [4] } }), 'doubtful  router edge1: the router does not offer IPv6'],
  ['gobgpd without add-path', withPeer({ ours: { ...BOTH, addPathReceive: [6] } }), 'bad       router edge1: gobgpd does not take several paths of a prefix (add-path) in IPv4 -> set receive = true'],
  ['router without add-path', withPeer({ theirs: { ...BOTH, addPathSend: [6] } }), 'bad       router edge1: the router does not send several paths of a prefix (add-path) in IPv4'],
  ['table without alternates', withRouter({ families: [{ family: 4, routes: 9, paths: 9, single: 9 }] }), 'bad       router edge1: 9 IPv4 prefixes received with 9 paths; 9 (100 %)'],
  ['table with few alternates', withRouter({ families: [{ family: 4, routes: 9, paths: 13, single: 5 }] }), 'doubtful  router edge1: 9 IPv4 prefixes received with 13 paths; 5 (56 %)'],
  ['empty table', withRouter({ families: [{ family: 4, routes: 0, paths: 0, single: 0 }] }), 'doubtful  router edge1: no IPv4 route received'],
  ['next hop that is the router itself', hops(['10.0.0.1', 1], ['172.16.0.1', 3]), 'bad       router edge1: 1 of 4 paths (25 %) have the router itself as next hop (10.0.0.1: 1, as 10.9.0.0/24) -> no next-hop-self'],
  ['next hop of no interface', hops(['198.51.100.7', 1], ['172.16.0.1', 3]), 'doubtful  router edge1: 1 of 4 paths (25 %) have a next hop that no interface has (198.51.100.7: 1, as 10.9.0.0/24)'],
  ['table without a next hop that leads out', hops(['198.51.100.7', 4]), 'bad       router edge1: 4 of 4 paths (100 %) have a next hop that no interface has'],
  ['link by which no path leaves', hops(['172.16.0.1', 4]), 'doubtful  router edge1 transit: no received path leaves by it'],
  ['link with another ifIndex', withPeerLink({ ifIndex: 33 }), 'bad       router edge1 peer: ifindex 3 was in no sample and no counters -> samples leave by 33, which no interface has: correct ifindex'],
  ['sFlow that does not come', withSflow({ datagrams: 0 }), 'bad       sFlow at 0.0.0.0 port 6343: nothing came in 30 s -> is it sent here? Look with tcpdump'],
  ['sFlow that cannot be read', withSflow({ malformed: 7 }), 'doubtful  sFlow at 0.0.0.0 port 6343: 7 datagrams or samples could not be read'],
  ['stranger', withSflow({ strangers: [{ agent: '10.9.9.9', datagrams: 5 }] }), 'doubtful  sFlow at 0.0.0.0 port 6343: 5 datagrams of agent 10.9.9.9, which no router has -> add 10.9.9.9'],
  ['small buffer', withSflow({ buffer: { askedBytes: 4194304, grantedBytes: 425984 } }), 'doubtful  receive buffer: 4194304 bytes asked for, 212992 granted: bursts may be lost -> sysctl -w net.core.rmem_max=4194304'],
  ['port that is taken by no service of ours', { sflow: { kind: 'unheard', why: 'EADDRINUSE' } }, 'bad       sFlow: EADDRINUSE'],
  ['link without counters', withPeerLink({ counterSamples: 0, comparison: undefined }), 'doubtful  router edge1 peer: no interface counters in 30 s'],
  ['link whose counters came once', withPeerLink({ counterSamples: 1, counterIntervalMs: undefined, comparison: undefined }), 'doubtful  router edge1 peer: interface counters once in 30 s -> have counters sent every 1 to 10 s; --seconds 60 looks longer'],
  ['link with slow counters', withPeerLink({ counterIntervalMs: 20_000 }), 'doubtful  router edge1 peer: interface counters every 20.0 s'],
  ['busy link without samples', withPeerLink({ ingressSamples: 0 }), 'bad       router edge1 peer: no flow samples left by ifindex 3, though it carries traffic'],
  ['link whose flows are a third too low', withPeerLink(compare(0.67e8)), 'doubtful  router edge1 peer: counters tell 100 Mbps, flows 67.0 Mbps ± 2 %: flows are 67 % of counters'],
  ['link that is sampled thrice', withPeerLink(compare(3e8)), 'bad       router edge1 peer: counters tell 100 Mbps, flows 300 Mbps ± 2 %: flows are 300 % of counters'],
  ['link whose flows are a tenth', withPeerLink(compare(1e7)), 'bad       router edge1 peer: counters tell 100 Mbps, flows 10.0 Mbps'],
  ['clock that steps', withHost({ clockStepMs: -3000 }), 'doubtful  clock: 2030-01-02T03:04:05.000Z; it stepped by -3000 ms'],
  ['state that cannot be kept', withHost({ stateFault: 'EACCES' }), 'bad       state_directory: /var/lib/spillway: EACCES'],
  ['kill switch', withHost({ mode: { value: 'off' } }), 'doubtful  mode: off, and it stays so after a restart -> spillway on takes it back'],
  ['mode file that is broken', withHost({ mode: { fault: 'nonsense' } }), 'bad       mode: nonsense'],
])('a %s', (_, changes, line) => {
  test('is told', () => expect(complaints(changes).join('\n')).toContain(line))
})

test('what sampling alone explains is no difference', () => {
  expect(complaints(withPeerLink(compare(0.8e8, 0.15)))).toEqual([])
  expect(complaints(withPeerLink({ comparison: { countersBps: 1e8, flowsBps: 1e6, samples: 3, errorShare: 1 } }))).toEqual([])
})

test('a link that carries nothing is not expected to be sampled', () => {
  const idle = { countersBps: 0, flowsBps: 0, samples: 0, errorShare: Infinity }
  expect(complaints(withPeerLink({ ingressSamples: 0, comparison: idle }))).toEqual([])
})

describe('same_length', () => {
  const config = { ...CONFIG, routers: CONFIG.routers.map((router) => ({ ...router, override: 'same_length' as const })) }
  test('is good where it was chosen, and doubtful where it was not; either way it says what it implies', () => {
    expect(complaints({ config })).toEqual([])
    expect(judge({ ...FACTS, config }).map(formatFinding).join('\n')).toContain('edge1 stops announcing it')
    const told = complaints({ config, ...withHost({ overrideChosen: new Set() }) })
    expect(told).toEqual([expect.stringMatching(/^doubtful {2}router edge1: by default, .* edge1 stops announcing it .* -> choose/)])
  })
})

test('the service that listens is believed: what it never heard is bad, its alarms are told', () => {
  const sflow = {
    kind: 'service' as const, url: 'http://127.0.0.1:8080', kernelDrops: 3,
    agents: [{ router: 'edge1', agent: '10.0.0.1', flows: true, counters: false }, { router: 'edge1', agent: '10.0.0.2', flows: false, counters: false }],
    interfaces: [{ router: 'edge1', name: 'peer', outBps: undefined }, { router: 'edge1', name: 'transit', outBps: 5e6 }],
    alarms: [{ kind: 'ifindex_mismatch', router: 'edge1', message: 'wrong place' }, { kind: 'interface_overloaded', router: 'edge1', message: 'full' }],
  }
  expect(complaints({ sflow }).map((line) => line.split(' ->')[0])).toEqual([
    'doubtful  receive buffer: 3 datagrams dropped since the service began',
    'doubtful  router edge1: sFlow agent 10.0.0.1 sends no interface counters',
    'bad       router edge1: sFlow agent 10.0.0.2 was never heard',
    'doubtful  router edge1 peer: nothing is known of its load',
    'bad       router edge1: wrong place',
    'doubtful  router edge1: full',
  ])
})
