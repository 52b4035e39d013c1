/** What decides whom a gobgpd sends what: neighbors and policies, in the words of GoBGP's documentation. */
import type { Router } from '../../model/topology.ts'
import type { DynamicNeighbor, LocalPath, PathChange, Peer } from '../wire/gobgp-api.ts'
import type { Policies } from './policies.ts'

/** The routers that are configured with a gobgpd, by their neighbor addresses. */
export type KnownRouters = readonly Pick<Router, 'name' | 'address'>[]

export interface GobgpSetup {
  /** gobgpd's own AS. */
  readonly asn: number
  readonly neighbors: readonly Peer[]
  readonly dynamicNeighbors: readonly DynamicNeighbor[]
  readonly policies: Policies
}

/** What GoBGP sends a neighbor (its Adj-RIB-Out), and the local routes that it held just before. */
export interface SentRoutes {
  readonly local: readonly LocalPath[]
  readonly sent: readonly PathChange[]
}
