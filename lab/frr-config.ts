/** What FRR's bgpd runs on in each machine. Pure, but for the router's part that stands in docs/frr.conf. */
import { CUSTOMER, ISP1, ISP2, PREFIXES, ROUTER2, type Link } from './edge-network.ts'
import { readDocumented } from './read-documented.ts'

export const ASN = 64512
export const ISP1_ASN = 33010
export const ISP2_ASN = 42428
export const CUSTOMER_ASN = 64496
export const ISP1_LOCAL_PREF = 200

/** Machines that run FRR whatever the router runs. */
export type Neighbor = 'isp1' | 'isp2' | 'customer' | 'router2'

/** Ends of a lab's sessions: quick to come up, quick to be missed. */
const neighbor = (address: string, asn: number): string => ` neighbor ${address} remote-as ${asn}
 neighbor ${address} timers 3 9
 neighbor ${address} timers connect 1
`

/** bgpd.conf by machine. */
export function renderNeighbors(): Readonly<Record<Neighbor, string>> {
  return {
    isp1: renderIsp(ISP1, ISP1_ASN),
    isp2: renderIsp(ISP2, ISP2_ASN),
    customer: renderListener(CUSTOMER, CUSTOMER_ASN),
    router2: renderListener(ROUTER2, ASN),
  }
}

/** Who learns routes from the router: machines that an edge may do without. */
type Listener = 'customer' | 'router2'

/** docs/frr.conf, then the rest of the edge. */
export function renderFrrRouter(listeners: readonly Listener[] = ['customer', 'router2']): string {
  const sessions = { customer: neighbor(CUSTOMER.remote, CUSTOMER_ASN), router2: neighbor(ROUTER2.remote, ASN) }
  const policies = {
    customer: `  neighbor ${CUSTOMER.remote} route-map NOTHING in
  neighbor ${CUSTOMER.remote} route-map TO-EBGP out
`,
    router2: `  neighbor ${ROUTER2.remote} next-hop-self
`,
  }
  const each = (parts: Readonly<Record<Listener, string>>): string => listeners.map((one) => parts[one]).join('')
  return `${readDocumented('frr.conf', '0.0.0.0/0 ge 8 le 28')}
route-map FROM-ISP1 permit 10
 set local-preference ${ISP1_LOCAL_PREF}
route-map FROM-ISP2 permit 10
route-map NOTHING deny 10
!
router bgp ${ASN}
${neighbor(ISP1.remote, ISP1_ASN)}${neighbor(ISP2.remote, ISP2_ASN)}${each(sessions)}\
 address-family ipv4 unicast
  neighbor ${ISP1.remote} route-map FROM-ISP1 in
  neighbor ${ISP1.remote} route-map NOTHING out
  neighbor ${ISP2.remote} route-map FROM-ISP2 in
  neighbor ${ISP2.remote} route-map NOTHING out
${each(policies)} exit-address-family
`
}

/** Announces the prefixes, and takes nothing. */
function renderIsp(link: Link, asn: number): string {
  return `router bgp ${asn}
 bgp router-id ${link.remote}
 no bgp ebgp-requires-policy
 no bgp network import-check
${neighbor(link.address, ASN)} address-family ipv4 unicast
${PREFIXES.map((prefix) => `  network ${prefix}\n`).join('')} exit-address-family
`
}

/** Takes what the router tells it. */
function renderListener(link: Link, asn: number): string {
  return `router bgp ${asn}
 bgp router-id ${link.remote}
 no bgp ebgp-requires-policy
${neighbor(link.address, ASN)}`
}
