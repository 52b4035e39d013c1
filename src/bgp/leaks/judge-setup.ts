/** Whether routes could leak from a gobgpd that is set up like this. Pure. */
import { formatAddress, parseAddress } from '../../model/prefix.ts'
import type { DynamicNeighbor, Peer } from '../wire/gobgp-api.ts'
import type { LeakFinding } from './finding.ts'
import { judgePolicies, mayImportLearned } from './judge-policies.ts'
import { judgeSharing } from './judge-sharing.ts'
import type { GobgpSetup, KnownRouters } from './setup.ts'

/**
 * All that is wrong; empty for a sound gobgpd: its neighbors are our routers over iBGP, and it exports local
 * routes only, or only those with the marker (32 bits) where it imports nothing learned; where it has several
 * routers, to each its own.
 */
export function judgeSetup(setup: GobgpSetup, routers: KnownRouters, marker: number): LeakFinding[] {
  const known = new Set(routers.map(({ address }) => formatAddress(address)))
  const importsLearned = mayImportLearned(setup.policies.importing)
  return [
    ...setup.neighbors.flatMap((peer) => judgeNeighbor(peer, setup.asn, known, importsLearned)),
    ...setup.dynamicNeighbors.map(judgeDynamic),
    ...judgePolicies(setup.policies, marker),
    ...(routers.length > 1 ? judgeSharing(setup, routers, marker) : []),
  ]
}

function judgeNeighbor(
  peer: Peer, asn: number, known: ReadonlySet<string>, importsLearned: boolean,
): LeakFinding[] {
  const { address, localAsn, peerAsn } = peer
  const isKnown = known.has(address)
  const found: LeakFinding[] = []
  const find = (what: string, remedy: string): unknown => found.push({ kind: 'leak', what, remedy })
  const remove = `remove its [[neighbors]] block (gobgp neighbor del ${address})`
  if (peerAsn !== asn || localAsn !== asn) {
    const ends = localAsn === asn ? `AS ${peerAsn}` : `AS ${localAsn} with AS ${peerAsn}`
    find(
      `neighbor ${address} is no iBGP neighbor (${ends}, gobgpd's is ${asn})`,
      isKnown ? `set peer-as = ${asn} in its [neighbors.config], without local-as` : remove,
    )
  } else if (isMisspelt(address, known)) {
    // GoBGP goes by the letters: it would not know the router when it connects, nor we whom it tells of.
    find(
      `neighbor ${address} is a router of ours, written otherwise`,
      `set neighbor-address = "${canonical(address)}" in its [neighbors.config]`,
    )
  } else if (!isKnown) {
    const list = 'or list it under routers: with this gobgp'
    find(`neighbor ${address} is none of our routers, and would get every override`, `${remove}, ${list}`)
  }
  if (peer.routeServerClient) {
    find(
      `neighbor ${address} is a route-server client, which the global policies do not bind`,
      'set route-server-client = false in its [neighbors.route-server.config]',
    )
  }
  if (peer.takesNotes) {
    find(
      `neighbor ${address} takes routes of ipv4-encap, in which Spillway keeps its notes`,
      'remove the [[neighbors.afi-safis]] block with afi-safi-name = "ipv4-encap"',
    )
  }
  if (peer.routeReflectorClient && importsLearned) {
    find(
      `neighbor ${address} is a route-reflector client, and learned routes are imported`,
      'set route-reflector-client = false in its [neighbors.route-reflector.config]',
    )
  }
  return found
}

function isMisspelt(address: string, known: ReadonlySet<string>): boolean {
  return !known.has(address) && known.has(canonical(address))
}

/** The one way to write an address; what is none, as one with a zone, stays as it is. */
function canonical(address: string): string {
  try {
    return formatAddress(parseAddress(address))
  } catch {
    return address
  }
}

function judgeDynamic({ prefix, peerGroup }: DynamicNeighbor): LeakFinding {
  return {
    kind: 'leak',
    what: `whoever connects from ${prefix} becomes a neighbor (of peer group "${peerGroup}")`,
    remedy: `remove the [[dynamic-neighbors]] block with prefix = "${prefix}"`,
  }
}
