/** What the collector counts about itself; all are totals since the start. */
import type { Address } from '../model/prefix.ts'
import type { AgentCounts } from './intake/intake-stats.ts'
import type { ReceiveBuffer } from './reception/receive-buffer.ts'
import type { ReceptionWay } from './reception/reception.ts'
import type { SequenceCounts } from './intake/sequence-tracker.ts'
import type { MalformedReason } from './sflow/samples.ts'

export interface CollectorStats {
  /** Datagrams that reached the service. */
  readonly datagrams: number
  /** Decoded, from agents that are configured. */
  readonly flowSamples: number
  readonly counterSamples: number
  /** Datagrams or samples that were refused. */
  readonly malformed: Readonly<Record<MalformedReason, number>>
  /** Lost before they could count. */
  readonly dropped: {
    /** Datagrams: the kernel's receive buffer was full. */
    readonly kernel: number
    /** Datagrams: gaps in their numbering; those that the kernel dropped are among them. */
    readonly sequence: number
    /** Flow samples: the agent had no room for them. */
    readonly agent: number
    /** Datagrams of agents that are not configured. */
    readonly unknownAgent: number
  }
  /** Numbering in detail; duplicate datagrams are left out. */
  readonly sequences: {
    readonly datagrams: Readonly<SequenceCounts>
    readonly flowSamples: Readonly<SequenceCounts>
    readonly counterSamples: Readonly<SequenceCounts>
  }
  /** Exporters that started over, by their datagrams' numbering. */
  readonly restarts: number
  /** Flow samples that left by an interface that is not configured. */
  readonly unknownInterfaces: number
  /** Flow samples that left by no interface, by several, or by one that the agent does not know. */
  readonly withoutInterface: number
  /** Counter samples that started a new baseline, by reason. */
  readonly counterBaselines: Readonly<Record<'restart' | 'reset' | 'absurd', number>>
  /** Destinations that were folded into their /24 or /48 because there were too many, and that had to go. */
  readonly foldedKeys: number
  readonly evictedKeys: number
  /** In the order of the configuration. */
  readonly agents: readonly AgentStats[]
  /** How datagrams come in; undefined while it does not listen. */
  readonly reception: ReceptionStats | undefined
}

export interface AgentStats extends AgentCounts {
  readonly router: string
  readonly agent: Address
}

export interface ReceptionStats {
  readonly way: ReceptionWay
  /** Threads that read datagrams; 0 when each is an event. */
  readonly workers: number
  /** Datagrams that each of them has taken; one number for all when each is an event. */
  readonly datagrams: readonly number[]
  /** Of each socket. */
  readonly receiveBuffer: ReceiveBuffer
}
