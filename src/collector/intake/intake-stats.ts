/** What the intake counts, in memory that threads can share; all are totals since the start. */
import type { SequenceCounts } from './sequence-tracker.ts'
import { MALFORMED_REASONS, type DatagramHeader, type MalformedReason } from '../sflow/samples.ts'
import type { Address } from '../../model/prefix.ts'

/** Places of the totals: every sample adds to one, and to find it by name costs as much as all else. */
export const COUNT = {
  datagrams: 0,
  flowSamples: 1,
  counterSamples: 2,
  agentDrops: 3,
  unknownAgent: 4,
  unknownInterfaces: 5,
  withoutInterface: 6,
} as const
export type IntakeCount = keyof typeof COUNT

const NUMBERINGS = ['datagrams', 'flowSamples', 'counterSamples'] as const
export type Numbering = (typeof NUMBERINGS)[number]
const SEQUENCES = [
  'lost',
  'reordered',
  'duplicates',
  'restarts',
] as const satisfies readonly (keyof SequenceCounts)[]

const MALFORMED_AT = Object.keys(COUNT).length
const SEQUENCES_AT = MALFORMED_AT + MALFORMED_REASONS.length
/** The last agent that no router has: family and words. */
const STRANGER_AT = SEQUENCES_AT + NUMBERINGS.length * SEQUENCES.length
const AGENTS_AT = STRANGER_AT + 5
/** Places of an agent's totals among its own. */
export const AGENT_COUNT = {
  datagrams: 0,
  lost: 1,
  duplicates: 2,
  restarts: 3,
  dropped: 4,
  lostSamples: 5,
} as const
const AGENT_COUNTS = Object.keys(AGENT_COUNT).length

/** Of one agent, all of its sub-agents together. */
export interface AgentCounts {
  /** Datagrams that came. */
  readonly datagrams: number
  /** Datagrams that its numbers miss. */
  readonly lost: number
  /** Datagrams that came a second time; they are left out. */
  readonly duplicates: number
  /** How often its numbers started over. */
  readonly restarts: number
  /** Samples that it dropped itself. */
  readonly dropped: number
  /** Flow samples that the numbers of its sources miss, those in lost datagrams among them. */
  readonly lostSamples: number
}

export class IntakeStats {
  readonly #fields: Float64Array

  /** Bytes of memory for so many agents. */
  static size(agents: number): number {
    return 8 * (AGENTS_AT + agents * AGENT_COUNTS)
  }

  /** Memory of `size(agents)` bytes, all zero at first. */
  constructor(memory: SharedArrayBuffer) {
    this.#fields = new Float64Array(memory)
  }

  /** `count` is one of COUNT. */
  add(count: number, n = 1): void {
    this.#fields[count]! += n
  }

  refuse(reason: MalformedReason): void {
    this.#fields[MALFORMED_AT + MALFORMED_REASONS.indexOf(reason)]!++
  }

  /** `count` is one of AGENT_COUNT. */
  addOfAgent(agent: number, count: number, n: number): void {
    this.#fields[AGENTS_AT + agent * AGENT_COUNTS + count]! += n
  }

  meetStranger({ family, w0, w1, w2, w3 }: Readonly<DatagramHeader>): void {
    this.add(COUNT.unknownAgent)
    this.#fields.set([family, w0, w1, w2, w3], STRANGER_AT)
  }

  setSequences(numbering: Numbering, counts: Readonly<SequenceCounts>): void {
    const at = SEQUENCES_AT + NUMBERINGS.indexOf(numbering) * SEQUENCES.length
    for (let i = 0; i < SEQUENCES.length; i++) this.#fields[at + i] = counts[SEQUENCES[i]!]
  }

  count(count: IntakeCount): number {
    return this.#fields[COUNT[count]]!
  }

  malformed(reason: MalformedReason): number {
    return this.#fields[MALFORMED_AT + MALFORMED_REASONS.indexOf(reason)]!
  }

  /** The last agent that no router has; only after one was counted. */
  get stranger(): Address {
    const [family, w0, w1, w2, w3] = this.#fields.subarray(STRANGER_AT) as unknown as number[]
    return { family: family as 4 | 6, w0: w0!, w1: w1!, w2: w2!, w3: w3! }
  }

  ofAgent(agent: number): AgentCounts {
    const at = AGENTS_AT + agent * AGENT_COUNTS
    const [datagrams, lost, duplicates, restarts, dropped, lostSamples] = this.#fields.subarray(
      at,
    ) as unknown as number[]
    return {
      datagrams: datagrams!,
      lost: lost!,
      duplicates: duplicates!,
      restarts: restarts!,
      dropped: dropped!,
      lostSamples: lostSamples!,
    }
  }

  sequences(numbering: Numbering): SequenceCounts {
    const at = SEQUENCES_AT + NUMBERINGS.indexOf(numbering) * SEQUENCES.length
    const [lost, reordered, duplicates, restarts] = this.#fields.subarray(at) as unknown as number[]
    return { lost: lost!, reordered: reordered!, duplicates: duplicates!, restarts: restarts! }
  }
}
