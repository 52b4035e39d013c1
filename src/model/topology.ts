/**
 * The edge as configured: routers and their egress interfaces. Made once from the configuration, then frozen.
 */
import { compareAddresses, contains, isLinkLocal, type Address, type Family, type Prefix } from './prefix.ts'

/** How an override relates to the received prefix; see docs on what each costs the router's neighbors. */
export type OverrideStyle = 'same_length' | 'more_specific'

export interface EgressInterface {
  readonly router: string
  readonly name: string
  /** SNMP ifIndex, as the exporter's samples carry it. */
  readonly ifIndex: number
  /** Of a LAG: the ifIndexes of its members, whose samples, and counters where it has none, are its own. */
  readonly members?: readonly number[] | undefined
  /** Its own addresses with their subnets; next hops inside a subnet leave by this interface. */
  readonly addresses: readonly { readonly address: Address; readonly subnet: Prefix }[]
  /** Further next hops that leave by it. */
  readonly nextHops: readonly Address[]
  /** bit/s, as configured; undefined leaves it to the counters. */
  readonly speedBps: number | undefined
  /** Shares of speed, of 1. */
  readonly highWatermark: number
  readonly lowWatermark: number
  readonly reliefTarget: number
  /** Prefixes above this rate are split, bit/s. */
  readonly perPrefixThresholdBps: number
  readonly monitor: boolean
  readonly detourTarget: boolean
  readonly dryRun: boolean
  /** Name of the shared exit that it is a port of. */
  readonly sharedExit?: string | undefined
  /** It is a link to another router, and what leaves here leaves the network by this interface of that one. */
  readonly leavesBy?: { readonly router: string; readonly interface: string } | undefined
}

/** One capacity behind several interfaces, as the ports of two routers into one contract. */
export interface SharedExit {
  readonly name: string
  /** Of all together, bit/s. */
  readonly speedBps: number
  /** Shares of speed, of 1. */
  readonly highWatermark: number
  readonly reliefTarget: number
}

export interface Router {
  readonly name: string
  /** Its neighbor address in GoBGP. */
  readonly address: Address
  readonly sflowAgents: readonly Address[]
  /** gRPC target of the gobgpd that peers with it. */
  readonly gobgp: string
  /** That gobgpd's end of the session, where it is configured. */
  readonly localAddress?: Address | undefined
  readonly override: OverrideStyle
  readonly defaultPrefixLength: Readonly<Record<Family, number>>
  readonly maxPrefixLength: Readonly<Record<Family, number>>
  readonly interfaces: readonly EgressInterface[]
}

/**
 * The interface by which a next hop leaves: named in `next_hops`, else the subnet that holds it. Every link
 * has the subnet of link-local addresses, so that these must be named.
 */
export function interfaceOfNextHop(router: Router, nextHop: Address): EgressInterface | undefined {
  return (
    router.interfaces.find((i) => i.nextHops.some((n) => compareAddresses(n, nextHop) === 0)) ??
    (isLinkLocal(nextHop)
      ? undefined
      : router.interfaces.find((i) => i.addresses.some(({ subnet }) => contains(subnet, nextHop))))
  )
}
