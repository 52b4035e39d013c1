/** The edge that the demo plays on, its traffic, and the configuration of the service beside it. Pure. */
import type { Exit } from '../simulator/edge.ts'
import type { Flow } from '../simulator/flow.ts'
import { ASN, ROUTER_ADDRESS, type ServicePorts } from './stage.ts'

const MBPS = 1e6

const ROUTER = 'edge1'
export const PEER = 'peer'
export const TRANSIT = 'transit'
export const SPEED_BPS = 100 * MBPS
/** Shares of speed, and the rate above which a prefix is split. */
export const HIGH_WATERMARK = 0.8
export const LOW_WATERMARK = 0.65
export const THRESHOLD_BPS = 30 * MBPS

/**
 * Busy enough to overload the peer alone, and too large for the transit as a whole: it must be split. Three
 * of its quarters have 24 Mbps at rush hour. One of them relieves the peer from anything between its high
 * watermark and the full 88 Mbps, so it does not matter where on the way up the service acts.
 */
export const HOT_PREFIX = '4.0.0.0/22'
/** At rush hour, one host in each /25 of the hot prefix. */
const HOT_HOSTS = [14, 10, 13, 11, 15, 9, 7, 5].map((mbps, i) => ({
  to: `4.0.${i >> 1}.${(i & 1) * 128 + 10}`,
  bps: mbps * MBPS,
}))
/** What both neighbors announce, besides: too little traffic to relieve the peer with. */
const SHARED_V4 = Array.from({ length: 24 }, (_, i) => `1.${i * 8}.0.0/${18 + (i % 6)}`)
const SHARED_V6 = Array.from({ length: 6 }, (_, i) => `2400:${(i + 1) * 100}::/32`)
const SHARED = [...SHARED_V4, ...SHARED_V6]
/** What only the transit announces. */
const DISTANT = Array.from({ length: 8 }, (_, i) => `5.${i * 16}.0.0/16`)
const SHARED_BPS = 4 * MBPS
const DISTANT_BPS = 15 * MBPS

/** Share of the rush hour's traffic in quiet times. */
export const QUIET_LEVEL = 0.4

export const EXITS: readonly Exit[] = [
  {
    name: PEER,
    ifIndex: 3,
    speedBps: SPEED_BPS,
    nextHops: ['172.16.0.1', '2001:db8:0:16::1'],
    localPref: 200,
    asPath: [64601],
    prefixes: [HOT_PREFIX, ...SHARED],
  },
  {
    name: TRANSIT,
    ifIndex: 4,
    speedBps: SPEED_BPS,
    nextHops: ['172.17.0.1', '2001:db8:0:17::1'],
    localPref: 100,
    asPath: [64701, 64601],
    prefixes: [HOT_PREFIX, ...SHARED, ...DISTANT],
  },
]

/** Addresses of the hosts in the hot prefix, and their rates at rush hour. */
export const HOT_DESTINATIONS: readonly { readonly to: string; readonly bps: number }[] = HOT_HOSTS

/** The traffic at a level: 1 is rush hour. */
export function flowsAt(level: number): Flow[] {
  return [
    ...HOT_HOSTS.map(({ to, bps }) => ({ to, bps: bps * level, packetBytes: 1200 })),
    ...SHARED.map((to) => ({ to, bps: (SHARED_BPS / SHARED.length) * level, packetBytes: 800, hosts: 4 })),
    ...DISTANT.map((to) => ({ to, bps: (DISTANT_BPS / DISTANT.length) * level, packetBytes: 800, hosts: 4 })),
  ]
}

/** What the peer carries at a level when nothing is detoured, bit/s. */
export function naturalPeerBps(level: number): number {
  return (HOT_HOSTS.reduce((sum, { bps }) => sum + bps, 0) + SHARED_BPS) * level
}

/** The service's configuration, YAML: a real one, but for times that fit a rush hour of half a minute. */
export function renderServiceConfig(ports: ServicePorts, token: string, dryRun: boolean): string {
  const networks = [16, 17]
  return `sflow:
  listen: 127.0.0.1:${ports.sflow}
  window: 6s
bgp:
  gobgp: ${ports.gobgp}
  local_pref: 500
  marker_community: "${ASN}:100"
controller:
  interval: 1s
  dry_run: ${dryRun}
  min_hold: 6s
  stale_after: 10s
  withdraw_after: 30s
  lease: 15s
routers:
  - name: ${ROUTER}
    address: ${ROUTER_ADDRESS}
    sflow_agent: ${ROUTER_ADDRESS}
    override: same_length
    interfaces:
${EXITS.map(
  ({ name, ifIndex }, i) => `      - name: ${name}
        ifindex: ${ifIndex}
        address: [172.${networks[i]}.0.0/31, 2001:db8:0:${networks[i]}::/127]
        speed: ${SPEED_BPS / MBPS}Mbps
        high_watermark: ${HIGH_WATERMARK * 100}
        low_watermark: ${LOW_WATERMARK * 100}
        per_prefix_threshold: ${THRESHOLD_BPS / MBPS}Mbps`,
).join('\n')}
api:
  listen: 127.0.0.1:${ports.api}
  token: ${token}
`
}
