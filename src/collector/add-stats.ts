/** What all intakes together count. */
import type { AgentCounts, IntakeCount, IntakeStats, Numbering } from './intake/intake-stats.ts'
import type { SequenceCounts } from './intake/sequence-tracker.ts'
import { MALFORMED_REASONS, type MalformedReason } from './sflow/samples.ts'
import type { CollectorStats } from './stats.ts'

type IntakeTotals = Omit<
  CollectorStats,
  'counterBaselines' | 'foldedKeys' | 'evictedKeys' | 'agents' | 'reception'
>

/** Adds up; `kernelDrops` are of all sockets already. */
export function addStats(intakes: readonly IntakeStats[], kernelDrops: number): IntakeTotals {
  const total = (count: IntakeCount): number => intakes.reduce((sum, stats) => sum + stats.count(count), 0)
  const datagrams = addSequences(intakes, 'datagrams')
  return {
    datagrams: total('datagrams'),
    flowSamples: total('flowSamples'),
    counterSamples: total('counterSamples'),
    malformed: Object.fromEntries(
      MALFORMED_REASONS.map((reason) => [
        reason,
        intakes.reduce((sum, stats) => sum + stats.malformed(reason), 0),
      ]),
    ) as Record<MalformedReason, number>,
    dropped: {
      kernel: kernelDrops,
      sequence: datagrams.lost,
      agent: total('agentDrops'),
      unknownAgent: total('unknownAgent'),
    },
    sequences: {
      datagrams,
      flowSamples: addSequences(intakes, 'flowSamples'),
      counterSamples: addSequences(intakes, 'counterSamples'),
    },
    restarts: datagrams.restarts,
    unknownInterfaces: total('unknownInterfaces'),
    withoutInterface: total('withoutInterface'),
  }
}

/** What all intakes together count of one agent. */
export function addAgentStats(intakes: readonly IntakeStats[], agent: number): AgentCounts {
  return intakes
    .map((stats) => stats.ofAgent(agent))
    .reduce((sum, one) => ({
      datagrams: sum.datagrams + one.datagrams,
      lost: sum.lost + one.lost,
      duplicates: sum.duplicates + one.duplicates,
      restarts: sum.restarts + one.restarts,
      dropped: sum.dropped + one.dropped,
      lostSamples: sum.lostSamples + one.lostSamples,
    }))
}

function addSequences(intakes: readonly IntakeStats[], numbering: Numbering): SequenceCounts {
  return intakes
    .map((stats) => stats.sequences(numbering))
    .reduce((sum, { lost, reordered, duplicates, restarts }) => ({
      lost: sum.lost + lost,
      reordered: sum.reordered + reordered,
      duplicates: sum.duplicates + duplicates,
      restarts: sum.restarts + restarts,
    }))
}
