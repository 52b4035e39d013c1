/**
 * What the controller needs of the world. The collector and the GoBGP client fulfil these; service.ts joins
 * them.
 */
import type { InstalledOverride, Override, OverrideKey } from '../model/override.ts'
import type { Matches } from '../model/matches.ts'
import type { Address, Prefix } from '../model/prefix.ts'
import type { Rates } from '../model/rates.ts'
import type { Route, RpkiState } from '../model/route.ts'
import type { RouterTraffic } from '../model/traffic.ts'

export interface TrafficSource {
  /** The router's traffic as of its last telemetry: in silence the rates keep their last value. */
  traffic(router: string, nowMs: number): RouterTraffic
}

export interface RouteSource {
  /** The most specific received route that holds the address. */
  longestMatch(router: string, address: Address): Route | undefined
  /** The prefix of that route for every destination; those asked for again cost next to nothing. */
  matches(router: string, rates: Rates): Matches
  /** Looks so many of them up at most, as `matches` may be asked for soon. */
  prepareMatches(router: string, rates: Rates, most: number): void
  /**
   * Every received route that holds the whole prefix, longest first; each the same object until it changes.
   * None while the session is down.
   */
  covering(router: string, prefix: Prefix): readonly Route[]
  /** Every path of these routes; makes no routes of them, as for a look at all prefixes. */
  pathsTowards(router: string, prefix: Prefix, take: (nextHop: Address, rpki: RpkiState) => void): void
  /** Next hops of all received paths. */
  nextHops(router: string): Iterable<Address>
  session(router: string): RouterSession
}

export interface RouterSession {
  /** GoBGP's session with the router is established. */
  readonly up: boolean
  /**
   * The route table holds all that GoBGP has received from it: nothing, when the session is down. False while
   * GoBGP is away, and while it is new and the session has yet to come up.
   */
  readonly synced: boolean
  /** GoBGP has started anew, and is to be told by `open` when what was in force before is in again. */
  readonly awaitsOpen?: boolean
  /** Somebody has disabled the neighbor in GoBGP. */
  readonly disabled?: boolean
}

export interface SessionOpener {
  /**
   * Lets the router's session come up, where a GoBGP that has started anew holds it back; else it does
   * nothing.
   */
  open(router: string): Promise<void>
}

export interface SentSource {
  /** Overrides that GoBGP holds and does not send to the router, by prefix, each with the reason. */
  unsent(router: string): ReadonlyMap<string, string>
}

export interface OverrideStore {
  /** All our overrides (local in GoBGP and marked) as GoBGP has them. Rejects when GoBGP does not answer. */
  list(router: string): Promise<readonly InstalledOverride[]>
  /** Installs or replaces. Resolves when GoBGP has taken it, rejects with the reason otherwise. */
  add(override: Override, fromIfIndex: number): Promise<void>
  /** Withdraws; an override that is not there is no error. */
  withdraw(key: OverrideKey): Promise<void>
}

/**
 * What may be done to a router's overrides now, besides what mode and guards of the plan allow.
 * `no_additions`: nothing is added or moved, and what cannot stay as it is goes. `withdraw_all`: everything
 * goes. `stand_by`: what GoBGP holds is another's, and is not touched; we go on deciding, as in dry-run.
 */
export type Permission =
  | { readonly kind: 'granted' }
  | { readonly kind: 'no_additions' | 'withdraw_all' | 'stand_by'; readonly why: string }

/** Something besides the plan that must agree before routes are changed. */
export interface Gate {
  /**
   * Asked at the start of every cycle of the router; it never rejects. `mayAct` is false while nothing can be
   * sent for the router whatever the answer is: in dry-run, with no override left of this process.
   */
  permission(router: string, mayAct: boolean): Promise<Permission>
}
