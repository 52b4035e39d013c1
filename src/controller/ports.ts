/** What the controller needs of the world. The collector and the GoBGP client fulfil these; service.ts joins them. */
import type { InstalledOverride, Override, OverrideKey } from '../model/override.ts'
import type { Address, Prefix } from '../model/prefix.ts'
import type { Route } from '../model/route.ts'
import type { RouterTraffic } from '../model/traffic.ts'

export interface TrafficSource {
  /** The router's traffic as of its last telemetry: in silence the rates keep their last value. */
  traffic(router: string, nowMs: number): RouterTraffic
}

export interface RouteSource {
  /** The most specific received route that holds the address. */
  longestMatch(router: string, address: Address): Route | undefined
  /** Every received route that holds the whole prefix, longest first. */
  covering(router: string, prefix: Prefix): readonly Route[]
  /** Next hops of all received paths. */
  nextHops(router: string): Iterable<Address>
  session(router: string): RouterSession
}

export interface RouterSession {
  /** GoBGP's session with the router is established. */
  readonly up: boolean
  /** The route table holds all that GoBGP has received from it: nothing, when the session is down. False while GoBGP is away. */
  readonly synced: boolean
}

export interface OverrideStore {
  /** All our overrides (local in GoBGP and marked) as GoBGP has them. Rejects when GoBGP does not answer. */
  list(router: string): Promise<readonly InstalledOverride[]>
  /** Installs or replaces. Resolves when GoBGP has taken it, rejects with the reason otherwise. */
  add(override: Override, fromIfIndex: number): Promise<void>
  /** Withdraws; an override that is not there is no error. */
  withdraw(key: OverrideKey): Promise<void>
}
