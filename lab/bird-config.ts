/** What BIRD runs on as the router. Pure, but for the part that stands in docs/bird.conf. */
import { isIPv6 } from 'node:net'
import { CUSTOMER, ISP1, ISP2, ROUTER2, subnetsOf, type Link, type Subnet } from './edge-network.ts'
import { ASN, CUSTOMER_ASN, ISP1_ASN, ISP1_LOCAL_PREF, ISP2_ASN } from './frr-config.ts'
import { readDocumented } from './read-documented.ts'

/** docs/bird.conf, then the rest of the edge; with the lines of `secondary` or without them, as users choose. */
export function renderBirdRouter(secondary: boolean): string {
  const documented = readDocumented('bird.conf', '0.0.0.0/0{8,28')
  const ifSecondary = (line: string): string => (secondary ? line : `# ${line}`)
  return `${secondary ? documented.replace(/^( *)#\+ /gm, '$1') : documented}
protocol device {
}
${['ipv4', 'ipv6'].map((family) => `protocol kernel {
  ${family} {
    import none;
    export where !is_lost_override() && source = RTS_BGP;
  };
}
`).join('')}# Ends of a lab's sessions: quick to come up, quick to be missed.
template bgp edge {
  local as ${ASN};
  hold time 9;
  keepalive time 3;
  connect delay time 1;
  connect retry time 1;
  error wait time 1, 1;
}
${renderSessions('isp1', ISP1, ISP1_ASN, `import filter { bgp_local_pref = ${ISP1_LOCAL_PREF}; accept; };
    export none;`)}${renderSessions('isp2', ISP2, ISP2_ASN, `import all;
    export none;`)}${renderSessions('customer', CUSTOMER, CUSTOMER_ASN, `import none;
    ${ifSecondary('secondary;')}
    export where !is_override() && source = RTS_BGP;`)}${renderSessions('router2', ROUTER2, ASN, `import none;
    ${ifSecondary('secondary;')}
    next hop self;
    export where source = RTS_BGP;`, ifSecondary('direct;'))}`
}

/** A session over each subnet, which carries its family alone, in a channel of these lines. */
function renderSessions(name: string, link: Link, asn: number, channel: string, options = ''): string {
  const render = ({ remote }: Subnet): string => {
    const family = isIPv6(remote) ? 'ipv6' : 'ipv4'
    return `protocol bgp ${name}_${family} from edge {
  neighbor ${remote} as ${asn};
  ${options}
  ${family} {
    ${channel}
  };
}
`
  }
  return subnetsOf(link).map(render).join('')
}
