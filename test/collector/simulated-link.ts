/** A link that carries packets, with an honest sampler and counters: what the estimators are tested on. */
import { SampledTelemetry } from './sampled-telemetry.ts'
import type { CounterSample, FlowSample } from '../../src/collector/sflow/samples.ts'
import type { InterfaceTraffic } from '../../src/model/traffic.ts'
import type { EgressInterface, Router } from '../../src/model/topology.ts'
import { AGENT } from './sflow-datagram.ts'

export function egressInterface(of: Partial<EgressInterface> = {}): EgressInterface {
  return {
    router: 'rtr1', name: 'swp1', ifIndex: 3, addresses: [], nextHops: [], speedBps: undefined,
    highWatermark: 0.8, lowWatermark: 0.65, reliefTarget: 0.65, perPrefixThresholdBps: 30e6,
    monitor: true, detourTarget: true, dryRun: false, ...of,
  }
}

export function router(interfaces: readonly EgressInterface[], of: Partial<Router> = {}): Router {
  return {
    name: 'rtr1', address: AGENT, sflowAgents: [AGENT], gobgp: '127.0.0.1:50051', override: 'same_length',
    defaultPrefixLength: { 4: 24, 6: 48 }, maxPrefixLength: { 4: 28, 6: 64 }, interfaces, ...of,
  }
}

/** An ingress sample to 198.51.100.1 unless told otherwise. */
export function sampleOf(of: Partial<FlowSample>): FlowSample {
  return {
    sequence: 0, sourceType: 0, sourceIndex: 1, samplingRate: 100, drops: 0, egressIfIndex: 3, frameLength: 1400,
    family: 4, w0: 0xc6336401, w1: 0, w2: 0, w3: 0, nextHop: { family: 0, w0: 0, w1: 0, w2: 0, w3: 0 }, ...of,
  }
}

export function countersOf(of: Partial<CounterSample>): CounterSample {
  return {
    sequence: 0, sourceType: 0, sourceIndex: 3, ifIndex: 3, speedBps: 100e6, status: 3, outOctets: 0,
    inDiscards: 0, inErrors: 0, outDiscards: 0, outErrors: 0, ...of,
  }
}

/** Uniform numbers in [0, 1) from a seed. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x9e3779b9) >>> 0
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32
  }
}

/** Number of events of a Poisson process with this mean: counts exponential gaps. */
export function poisson(mean: number, random: () => number): number {
  let events = 0
  for (let at = -Math.log(1 - random()); at < mean; at -= Math.log(1 - random())) events++
  return events
}

export interface SimulatedLink {
  readonly seed: number
  /** Load at a time since the start, bit/s. */
  readonly bpsAt: (ms: number) => number
  readonly forMs: number
  readonly counterIntervalMs?: number | undefined
  /** When the first counters come. */
  readonly counterPhaseMs?: number
  /** How often the agent sends what it sampled; at most 1 s. */
  readonly flushMs?: number
  readonly samplingRate?: number
  readonly frameLength?: number
  /** Share of the packets that the sampler sees. */
  readonly seenShare?: number
  /** The same where it changes; then of the sampling rate. */
  readonly seenShareAt?: (ms: number) => number
  readonly samplingRateAt?: (ms: number) => number
  readonly configuredSpeedBps?: number | undefined
  /** Flow samples, or counters, are lost. */
  readonly losesFlows?: (ms: number) => boolean
  readonly losesCounters?: (ms: number) => boolean
}

export interface Reading extends InterfaceTraffic {
  readonly atMs: number
  /** Sum of the rates of all destinations. */
  readonly ratesBps: number
}

/** Runs the link in steps of 100 ms and reads the collector's view every half second. */
export function runLink(link: SimulatedLink): Reading[] {
  const { seed, bpsAt, forMs, counterIntervalMs, flushMs = 500, samplingRate = 100, frameLength = 1400 } = link
  const { counterPhaseMs = 700, seenShare = 1, losesFlows = () => false, losesCounters = () => false } = link
  const { seenShareAt = () => seenShare, samplingRateAt = () => samplingRate, configuredSpeedBps } = link
  const stepMs = 100
  const random = randomOf(seed)
  const telemetry = new SampledTelemetry(router([egressInterface({ speedBps: configuredSpeedBps })]), 30_000, 10_000, seed)
  const startMs = 1_700_000_000_000
  const readings: Reading[] = []
  let outOctets = 1e9
  let waiting = 0
  for (let ms = stepMs; ms <= forMs; ms += stepMs) {
    const bytes = (bpsAt(ms) / 8000) * stepMs
    outOctets += bytes
    const rate = samplingRateAt(ms)
    waiting += poisson((bytes * seenShareAt(ms)) / frameLength / rate, random)
    const nowMs = startMs + ms
    if (ms % flushMs === 0) {
      for (; waiting > 0; waiting--) {
        const host = Math.floor(random() * 20)
        const sample = sampleOf({ samplingRate: rate, frameLength, w0: 0xc6336400 + host })
        if (!losesFlows(ms)) telemetry.flow(sample, nowMs)
      }
    }
    if (counterIntervalMs !== undefined && ms % counterIntervalMs === counterPhaseMs % counterIntervalMs) {
      if (!losesCounters(ms)) telemetry.counters(countersOf({ outOctets }), 5_000_000 + ms, nowMs)
    }
    if (ms % 500 === 0) {
      const { interfaces, rates } = telemetry.traffic()
      readings.push({ ...interfaces[0]!, atMs: ms, ratesBps: rates.rows.reduce((sum, { bps }) => sum + bps, 0) })
    }
  }
  return readings
}
