/**
 * The edge's machines and wires. The lab's own namespace is the controller's host; every other machine is a
 * namespace beside it:
 *
 *     server ── router ── isp1, isp2
 *                 ├────── controller's host
 *                 ├────── customer (eBGP)
 *                 └────── router2 (iBGP)
 */
import { execFileSync } from 'node:child_process'

export const MACHINES = ['router', 'isp1', 'isp2', 'server', 'customer', 'router2'] as const
export type Machine = (typeof MACHINES)[number]

/** A subnet of a wire. */
export interface Subnet {
  /** The router's end. */
  readonly address: string
  /** The other end. */
  readonly remote: string
  readonly length: number
}

/** A wire from the router, and its IPv4 subnet. */
export interface Link extends Subnet {
  /** The router's end. */
  readonly name: string
  readonly ifIndex: number
  /** The other end, called eth0 there; undefined: the controller's host. */
  readonly to: Machine | undefined
  readonly ipv6?: Subnet
}

/** The egress links, named as the router names them. */
export const ISP1: Link = {
  name: 'swp1', ifIndex: 11, address: '172.16.0.1',
  to: 'isp1', remote: '172.16.0.0', length: 31, ipv6: ipv6Subnet(1),
}
export const ISP2: Link = {
  name: 'swp2', ifIndex: 12, address: '172.17.0.1',
  to: 'isp2', remote: '172.17.0.0', length: 31, ipv6: ipv6Subnet(2),
}
export const SERVER: Link = {
  name: 'swp3', ifIndex: 13, address: '10.1.5.1',
  to: 'server', remote: '10.1.5.10', length: 24, ipv6: ipv6Subnet(3),
}
/** As in docs/frr.conf and docs/gobgpd.toml, which the lab runs on: IPv4 alone, whatever its session carries. */
export const CONTROLLER: Link = {
  name: 'swp4', ifIndex: 14, address: '10.1.4.1',
  to: undefined, remote: '10.1.4.100', length: 24,
}
export const CUSTOMER: Link = {
  name: 'swp5', ifIndex: 15, address: '172.18.0.1',
  to: 'customer', remote: '172.18.0.0', length: 31, ipv6: ipv6Subnet(5),
}
export const ROUTER2: Link = {
  name: 'swp6', ifIndex: 16, address: '10.1.6.1',
  to: 'router2', remote: '10.1.6.2', length: 24, ipv6: ipv6Subnet(6),
}
const LINKS = [ISP1, ISP2, SERVER, CONTROLLER, CUSTOMER, ROUTER2]

/** Samples come in by it. */
export const NFLOG_GROUP = 5

/** What both ISPs announce, and where the traffic ends. */
export const PREFIXES = [
  '1.0.0.0/24', '2.0.0.0/24', '3.0.0.0/24', '4.0.0.0/24',
  '2a00:1::/48', '2a00:2::/48', '2a00:3::/48', '2a00:4::/48',
]

/** That of the wire to swpN (RFC 3849). */
function ipv6Subnet(n: number): Subnet {
  return { address: `2001:db8:${n}::1`, remote: `2001:db8:${n}::2`, length: 64 }
}

/** Those of a wire, one of each family. */
export function subnetsOf(link: Link): readonly Subnet[] {
  return link.ipv6 === undefined ? [link] : [link, link.ipv6]
}

/** Builds it all in the namespaces of the calling process. Throws with what `ip` or `nft` said. */
export function buildNetwork(sampling: { readonly rate: number; readonly group: number }): void {
  ip([
    'link set lo up',
    ...MACHINES.map((name) => `netns add ${name}`),
    ...MACHINES.map((name) => `-n ${name} link set lo up`),
    // IPv6 addresses count at once: nobody else could have them.
    ...MACHINES.map((name) => `netns exec ${name} sh -c 'echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad'`),
    ...LINKS.flatMap(wire),
    ...subnetsOf(SERVER).map(({ address }) => `-n server route add default via ${address}`),
    // Without a word: what the ISPs take must not come back as ICMP.
    ...['isp1', 'isp2'].flatMap((isp) => PREFIXES.map((prefix) => `-n ${isp} route add blackhole ${prefix}`)),
  ])
  inNamespace('router', ['sh', '-c', 'cd /proc/sys/net; echo 1 | tee ipv4/ip_forward ipv6/conf/all/forwarding'])
  inNamespace('router', ['nft', '-f', '-'], renderSampling(sampling))
}

/** For nft: one packet in `rate` goes to an NFLOG group, behind routing, where it is known by what it leaves. */
export function renderSampling({ rate, group }: { readonly rate: number; readonly group: number }): string {
  return `table inet sampling {
  chain egress {
    type filter hook postrouting priority 0;
    numgen random mod ${rate} < 1 log group ${group};
  }
}
`
}

/** Runs a command in a machine; throws with what it said when it fails. */
export function inNamespace(machine: Machine, command: readonly string[], input = ''): string {
  const options = { input, encoding: 'utf8', stdio: 'pipe' } as const
  return execFileSync('ip', ['netns', 'exec', machine, ...command], options)
}

function wire(link: Link): string[] {
  const { name, ifIndex, to } = link
  const there = to === undefined ? '' : `-n ${to} `
  const peer = to === undefined ? 'eth0' : `eth0 netns ${to}`
  return [
    `link add ${name} index ${ifIndex} netns router type veth peer name ${peer}`,
    ...subnetsOf(link).flatMap(({ address, remote, length }) => [
      `-n router address add ${address}/${length} dev ${name}`,
      `${there}address add ${remote}/${length} dev eth0`,
    ]),
    `-n router link set ${name} up`,
    `${there}link set eth0 up`,
  ]
}

/** One process for all lines; the first that fails ends it. */
function ip(lines: readonly string[]): void {
  const input = lines.map((line) => `ip ${line}\n`).join('')
  execFileSync('sh', ['-e'], { input, stdio: ['pipe', 'ignore', 'pipe'] })
}
