/** The edge as configured: routers and their egress interfaces. Made once from the configuration, then frozen. */
import { compareAddresses, contains, type Address, type Family, type Prefix } from './prefix.ts'

/** How an override relates to the received prefix; see docs on what each costs the router's neighbors. */
export type OverrideStyle = 'same_length' | 'more_specific'

export interface EgressInterface {
  readonly router: string
  readonly name: string
  /** SNMP ifIndex, as the exporter's samples carry it. */
  readonly ifIndex: number
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
}

export interface Router {
  readonly name: string
  /** Its neighbor address in GoBGP. */
  readonly address: Address
  readonly sflowAgents: readonly Address[]
  /** gRPC target of the gobgpd that peers with it. */
  readonly gobgp: string
  readonly override: OverrideStyle
  readonly defaultPrefixLength: Readonly<Record<Family, number>>
  readonly maxPrefixLength: Readonly<Record<Family, number>>
  readonly interfaces: readonly EgressInterface[]
}

/** The interface by which a next hop leaves: named in `next_hops`, else the subnet that holds it. */
export function interfaceOfNextHop(router: Router, nextHop: Address): EgressInterface | undefined {
  return (
    router.interfaces.find((i) => i.nextHops.some((n) => compareAddresses(n, nextHop) === 0)) ??
    router.interfaces.find((i) => i.addresses.some(({ subnet }) => contains(subnet, nextHop)))
  )
}
