/**
 * What happens at an edge over hours: demand, failures, lost telemetry. Deterministic by seed; no clock, no
 * I/O.
 */
import type { Address, Prefix } from '../../model/prefix.ts'
import type { Path } from '../../model/route.ts'
import type { Router } from '../../model/topology.ts'

export interface TraceDestination {
  readonly address: Address
  /** Share (of 1) of its prefix's demand. */
  readonly share: number
}

export interface TracePrefix {
  readonly prefix: Prefix
  /** By exits of the router; the best is the natural one. */
  readonly paths: readonly Path[]
  readonly destinations: readonly TraceDestination[]
}

export interface Trace {
  readonly name: string
  readonly seed: number
  readonly router: Router
  readonly prefixes: readonly TracePrefix[]
  readonly seconds: number
  /** 1 packet in so many is sampled. */
  readonly samplingRate: number
  readonly frameBytes: number
  readonly counterIntervalSeconds: number
  /** GoBGP, BGP and the router take so long until a change of overrides forwards. */
  readonly convergenceSeconds: number
  /** Relative size of the noise on each prefix's demand, as standard deviation; it wanders over some 30 s. */
  readonly noise: number
  /** Demand of a prefix without noise, bit/s. */
  demandBps(prefix: number, second: number): number
  /** True while the interface and the BGP session behind it are gone. */
  isDown(interfaceIndex: number, second: number): boolean
  /** True while the router's samples and counters reach the collector. */
  isHeard(second: number): boolean
}
