/** The checked, frozen configuration that the service runs on. */
import type { Family, Prefix } from '../model/prefix.ts'
import type { Router } from '../model/topology.ts'

export interface Listen {
  readonly host: string
  readonly port: number
}

export interface Limits {
  /** Overrides in all; reached: no more are added. */
  readonly maxOverrides: number
  readonly maxOverridesPerRouter: number
  /** Overrides added in one cycle; the rest goes on in the next. */
  readonly maxChangesPerCycle: number
  /** Share (of 1) of an interface's natural load that may be away from it. */
  readonly maxDetouredShare: number
}

export interface Config {
  readonly sflow: {
    readonly listen: Listen
    /** Over which a prefix's rate is computed. */
    readonly windowMs: number
  }
  readonly bgp: {
    /** gRPC target of the gobgpd that routers use unless they name their own. */
    readonly gobgp: string
    readonly localPref: number
    /** The community (RFC 1997, 32 bits) that marks our routes. */
    readonly marker: number
  }
  readonly controller: {
    readonly intervalMs: number
    readonly dryRun: boolean
    readonly minHoldMs: number
    readonly staleAfterMs: number
    readonly withdrawAfterMs: number
    readonly leaseMs: number
    readonly limits: Limits
    /** Samples that a prefix needs in the window before it is moved or split. */
    readonly minSamples: number
    readonly minPrefixLength: Readonly<Record<Family, number>>
    readonly deny: readonly Prefix[]
    readonly ownPrefixes: readonly Prefix[]
    readonly bogons: readonly Prefix[]
    readonly ixLans: readonly Prefix[]
  }
  readonly routers: readonly Router[]
  readonly api: {
    readonly listen: Listen
    /** Needed for anything that changes state; undefined: nothing can change state over REST. */
    readonly token: string | undefined
  }
}
