/** The checked, frozen configuration that the service runs on. */
import type { LogLevel } from '../model/log-level.ts'
import type { Address, Family, Prefix } from '../model/prefix.ts'
import type { Router, SharedExit } from '../model/topology.ts'

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
  /** Absolute path of the directory that keeps what must survive the service; see state/state-path.ts. */
  readonly stateDirectory: string
  readonly sflow: {
    readonly listen: Listen
    /** Over which a prefix's rate is computed. */
    readonly windowMs: number
    /** Threads that read datagrams; 0: each is an event of the main thread. */
    readonly workers: number
    /** Wanted of the kernel. */
    readonly receiveBufferBytes: number
  }
  readonly bgp: {
    /** gRPC target of the gobgpd that routers use unless they name their own. */
    readonly gobgp: string
    readonly localPref: number
    /** The community (RFC 1997, 32 bits) that marks our routes. */
    readonly marker: number
    /** The AS of routers and gobgpds. */
    readonly asn: number
    /** For the configuration of gobgpd; undefined: its local address. */
    readonly routerId: Address | undefined
    readonly listenPort: number
    /** For so long routers keep overrides while gobgpd is restarted. */
    readonly restartMs: number
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
  readonly sharedExits: readonly SharedExit[]
  readonly routers: readonly Router[]
  readonly api: {
    readonly listen: Listen
    /** Needed for anything that changes state; undefined: nothing can change state over REST. */
    readonly token: string | undefined
  }
  readonly history: {
    readonly enabled: boolean
    /** Absolute path. */
    readonly file: string
    /** What is older goes. */
    readonly keepMs: number
    /** The file is never larger. */
    readonly maxBytes: number
  }
  readonly metrics: {
    /** Largest prefixes of each interface that have a metric; 0: none. */
    readonly topPrefixes: number
  }
  readonly log: { readonly level: LogLevel }
}
