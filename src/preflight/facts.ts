/** What was seen of the surroundings, before anything is said of it. */
import type { ApiVersion, Peer } from '../bgp/wire/gobgp-api.ts'
import type { LeakFinding } from '../bgp/leaks/finding.ts'
import type { Config } from '../config/config.ts'
import type { Address, Family, Prefix } from '../model/prefix.ts'

export interface Facts {
  readonly config: Config
  readonly gobgpds: readonly GobgpdFacts[]
  readonly sflow: SflowFacts
  readonly host: HostFacts
}

export type GobgpdFacts =
  | { readonly kind: 'silent'; readonly target: string; readonly why: string }
  | {
      readonly kind: 'answers'
      readonly target: string
      readonly apiVersion: ApiVersion
      readonly asn: number
      /** As `GoBGP/4.8.0`; undefined where its API does not tell. */
      readonly software: string | undefined
      /** What could let routes leak. */
      readonly leaks: readonly LeakFinding[]
      readonly routers: readonly RouterBgp[]
    }

/** A configured router, as its gobgpd knows it. */
export interface RouterBgp {
  readonly name: string
  /** Undefined: it is no neighbor there. */
  readonly peer: Peer | undefined
  readonly families: readonly FamilyRoutes[]
  readonly nextHops: readonly NextHopUse[]
}

/** Received routes; echoes of ours and what cannot be used are left out. */
export interface FamilyRoutes {
  readonly family: Family
  readonly routes: number
  readonly paths: number
  /** Routes with one path only. */
  readonly single: number
}

export interface NextHopUse {
  readonly address: Address
  readonly paths: number
  readonly example: Prefix
}

export type SflowFacts =
  | HeardSflow
  /** The port is taken: a running service listens there, and was asked. */
  | ServiceView
  | { readonly kind: 'unheard'; readonly why: string }

export interface HeardSflow {
  readonly kind: 'heard'
  readonly seconds: number
  readonly datagrams: number
  readonly malformed: number
  readonly buffer: { readonly askedBytes: number; readonly grantedBytes: number }
  /** Agents that no router has, in text. */
  readonly strangers: readonly { readonly agent: string; readonly datagrams: number }[]
  readonly routers: readonly RouterSflow[]
}

export interface RouterSflow {
  readonly name: string
  readonly agents: readonly { readonly agent: Address; readonly datagrams: number }[]
  /** Configured or not; those that samples left by or counters came of. */
  readonly interfaces: readonly InterfaceSflow[]
}

export interface InterfaceSflow {
  readonly ifIndex: number
  /** Flow samples of packets that left by it, by where they were taken. */
  readonly egressSamples: number
  readonly ingressSamples: number
  /** Sampling rates (1 in N) that samples carried, ascending. */
  readonly samplingRates: readonly number[]
  readonly counterSamples: number
  /** Between counters, ms; undefined with fewer than two. */
  readonly counterIntervalMs: number | undefined
  readonly comparison: Comparison | undefined
}

/** Counters against flows of the same time. */
export interface Comparison {
  readonly countersBps: number
  readonly flowsBps: number
  readonly samples: number
  /** Error of `flowsBps` at 95 % confidence, as a share of it. */
  readonly errorShare: number
}

export interface ServiceView {
  readonly kind: 'service'
  readonly url: string
  readonly kernelDrops: number
  readonly agents: readonly {
    readonly router: string
    readonly agent: string
    readonly flows: boolean
    readonly counters: boolean
  }[]
  readonly interfaces: readonly {
    readonly router: string
    readonly name: string
    readonly outBps: number | undefined
  }[]
  readonly alarms: readonly {
    readonly kind: string
    readonly router: string | undefined
    readonly message: string
  }[]
}

export interface HostFacts {
  /** Text of this host's time. */
  readonly time: string
  /** How far it ran away from the time that passed, ms. */
  readonly clockStepMs: number
  readonly stateDirectory: string
  /** Why the mode could not be kept there; undefined when it could. */
  readonly stateFault: string | undefined
  /** The mode that the service starts in, or why that cannot be told. */
  readonly mode: { readonly value: string } | { readonly fault: string }
  /** Routers whose `override` the file gives, and does not leave to the default. */
  readonly overrideChosen: ReadonlySet<string>
}
