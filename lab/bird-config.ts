/** What BIRD runs on as the router. Pure, but for the part that stands in docs/bird.conf. */
import { CUSTOMER, ISP1, ISP2, ROUTER2 } from './edge-network.ts'
import { ASN, CUSTOMER_ASN, ISP1_ASN, ISP1_LOCAL_PREF, ISP2_ASN } from './frr-config.ts'
import { readDocumented } from './read-documented.ts'

/** docs/bird.conf, then the rest of the edge; with the lines of `secondary` or without them, as users choose. */
export function renderBirdRouter(secondary: boolean): string {
  const documented = readDocumented('bird.conf', '0.0.0.0/0{8,28')
  const ifSecondary = (line: string): string => (secondary ? line : `# ${line}`)
  return `${secondary ? documented.replace(/^( *)#\+ /gm, '$1') : documented}
protocol device {
}
protocol kernel {
  ipv4 {
    import none;
    export where !is_lost_override() && source = RTS_BGP;
  };
}
# Ends of a lab's sessions: quick to come up, quick to be missed.
template bgp edge {
  local as ${ASN};
  hold time 9;
  keepalive time 3;
  connect delay time 1;
  connect retry time 1;
  error wait time 1, 1;
}
protocol bgp isp1 from edge {
  neighbor ${ISP1.remote} as ${ISP1_ASN};
  ipv4 {
    import filter { bgp_local_pref = ${ISP1_LOCAL_PREF}; accept; };
    export none;
  };
}
protocol bgp isp2 from edge {
  neighbor ${ISP2.remote} as ${ISP2_ASN};
  ipv4 {
    import all;
    export none;
  };
}
protocol bgp customer from edge {
  neighbor ${CUSTOMER.remote} as ${CUSTOMER_ASN};
  ipv4 {
    import none;
    ${ifSecondary('secondary;')}
    export where !is_override() && source = RTS_BGP;
  };
}
protocol bgp router2 from edge {
  neighbor ${ROUTER2.remote} as ${ASN};
  ${ifSecondary('direct;')}
  ipv4 {
    import none;
    ${ifSecondary('secondary;')}
    next hop self;
    export where source = RTS_BGP;
  };
}
`
}
