/** Counters of a LAG made of those of its members, for exporters that send none of the LAG. Pure but for its own state. */
import type { CounterSample } from '../sflow/samples.ts'

/** ifStatus: bit 1 is ifOperStatus. */
const OPER_UP = 2
/** A member that was up and is not mentioned for so long, while each other one is for so many times, is gone. */
const GONE_MS = 60_000
const GONE_SAMPLES = 3
/** A datagram that others overtake has an uptime that is lower by less; after a restart it is lower by more. */
const OVERTAKEN_MS = 5_000

/** Of the LAG: a sample and the uptime of its datagram. */
export interface WholeSample {
  readonly sample: Readonly<CounterSample>
  readonly uptimeMs: number
  /** False where it counts other members than the last one, or from another start: no load lies between the two. */
  readonly continues: boolean
  /** True when a member has said that it is down: the LAG is slower, and no second sample need confirm it. */
  readonly isSurelySlower: boolean
}

interface Member {
  readonly sample: Readonly<CounterSample>
  readonly uptimeMs: number
  readonly heardMs: number
  /** Samples since the last sum. */
  readonly fresh: number
  /** What it was in the last sum that it was part of. */
  readonly summed: { readonly outOctets: number; readonly uptimeMs: number; readonly wasUp: boolean } | undefined
  readonly isGone: boolean
}

export class MemberCounters {
  readonly #ifIndex: number
  readonly #members: readonly number[]
  /** By ifIndex; those that were heard. */
  readonly #heard = new Map<number, Member>()
  /** The member whose intervals all are taken for. */
  #clock: number
  #continues = true
  /** Octets of the sums so far. */
  #outOctets = 0

  /** `members`: their ifIndexes; at least one. */
  constructor(ifIndex: number, members: readonly number[]) {
    this.#ifIndex = ifIndex
    this.#members = members
    this.#clock = members[0]!
  }

  /** Members without which the LAG is counted, as they are not mentioned any more though they were up. */
  get missing(): readonly number[] {
    return this.#members.filter((member) => this.#heard.get(member)?.isGone === true)
  }

  /**
   * Takes a sample of a member. Returns the sum when each has told something new since the last one; undefined
   * otherwise: a member that is silent makes the LAG silent, never emptier. Not waited for are those that have said
   * that they are down, and those that are gone while the others are heard: the sum is then that of the others, and so
   * is its speed. As a LAG spreads its load, that is as full as all of it, even if the one that is gone still works.
   * Members tell at different times, and where a datagram was lost over intervals of different lengths: what each has
   * sent per time counts for the interval of one of them. A sample that is not newer than the last one is left out.
   */
  add(sample: Readonly<CounterSample>, uptimeMs: number, nowMs: number): WholeSample | undefined {
    const before = this.#heard.get(sample.ifIndex)
    const stepMs = before === undefined ? 1 : (uptimeMs - before.uptimeMs) | 0
    if (stepMs <= 0 && stepMs > -OVERTAKEN_MS) return undefined
    if (stepMs < 0 || (before !== undefined && sample.outOctets < before.sample.outOctets)) this.#continues = false
    // What it has sent while nobody heard of it is nothing that was sent in one interval.
    if (before !== undefined && nowMs - before.heardMs >= GONE_MS && this.#isLeftOut(before)) this.#continues = false
    this.#heard.set(sample.ifIndex, {
      sample: { ...sample }, uptimeMs, heardMs: nowMs, fresh: (before?.fresh ?? 0) + 1, summed: before?.summed,
      isGone: false,
    })
    if (this.#heard.size < this.#members.length) return undefined
    const late = this.#all().filter((member) => member.fresh === 0 && !this.#isLeftOut(member))
    if (late.length > 0 && !this.#giveUp(late, nowMs)) return undefined
    // One that is gone may carry all that those carried which are down.
    const all = this.#all()
    if (all.some(({ isGone }) => isGone) && all.every((member) => this.#isLeftOut(member))) return undefined
    return this.#sum(sample.ifIndex)
  }

  #all(): Member[] {
    return this.#members.map((member) => this.#heard.get(member)!)
  }

  /** True for a member that need not be heard. */
  #isLeftOut({ isGone, sample }: Member): boolean {
    return isGone || !isUp(sample)
  }

  /** True when the late ones are gone. Without their ifSpeeds nobody knows how much smaller the LAG has become. */
  #giveUp(late: readonly Member[], nowMs: number): boolean {
    const others = this.#all().filter((member) => !late.includes(member) && !this.#isLeftOut(member))
    const isGone =
      others.length > 0 &&
      others.every(({ fresh, sample }) => fresh >= GONE_SAMPLES && sample.speedBps > 0) &&
      late.every(({ heardMs }) => nowMs - heardMs >= GONE_MS)
    if (!isGone) return false
    for (const member of late) this.#heard.set(member.sample.ifIndex, { ...member, isGone })
    this.#continues = false
    return true
  }

  /** `last`: the member that was heard last. */
  #sum(last: number): WholeSample {
    const counted = this.#all().filter(({ isGone }) => !isGone)
    const samples = counted.map((member) => member.sample)
    const up = samples.filter(isUp)
    const sum = (figure: keyof CounterSample, of = samples): number =>
      of.reduce((total, one) => total + one[figure], 0)
    const clock = up.some(({ ifIndex }) => ifIndex === this.#clock) ? this.#clock : (up[0]?.ifIndex ?? last)
    const { sample, uptimeMs, summed } = this.#heard.get(clock)!
    const spanMs = summed === undefined ? 0 : (uptimeMs - summed.uptimeMs) | 0
    for (const member of counted) this.#outOctets += Math.max(0, spanMs) * octetsPerMs(member)
    // Whoever counts the LAG sees by its uptime that the agent has restarted.
    const continues = spanMs < 0 || (this.#continues && clock === this.#clock)
    const isSurelySlower = counted.some((member) => member.summed?.wasUp === true && !isUp(member.sample))
    this.#clock = clock
    this.#continues = true
    for (const member of counted) {
      const { outOctets, ifIndex } = member.sample
      const summed = { outOctets, uptimeMs: member.uptimeMs, wasUp: isUp(member.sample) }
      this.#heard.set(ifIndex, { ...member, fresh: 0, summed })
    }
    return {
      uptimeMs,
      continues,
      isSurelySlower,
      sample: {
        ...sample,
        ifIndex: this.#ifIndex,
        speedBps: sum('speedBps', up),
        status: up.length > 0 ? sample.status | OPER_UP : sample.status & ~OPER_UP,
        // A member that does not count octets leaves those of the LAG unknown.
        outOctets: samples.some(({ outOctets }) => outOctets < 0) ? -1 : this.#outOctets,
        // Totals of 32 bits that wrap.
        inErrors: sum('inErrors') >>> 0,
        outErrors: sum('outErrors') >>> 0,
        inDiscards: sum('inDiscards') >>> 0,
        outDiscards: sum('outDiscards') >>> 0,
      },
    }
  }
}

/** Since the last sum; 0 where that is not known. */
function octetsPerMs({ sample: { outOctets }, uptimeMs, summed }: Member): number {
  const spanMs = summed === undefined ? 0 : (uptimeMs - summed.uptimeMs) | 0
  if (summed === undefined || spanMs <= 0 || summed.outOctets < 0) return 0
  return Math.max(0, outOctets - summed.outOctets) / spanMs
}

function isUp({ status }: Readonly<CounterSample>): boolean {
  return (status & OPER_UP) !== 0
}
