/** What FRR's bgpd runs on in each machine. Pure, but for the router's part that stands in docs/frr.conf. */
import { isIPv6 } from 'node:net'
import { parsePrefix } from '../src/model/prefix.ts'
import { CUSTOMER, ISP1, ISP2, PREFIXES, ROUTER2, subnetsOf, type Link } from './edge-network.ts'
import { readDocumented } from './read-documented.ts'

export const ASN = 64512
export const ISP1_ASN = 33010
export const ISP2_ASN = 42428
export const CUSTOMER_ASN = 64496
export const ISP1_LOCAL_PREF = 200

/** Machines that run FRR whatever the router runs. */
export type Neighbor = 'isp1' | 'isp2' | 'customer' | 'router2'

/** A session over a subnet, which carries its family alone. */
interface Session {
  readonly address: string
  readonly asn: number
  /** Waits for the other end to connect. */
  readonly isPassive: boolean
  /** Each applies to the neighbor in that family. */
  readonly policies: readonly string[]
}

/** bgpd.conf by machine. */
export function renderNeighbors(): Readonly<Record<Neighbor, string>> {
  const render = (link: Link, asn: number, networks?: readonly string[]): string => {
    const sessions = subnetsOf(link).map(({ address }) => ({ address, asn: ASN, isPassive: true, policies: [] }))
    return `router bgp ${asn}
 bgp router-id ${link.remote}
 no bgp ebgp-requires-policy
${networks === undefined ? '' : ' no bgp network import-check\n'}${renderSessions(sessions, networks)}`
  }
  return {
    isp1: render(ISP1, ISP1_ASN, PREFIXES),
    isp2: render(ISP2, ISP2_ASN, PREFIXES),
    customer: render(CUSTOMER, CUSTOMER_ASN),
    router2: render(ROUTER2, ASN),
  }
}

/** Who learns routes from the router: machines that an edge may do without. */
type Listener = 'customer' | 'router2'

/** docs/frr.conf, then the rest of the edge. */
export function renderFrrRouter(listeners: readonly Listener[] = ['customer', 'router2']): string {
  const sessions = (link: Link, asn: number, ...policies: string[]): Session[] =>
    subnetsOf(link).map(({ remote }) => ({ address: remote, asn, isPassive: false, policies }))
  const listening = {
    customer: sessions(CUSTOMER, CUSTOMER_ASN, 'route-map NOTHING in', 'route-map TO-EBGP out'),
    router2: sessions(ROUTER2, ASN, 'next-hop-self'),
  }
  return `${readDocumented('frr.conf', '0.0.0.0/0 ge 8 le 28')}
route-map FROM-ISP1 permit 10
 set local-preference ${ISP1_LOCAL_PREF}
route-map FROM-ISP2 permit 10
route-map NOTHING deny 10
!
router bgp ${ASN}
${renderSessions([
  ...sessions(ISP1, ISP1_ASN, 'route-map FROM-ISP1 in', 'route-map NOTHING out'),
  ...sessions(ISP2, ISP2_ASN, 'route-map FROM-ISP2 in', 'route-map NOTHING out'),
  ...listeners.flatMap((one) => listening[one]),
])}`
}

/** Of one `router bgp`, with what it announces of its own; quick to come up, quick to be missed. */
function renderSessions(sessions: readonly Session[], networks: readonly string[] = []): string {
  const family = (ipv6: boolean): string => {
    const activate = ({ address, policies }: Session): string[] =>
      ['activate', ...policies].map((words) => `neighbor ${address} ${words}`)
    const lines = [
      ...networks.filter((prefix) => (parsePrefix(prefix).family === 6) === ipv6).map((prefix) => `network ${prefix}`),
      ...sessions.filter(({ address }) => isIPv6(address) === ipv6).flatMap(activate),
    ]
    return ` address-family ${ipv6 ? 'ipv6' : 'ipv4'} unicast
${lines.map((line) => `  ${line}\n`).join('')} exit-address-family
`
  }
  const neighbor = ({ address, asn, isPassive }: Session): string => ` neighbor ${address} remote-as ${asn}
 neighbor ${address} timers 3 9
 neighbor ${address} ${isPassive ? 'passive' : 'timers connect 1'}
`
  // An IPv6 session would carry IPv4, too.
  return ` no bgp default ipv4-unicast
${sessions.map(neighbor).join('')}${family(false)}${family(true)}`
}
