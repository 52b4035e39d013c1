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

/** What was lost is spread over about so many that come after it. */
const MADE_UP_BY = 64
/** A longer loss is an outage: what came after it tells little about it. */
const LONGEST_MADE_UP = 1000
/** However much was lost, one stands for no more than itself and so many. */
const MOST_MADE_UP = 3

/**
 * A source in words of 32 bits: whether it is used, the key, the highest number, whether it and the 31 before
 * came, the uptime, repeats, the total beside the numbers, and as a double what was lost and is not yet made
 * up for. It fills a line of the processor's cache.
 */
const SOURCE_WORDS = 16
const USED = 0
const KEY = 1
const LAST = 5
const RECENT_BITS = 6
const UPTIME = 7
const REPEATS = 8
const TOTAL = 9
const SOURCE_DOUBLES = SOURCE_WORDS / 2
const OWED = 5

/**
 * Follows up to `capacity` sources of (agent, sub-agent, source type, source index). When more turn up, which
 * only nonsense can bring about, it forgets them all and starts over.
 */
export class SequenceTracker {
  readonly counts: SequenceCounts = { lost: 0, reordered: 0, duplicates: 0, restarts: 0 }
  readonly #makesUpGaps: boolean
  readonly #capacity: number
  readonly #mask: number
  readonly #seed: number
  #size = 0
  readonly #words: Uint32Array
  readonly #doubles: Float64Array
  /** The source that `advance` was last called for, and whether its numbering began there. */
  #slot = 0
  #isFresh = true
  /** Whose source was last looked for, and the part of its hash that others of the datagram share. */
  #agent = -1
  #subAgent = 0
  #agentHash = 0

  /** `makesUpGaps`: what is missing in the numbers is made up for; see `makeUp`. */
  constructor(capacity: number, seed: number, makesUpGaps = false) {
    this.#makesUpGaps = makesUpGaps
    this.#capacity = capacity
    const slots = 2 ** Math.ceil(Math.log2(capacity * 2))
    this.#mask = slots - 1
    this.#seed = seed
    this.#words = new Uint32Array(slots * SOURCE_WORDS)
    this.#doubles = new Float64Array(this.#words.buffer)
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
    const words = this.#words
    const at = slot * SOURCE_WORDS
    const step = (sequence - words[at + LAST]!) | 0
    const uptimeStepMs = (uptimeMs - words[at + UPTIME]!) | 0
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
      if (step > 1) {
        this.counts.lost += step - 1
        if (this.#makesUpGaps) this.owe(step - 1)
      }
      words[at + RECENT_BITS] = step >= RECENT ? 1 : (words[at + RECENT_BITS]! << step) | 1
      words[at + LAST] = sequence
      words[at + UPTIME] = uptimeMs
      words[at + REPEATS] = 0
      return true
    }
    const bit = 1 << -step
    if ((words[at + RECENT_BITS]! & bit) === 0) {
      this.counts.reordered++
      if (this.#makesUpGaps) this.#doubles[slot * SOURCE_DOUBLES + OWED]!--
      words[at + RECENT_BITS]! |= bit
      return true
    }
    if (words[at + REPEATS]! >= MOST_REPEATS) return true
    words[at + REPEATS]!++
    this.counts.duplicates++
    return false
  }

  /**
   * Growth of a 32-bit total that the source just advanced reports beside its numbers; 0 at first, after a
   * restart and when it went back.
   */
  growth(total: number): number {
    const at = this.#slot * SOURCE_WORDS + TOTAL
    const step = (total - this.#words[at]!) | 0
    this.#words[at] = total
    return this.#isFresh || step < 0 ? 0 : step
  }

  /** So many of the source just advanced were lost. */
  owe(lost: number): void {
    if (lost <= LONGEST_MADE_UP) this.#doubles[this.#slot * SOURCE_DOUBLES + OWED]! += lost
  }

  /**
   * How many the one just taken stands for: itself, and a part of those that were lost before it. Over all
   * that are taken it adds up to as many as were sent.
   */
  makeUp(): number {
    const at = this.#slot * SOURCE_DOUBLES + OWED
    const owed = this.#doubles[at]!
    if (owed === 0) return 1
    const part = Math.abs(owed) < 1 ? owed : Math.min(owed / MADE_UP_BY, MOST_MADE_UP)
    this.#doubles[at] = owed - part
    return Math.max(0, 1 + part)
  }

  #begin(slot: number, sequence: number, uptimeMs: number): void {
    this.#isFresh = true
    const at = slot * SOURCE_WORDS
    this.#doubles[slot * SOURCE_DOUBLES + OWED] = 0
    this.#words[at + LAST] = sequence
    this.#words[at + RECENT_BITS] = 1
    this.#words[at + UPTIME] = uptimeMs
    this.#words[at + REPEATS] = 0
  }

  /** Slot of the source; new ones are entered, and `#isFresh` tells. */
  #find(agent: number, subAgent: number, type: number, index: number): number {
    const words = this.#words
    const last = this.#slot
    if (words[last * SOURCE_WORDS + USED] === 1 && this.#holds(last, agent, subAgent, type, index)) {
      this.#isFresh = false
      return last
    }
    if (agent !== this.#agent || subAgent !== this.#subAgent) {
      this.#agent = agent
      this.#subAgent = subAgent
      this.#agentHash = mixHash(mixHash(this.#seed, agent), subAgent)
    }
    const hash = mixHash(mixHash(this.#agentHash, type), index)
    let slot = hash & this.#mask
    while (words[slot * SOURCE_WORDS + USED] === 1) {
      if (this.#holds(slot, agent, subAgent, type, index)) {
        this.#slot = slot
        this.#isFresh = false
        return slot
      }
      slot = (slot + 1) & this.#mask
    }
    if (this.#size === this.#capacity) {
      words.fill(0)
      this.#size = 0
      slot = hash & this.#mask
    }
    this.#size++
    const at = slot * SOURCE_WORDS
    words[at + USED] = 1
    words[at + KEY] = agent
    words[at + KEY + 1] = subAgent
    words[at + KEY + 2] = type
    words[at + KEY + 3] = index
    this.#slot = slot
    this.#isFresh = true
    return slot
  }

  #holds(slot: number, agent: number, subAgent: number, type: number, index: number): boolean {
    const words = this.#words
    const key = slot * SOURCE_WORDS + KEY
    return (
      words[key] === agent &&
      words[key + 1] === subAgent &&
      words[key + 2] === type &&
      words[key + 3] === index
    )
  }
}
