/** What the API shows and may change. service.ts fulfils it from the collector, GoBGP and the loop. */
import type { LoggedDecision } from '../controller/decision-log.ts'
import type { PrefixFacts } from '../controller/explain/prefix-facts.ts'
import type { RouteSource } from '../controller/ports.ts'
import type { CycleReport, OverrideReport } from '../controller/report.ts'
import type { DecisionQuery, HistoryQuestion, HistoryQuestions } from '../history/records.ts'
import type { Alarm } from '../model/alarm.ts'
import type { DecisionKind } from '../model/decision.ts'
import type { LeaseState } from '../model/lease.ts'
import type { LogLevel } from '../model/log-level.ts'
import type { Mode } from '../model/mode.ts'
import type { Address, Family, Prefix } from '../model/prefix.ts'
import type { Path } from '../model/route.ts'
import type { Router } from '../model/topology.ts'
import type { RouterTraffic } from '../model/traffic.ts'

export interface ApiView {
  readonly version: string
  /** From the beginning of a cycle to that of the next, when nothing wakes it sooner. */
  readonly intervalMs: number
  /** As configured, in the order of the configuration. */
  routers(): readonly Router[]
  /** What every override carries. */
  overrideAttributes(): { readonly localPref: number; readonly marker: number }
  mode(): Mode
  /**
   * Resolves within 5 s, when the mode is kept for the next start; and holds, as far as can be told so soon.
   */
  setMode(mode: Mode): Promise<ModeChange>
  /**
   * Resolves within 5 s with what became of it, as far as can be told so soon. Router and interface are
   * configured.
   */
  pin(wish: PinWish): Promise<PinAnswer>
  /**
   * Withdraws the override and keeps its prefix out for `forMs`, whatever the mode. Resolves within 5 s;
   * undefined: there is none of that `id`.
   */
  withdraw(id: string, forMs: number, by: string): Promise<WithdrawAnswer | undefined>
  /** The last cycle; undefined before the first. */
  report(): CycleReport | undefined
  /** Of the last cycle: the same object until the next. As of now before the first. */
  traffic(router: string): RouterTraffic
  readonly routes: RouteSource
  /** One for each gobgpd. */
  gobgp(): readonly GobgpView[]
  /** As of the last cycle. */
  alarms(): readonly Alarm[]
  /** Newest first; those of before only as long as the history can be read. */
  decisions(query: DecisionQuery): Promise<readonly LoggedDecision[]>
  /** Rejects with ApiError while there is no history or it cannot be read. */
  history<Q extends HistoryQuestion>(
    question: Q,
    query: HistoryQuestions[Q]['query'],
  ): Promise<HistoryQuestions[Q]['answer']>
  /** Every received path of the longest route that holds the prefix, best first by BGP's rules without us. */
  evaluatePaths(router: Router, prefix: Prefix): readonly EvaluatedPath[]
  /** What is known of a prefix on a configured router, as of the last cycle; undefined before the first. */
  explain(router: string, prefix: Prefix): PrefixFacts | undefined
  stats(): Stats
  logLevel(): LogLevel
  /** Until the configuration is read again, or the service is started again. */
  setLogLevel(level: LogLevel): void
  /** Largest prefixes of each interface that have a metric. */
  readonly topPrefixes: number
}

export interface ModeChange {
  /** A whole cycle has run in the mode. */
  readonly applied: boolean
  /**
   * In mode off, routers for which GoBGP still holds overrides of ours; undefined: it did not tell how many.
   */
  readonly left: readonly { readonly router: string; readonly overrides: number | undefined }[]
}

export interface PinWish {
  readonly router: string
  readonly prefix: Prefix
  readonly toInterface: string
  /** For so long, ms. */
  readonly ttlMs: number
  /** Address of who asks for it. */
  readonly by: string
}

export type PinAnswer =
  /** `why`: the guard that it ran into, in words. */
  | { readonly kind: 'refused'; readonly why: string }
  /** In force; or decided, where no more than that is done. */
  | { readonly kind: 'made'; readonly override: OverrideReport }
  /** `why`: what it waits for. */
  | { readonly kind: 'pending'; readonly id: string; readonly why: string }

export type WithdrawAnswer =
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'withdrawn' | 'pending'; readonly untilMs: number }

export interface GobgpView {
  readonly target: string
  readonly connected: boolean
  readonly version: string | undefined
  readonly apiVersion: string | undefined
  readonly lastError: string | undefined
  /** Why nothing may be injected there, with the setting to change; and what is not well besides. */
  readonly leaks: readonly string[]
  readonly doubts: readonly string[]
  /** As it was last read. */
  readonly lease: LeaseView | undefined
  readonly watchdog: { readonly seen: boolean; readonly silentMs: number }
}

export interface LeaseView {
  readonly state: LeaseState
  readonly owner: string
  readonly isOurs: boolean
  readonly durationMs: number
  /** Since it was last seen to change. */
  readonly unchangedMs: number
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

/** What came of one sFlow agent, and what did not. */
export interface SflowAgentView {
  readonly router: string
  readonly agent: Address
  readonly datagrams: number
  /** Datagrams that its numbers miss. */
  readonly lost: number
  readonly duplicates: number
  readonly restarts: number
  /** Samples that it dropped itself. */
  readonly dropped: number
  /** Flow samples that the numbers of its sources miss, those in lost datagrams among them. */
  readonly lostSamples: number
}

export interface ReceptionView {
  readonly way: 'threads' | 'events'
  readonly workers: number
  /** Taken by each. */
  readonly datagrams: readonly number[]
  readonly receiveBuffer: {
    readonly wantedBytes: number
    readonly grantedBytes: number
    /** What to do when it is less than was wanted. */
    readonly remedy: string | undefined
  }
}

/** Counters since start, and gauges as of now. */
export interface Stats {
  readonly sflow: {
    readonly datagrams: number
    readonly flowSamples: number
    readonly counterSamples: number
    /** By reason. */
    readonly malformed: Readonly<Record<string, number>>
    readonly dropped: Readonly<Record<DropPlace, number>>
    /** Exporters that started over. */
    readonly restarts: number
    /** Destinations that lost detail for want of room, and that had to go. */
    readonly crowded: { readonly folded: number; readonly evicted: number }
    readonly agents: readonly SflowAgentView[]
    /** How datagrams come in; undefined while nobody listens. */
    readonly reception: ReceptionView | undefined
  }
  /** By router. */
  readonly decisions: ReadonlyMap<string, Readonly<Partial<Record<DecisionKind, number>>>>
  /** One for each gobgpd. */
  readonly gobgp: readonly {
    readonly target: string
    readonly connected: boolean
    readonly calls: {
      readonly calls: number
      readonly underWay: number
      /** By gRPC's name of the status. */
      readonly failed: ReadonlyMap<string, number>
      readonly seconds: number
    }
    readonly waitingAdditions: number
    /** How often its route tables were filled from the start. */
    readonly resyncs: number
  }[]
  /** Undefined when there is none. */
  readonly history:
    | {
        readonly bytes: number | undefined
        readonly writeFailures: number
        readonly lost: number
        readonly lastWriteSeconds: number | undefined
      }
    | undefined
  /** Overrides that GoBGP took, by router. */
  readonly routeChanges: ReadonlyMap<string, { readonly add: number; readonly withdraw: number }>
  /** The route table now. */
  readonly routeTable: readonly {
    readonly router: string
    readonly family: Family
    readonly routes: number
    readonly paths: number
  }[]
}
