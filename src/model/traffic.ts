/** What the collector knows of a router's traffic at one moment. */
import type { Rates } from './rates.ts'

export interface InterfaceTraffic {
  /** Name of the interface in the configuration. */
  readonly name: string
  /** What it carries now, bit/s: from the counters; between them and without them from the flows. Undefined before any measurement. */
  readonly outBps: number | undefined
  /** Error of `outBps` at 95 % confidence, bit/s; 0 when it comes from counters. */
  readonly errorBps: number
  readonly source: 'counters' | 'flows' | 'none'
  /** The span of time that `outBps` was measured over, ms. */
  readonly spanStartMs: number
  readonly spanEndMs: number
  /** The smaller of the configured speed and the counters' ifSpeed, bit/s; undefined when neither is known. */
  readonly speedBps: number | undefined
  /** ifOperStatus of the counters; undefined without counters. */
  readonly operUp: boolean | undefined
  /** Totals since the collector first heard of the interface. */
  readonly inErrors: number
  readonly outErrors: number
  readonly inDiscards: number
  readonly outDiscards: number
  /** Counters over flows, smoothed and bounded: the flow rates are already multiplied by it. 1 without counters. */
  readonly flowScale: number
}

/** When a router was last heard, and how often it uses to speak; ms. Undefined: never, or not yet known. */
export interface Telemetry {
  readonly lastFlowMs: number | undefined
  readonly flowIntervalMs: number | undefined
  readonly lastCounterMs: number | undefined
  readonly counterIntervalMs: number | undefined
}

export interface RouterTraffic {
  readonly router: string
  /** Rates by destination and interface; a row's `interfaceIndex` counts in `interfaces`. */
  readonly rates: Rates
  /** In the order of the configuration. */
  readonly interfaces: readonly InterfaceTraffic[]
  readonly telemetry: Telemetry
}
