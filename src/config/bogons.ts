/**
 * Prefixes that never belong on the internet, as text: the entries of IANA's IPv4 and IPv6 special-purpose
 * address registries (RFC 6890) that are not globally reachable, and multicast. Entries within
 * others are left out. `controller.bogons` replaces the list.
 */
export const DEFAULT_BOGONS: readonly string[] = [
  '0.0.0.0/8', // "this network", RFC 791, section 3.2
  '10.0.0.0/8', // private use, RFC 1918
  '100.64.0.0/10', // shared address space, RFC 6598
  '127.0.0.0/8', // loopback, RFC 1122, section 3.2.1.3
  '169.254.0.0/16', // link local, RFC 3927
  '172.16.0.0/12', // private use, RFC 1918
  '192.0.0.0/24', // IETF protocol assignments, RFC 6890, section 2.1
  '192.0.2.0/24', // documentation, RFC 5737
  '192.88.99.0/24', // 6to4 relay anycast, deprecated, RFC 7526
  '192.168.0.0/16', // private use, RFC 1918
  '198.18.0.0/15', // benchmarking, RFC 2544
  '198.51.100.0/24', // documentation, RFC 5737
  '203.0.113.0/24', // documentation, RFC 5737
  '224.0.0.0/4', // multicast, RFC 5771
  '240.0.0.0/4', // reserved, RFC 1112, section 4; with limited broadcast, RFC 919
  '::/128', // unspecified, RFC 4291
  '::1/128', // loopback, RFC 4291
  '::ffff:0:0/96', // IPv4-mapped, RFC 4291
  '64:ff9b:1::/48', // IPv4-IPv6 translation, local use, RFC 8215
  '100::/64', // discard only, RFC 6666
  '100:0:0:1::/64', // dummy prefix, RFC 9780
  '2001::/23', // IETF protocol assignments, RFC 2928; with Teredo, RFC 4380, and ORCHID, RFC 4843
  '2001:db8::/32', // documentation, RFC 3849
  '2002::/16', // 6to4, RFC 3056
  '3fff::/20', // documentation, RFC 9637
  '5f00::/16', // segment routing SIDs, RFC 9602
  'fc00::/7', // unique local, RFC 4193
  'fe80::/10', // link local, RFC 4291
  'fec0::/10', // site local, deprecated, RFC 3879
  'ff00::/8', // multicast, RFC 4291, section 2.7
]
