/** What the API shows and may change. service.ts fulfils it from the collector, GoBGP and the loop. */
import type { RouteSource } from '../controller/ports.ts'
import type { CycleReport } from '../controller/report.ts'
import type { Decision } from '../model/decision.ts'
import type { Mode } from '../model/mode.ts'
import type { Family, Prefix } from '../model/prefix.ts'
import type { Path } from '../model/route.ts'
import type { Router } from '../model/topology.ts'
import type { RouterTraffic } from '../model/traffic.ts'

export interface ApiView {
  readonly version: string
  /** As configured, in the order of the configuration. */
  routers(): readonly Router[]
  /** What every override carries. */
  overrideAttributes(): { readonly localPref: number; readonly marker: number }
  mode(): Mode
  /** Resolves when the mode holds and is kept for the next start. */
  setMode(mode: Mode): Promise<void>
  /** The last cycle; undefined before the first. */
  report(): CycleReport | undefined
  traffic(router: string, nowMs: number): RouterTraffic
  readonly routes: RouteSource
  /** One for each gobgpd. */
  gobgp(): readonly GobgpView[]
  /** Newest first. */
  decisions(filter: { readonly router: string | undefined; readonly limit: number }): readonly Decision[]
  /** Every received path of the longest route that holds the prefix, best first by BGP's rules without us. */
  evaluatePaths(router: Router, prefix: Prefix): readonly EvaluatedPath[]
  stats(): Stats
}

export interface GobgpView {
  readonly target: string
  readonly connected: boolean
  readonly version: string | undefined
  readonly apiVersion: string | undefined
  readonly lastError: string | undefined
}

export interface EvaluatedPath {
  readonly path: Path
  /** Name of the interface that it leaves by; undefined when none is configured for its next hop. */
  readonly interface: string | undefined
  readonly best: boolean
}

/** Where telemetry can get lost before it counts. */
export const DROP_PLACES = ['kernel', 'sequence', 'agent', 'unknown_agent'] as const
export type DropPlace = (typeof DROP_PLACES)[number]

/** Counters since start, and gauges as of now. */
export interface Stats {
  readonly sflow: {
    readonly datagrams: number
    readonly flowSamples: number
    readonly counterSamples: number
    /** By reason. */
    readonly malformed: Readonly<Record<string, number>>
    readonly dropped: Readonly<Record<DropPlace, number>>
  }
  /** Overrides that GoBGP took, by router. */
  readonly routeChanges: ReadonlyMap<string, { readonly add: number; readonly withdraw: number }>
  /** The route table now. */
  readonly routeTable: readonly {
    readonly router: string
    readonly family: Family
    readonly routes: number
    readonly paths: number
  }[]
  /** Alarms that are active now, by kind. */
  readonly alarms: Readonly<Record<string, number>>
}
