/** What the collector knows of a router's traffic at one moment. */
import type { Address } from './prefix.ts'
import type { Rates } from './rates.ts'

export interface InterfaceTraffic {
  /** Name of the interface in the configuration. */
  readonly name: string
  /**
   * What it carries now, bit/s: from the counters; between them and without them from the flows. Undefined
   * before any measurement.
   */
  readonly outBps: number | undefined
  /** Error of `outBps` at 95 % confidence, bit/s; 0 when it comes from counters. */
  readonly errorBps: number
  readonly source: 'counters' | 'flows' | 'none'
  /** The span of time that `outBps` was measured over, ms. */
  readonly spanStartMs: number
  readonly spanEndMs: number
  /**
   * The smaller of the configured speed and the counters' ifSpeed, bit/s; undefined when neither is known.
   */
  readonly speedBps: number | undefined
  /** ifOperStatus of the counters; undefined without counters. */
  readonly operUp: boolean | undefined
  /** Totals since the collector first heard of the interface. */
  readonly inErrors: number
  readonly outErrors: number
  readonly inDiscards: number
  readonly outDiscards: number
  /**
   * Counters over flows, smoothed and bounded: the flow rates are already multiplied by it. 1 without
   * counters.
   */
  readonly flowScale: number
  /**
   * When counters last told its load, and how often they use to; refused ones are none. Undefined: never, or
   * not yet known.
   */
  readonly lastCounterMs: number | undefined
  readonly counterIntervalMs: number | undefined
  readonly contradictions: readonly Contradiction[]
  /** ifIndexes of the members of a LAG without which it is measured, as nothing tells of them any more. */
  readonly missingMembers?: readonly number[]
}

/** Telemetry that cannot be true, as it contradicts itself or the configuration. */
export type Contradiction =
  /**
   * Counters and flows tell different loads, beyond sampling error: told, and beyond a factor of 2 not
   * trusted either.
   */
  | {
      readonly kind: 'flows_disagree'
      /** Undefined: without counters, the flows claim more than the link could be offered. */
      readonly countersBps: number | undefined
      readonly flowsBps: number
      readonly isTrusted: boolean
    }
  /** What comes under its ifIndex is another interface's; never trusted. */
  | {
      readonly kind: 'ifindex_mismatch'
      /** In words: what was seen. */
      readonly evidence: string
    }

/** When a router was last heard, and how often it uses to speak; ms. Undefined: never, or not yet known. */
export interface Telemetry {
  readonly lastFlowMs: number | undefined
  readonly flowIntervalMs: number | undefined
  readonly lastCounterMs: number | undefined
  readonly counterIntervalMs: number | undefined
  /** Each of the router's sFlow agents, in the order of the configuration. */
  readonly agents: readonly AgentTelemetry[]
}

/** When one of a router's agents was last heard, as in `Telemetry`. */
export interface AgentTelemetry {
  readonly agent: Address
  readonly lastFlowMs: number | undefined
  readonly flowIntervalMs: number | undefined
  readonly lastCounterMs: number | undefined
  readonly counterIntervalMs: number | undefined
  /** Indexes of the interfaces whose counters it sends. */
  readonly interfaces: readonly number[]
}

export interface RouterTraffic {
  readonly router: string
  /** Rates by destination and interface; a row's `interfaceIndex` counts in `interfaces`. */
  readonly rates: Rates
  /** In the order of the configuration. */
  readonly interfaces: readonly InterfaceTraffic[]
  readonly telemetry: Telemetry
}
