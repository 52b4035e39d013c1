/** The routes that Spillway injects. */
import { formatPrefix, type Prefix } from './prefix.ts'
import type { PathAttributes } from './route.ts'

/** What identifies an override; GoBGP holds at most one of ours for a prefix of a router. */
export interface OverrideKey {
  readonly router: string
  readonly prefix: Prefix
}

/** An override as the controller wants it. */
export interface Override extends OverrideKey {
  /** The received prefix whose traffic it moves. */
  readonly parentPrefix: Prefix
  /** The natural exit's interface. */
  readonly fromInterface: string
  readonly toInterface: string
  /** Attributes of the path that it follows: next hop, AS_PATH, ORIGIN and MED go into the override. */
  readonly follows: PathAttributes
  /** When it was first wanted, ms since the epoch. */
  readonly sinceMs: number
  readonly reason: string
  /** An operator wants it until then, ms since the epoch; the plan does not bring it home before. */
  readonly pinnedUntilMs?: number | undefined
}

/**
 * An override as it was read back from GoBGP: `fromIfIndex`, `sinceMs` and `pinnedUntilMs`, to the second, travel
 * with it as large communities and are undefined where those are missing.
 */
export interface InstalledOverride extends OverrideKey {
  readonly attributes: PathAttributes
  readonly fromIfIndex: number | undefined
  readonly sinceMs: number | undefined
  readonly pinnedUntilMs?: number | undefined
}

/** Identifier in REST and in decisions: stable while the router and the prefix are the same. */
export function overrideId({ router, prefix }: OverrideKey): string {
  return `${router}-${formatPrefix(prefix).replace('/', '-')}`
}
