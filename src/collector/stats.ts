/** What the collector counts about itself; all are totals since the start. */
import type { SequenceCounts } from './sequence-tracker.ts'
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
}
