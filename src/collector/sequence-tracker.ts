/**
 * Sequence numbers of exporters: what was lost, came late, came twice, or started over. Pure but for its own
 * state.
 */
import { mixHash } from './hash.ts'

/** Running totals. */
export interface SequenceCounts {
  /** Numbers that were skipped. */
  lost: number
  /** Came after a later one; they had been counted as lost. */
  reordered: number
  /** Came a second time. */
  duplicates: number
  /** The numbering jumped: the exporter restarted, or was out of reach for long. */
  restarts: number
}

/** One word of bits tells which of the last numbers came. */
const RECENT = 32
/** A jump by more tells nothing about loss. */
const LONGEST_GAP = 4096
/** An exporter whose uptime went back by more has restarted, however small the step of its numbers. */
const UPTIME_JITTER_MS = 5000
/** A number that comes up more often is no duplicate: the exporter does not number. */
const MOST_REPEATS = 4

const KEY_WORDS = 4

/**
 * Follows up to `capacity` sources of (agent, sub-agent, source type, source index). When more turn up, which
 * only nonsense can bring about, it forgets them all and starts over.
 */
export class SequenceTracker {
  readonly counts: SequenceCounts = { lost: 0, reordered: 0, duplicates: 0, restarts: 0 }
  readonly #capacity: number
  readonly #mask: number
  readonly #seed: number
  #size = 0
  /**
   * Per slot: the key, the highest number, whether it and the 31 before came, and what belongs to the source.
   */
  readonly #used: Uint8Array
  readonly #keys: Uint32Array
  readonly #last: Uint32Array
  readonly #recent: Uint32Array
  readonly #uptimes: Uint32Array
  readonly #repeats: Uint8Array
  readonly #totals: Uint32Array
  /** The source that `advance` was last called for, and whether its numbering began there. */
  #slot = 0
  #isFresh = true

  constructor(capacity: number, seed: number) {
    this.#capacity = capacity
    const slots = 2 ** Math.ceil(Math.log2(capacity * 2))
    this.#mask = slots - 1
    this.#seed = seed
    this.#used = new Uint8Array(slots)
    this.#keys = new Uint32Array(slots * KEY_WORDS)
    this.#last = new Uint32Array(slots)
    this.#recent = new Uint32Array(slots)
    this.#uptimes = new Uint32Array(slots)
    this.#repeats = new Uint8Array(slots)
    this.#totals = new Uint32Array(slots)
  }

  /**
   * Takes the next number of a source (32 bits, wrapping) and the agent's uptime; false when it came before.
   */
  advance(
    agent: number,
    subAgent: number,
    type: number,
    index: number,
    sequence: number,
    uptimeMs: number,
  ): boolean {
    const slot = this.#find(agent, subAgent, type, index)
    const step = (sequence - this.#last[slot]!) | 0
    const uptimeStepMs = (uptimeMs - this.#uptimes[slot]!) | 0
    if (this.#isFresh) {
      this.#begin(slot, sequence, uptimeMs)
      return true
    }
    if (step > LONGEST_GAP || step <= -RECENT || uptimeStepMs < -UPTIME_JITTER_MS) {
      this.counts.restarts++
      this.#begin(slot, sequence, uptimeMs)
      return true
    }
    if (step > 0) {
      this.counts.lost += step - 1
      this.#recent[slot] = step >= RECENT ? 1 : (this.#recent[slot]! << step) | 1
      this.#last[slot] = sequence
      this.#uptimes[slot] = uptimeMs
      this.#repeats[slot] = 0
      return true
    }
    const bit = 1 << -step
    if ((this.#recent[slot]! & bit) === 0) {
      this.counts.reordered++
      this.#recent[slot]! |= bit
      return true
    }
    if (this.#repeats[slot]! >= MOST_REPEATS) return true
    this.#repeats[slot]!++
    this.counts.duplicates++
    return false
  }

  /**
   * Growth of a 32-bit total that the source just advanced reports beside its numbers; 0 at first, after a
   * restart and when it went back.
   */
  growth(total: number): number {
    const step = (total - this.#totals[this.#slot]!) | 0
    this.#totals[this.#slot] = total
    return this.#isFresh || step < 0 ? 0 : step
  }

  #begin(slot: number, sequence: number, uptimeMs: number): void {
    this.#isFresh = true
    this.#last[slot] = sequence
    this.#recent[slot] = 1
    this.#uptimes[slot] = uptimeMs
    this.#repeats[slot] = 0
  }

  /** Slot of the source; new ones are entered, and `#isFresh` tells. */
  #find(agent: number, subAgent: number, type: number, index: number): number {
    const hash = mixHash(mixHash(mixHash(mixHash(this.#seed, agent), subAgent), type), index)
    let slot = hash & this.#mask
    while (this.#used[slot] === 1) {
      if (this.#holds(slot, agent, subAgent, type, index)) {
        this.#slot = slot
        this.#isFresh = false
        return slot
      }
      slot = (slot + 1) & this.#mask
    }
    if (this.#size === this.#capacity) {
      this.#used.fill(0)
      this.#size = 0
      slot = hash & this.#mask
    }
    this.#size++
    this.#used[slot] = 1
    this.#keys[slot * KEY_WORDS] = agent
    this.#keys[slot * KEY_WORDS + 1] = subAgent
    this.#keys[slot * KEY_WORDS + 2] = type
    this.#keys[slot * KEY_WORDS + 3] = index
    this.#slot = slot
    this.#isFresh = true
    return slot
  }

  #holds(slot: number, agent: number, subAgent: number, type: number, index: number): boolean {
    const key = slot * KEY_WORDS
    return (
      this.#keys[key] === agent &&
      this.#keys[key + 1] === subAgent &&
      this.#keys[key + 2] === type &&
      this.#keys[key + 3] === index
    )
  }
}
