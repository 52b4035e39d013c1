/** Keeps the lease of one gobgpd, and watches for its watchdog. */
import type { Permission } from '../controller/ports.ts'
import type { Clock } from '../model/clock.ts'
import { messageOf } from '../model/error-message.ts'
import type { Lease, LeaseState } from '../model/lease.ts'
import { beatsEnded, beatsRead, beatsUnread, NO_BEATS, SILENCE_MS, type Beats } from './beats.ts'
import { judgeLease, leaseNotSeen, NO_LEASE, type LeaseMemory, type LeaseSelf } from './judge-lease.ts'
import type { NoteStore } from './ports.ts'

/**
 * Share of the duration that may pass between reading and writing: a write that comes later may hit
 * another's.
 */
const LONGEST_WRITE = 0.25
/** Share of the duration: who has not renewed for so long adds nothing. */
const ADDS_FOR = 0.5

/** For a service that takes over with another configuration. */
export interface LeaseHandover {
  readonly memory: LeaseMemory
  readonly renewedMs: number
  readonly beats: Beats
}

export interface LeaseStatus {
  readonly target: string
  /** Undefined when there is none, or none could be read. */
  readonly lease: (Lease & { readonly isOurs: boolean; readonly unchangedMs: number }) | undefined
  /** What stands in the way: another's lease, or that none can be had. */
  readonly rivalOwner: string | undefined
  readonly unreadable: string | undefined
  readonly watchdog: { readonly seen: boolean; readonly silentMs: number }
}

export interface LeaseKeeperOptions {
  /** Name of the gobgpd. */
  readonly target: string
  readonly notes: NoteStore
  readonly self: LeaseSelf
  readonly clock: Clock
}

export class LeaseKeeper {
  readonly #options: LeaseKeeperOptions
  #memory: LeaseMemory
  #beats: Beats
  /** When the renewal that was written last was begun: nobody can have begun to count earlier. */
  #renewedMs: number
  #unreadable: string | undefined

  constructor(options: LeaseKeeperOptions, before?: LeaseHandover) {
    this.#options = options
    this.#memory = before?.memory ?? NO_LEASE
    this.#beats = before?.beats ?? NO_BEATS
    this.#renewedMs = before?.renewedMs ?? -Infinity
  }

  /** Reads the notes, and writes what they ask for. Never rejects. */
  async look(mayAct: boolean): Promise<Permission> {
    const { target, notes, self, clock } = this.#options
    const begunMs = clock()
    try {
      const { lease, heartbeat } = await notes.read()
      this.#unreadable = undefined
      this.#beats = beatsRead(this.#beats, heartbeat, clock())
      const { memory, step } = judgeLease(this.#memory, { lease, nowMs: clock(), mayAct }, self)
      this.#memory = memory
      switch (step.kind) {
        case 'rest':
          return { kind: 'granted' }
        case 'stand_by': {
          const { owner, incarnation } = step.rival
          const who =
            owner === self.owner ? `another process of this Spillway (${incarnation})` : `Spillway ${owner}`
          return { kind: 'stand_by', why: `${who} holds the lease of gobgpd at ${target}` }
        }
        case 'release':
          await notes.writeLease(step.write)
          return { kind: 'granted' }
        case 'claim':
          if (this.#isLate(begunMs)) break
          await notes.writeLease(step.write)
          // Nobody holds it, so what must go may go at once.
          return {
            kind: 'no_additions',
            why: `the lease of gobgpd at ${target} is claimed, and not confirmed yet`,
          }
        case 'renew': {
          if (this.#isLate(begunMs)) break
          const writtenMs = clock()
          await notes.writeLease(step.write)
          this.#renewedMs = writtenMs
          return { kind: 'granted' }
        }
      }
      return this.#unrenewed(`reading the lease of gobgpd at ${target} took too long to renew it`)
    } catch (error) {
      this.#unreadable = messageOf(error)
      this.#memory = leaseNotSeen(this.#memory, clock())
      this.#beats = beatsUnread(this.#beats)
      return mayAct
        ? this.#unrenewed(`the lease of gobgpd at ${target} cannot be renewed: ${this.#unreadable}`)
        : { kind: 'granted' }
    }
  }

  /** Renewed so lately that nobody can have called it lapsed before what is sent now is there. */
  mayAdd(): boolean {
    const { clock, self } = this.#options
    return clock() - this.#renewedMs < ADDS_FOR * self.durationMs
  }

  get target(): string {
    return this.#options.target
  }
  get beats(): Beats {
    return this.#beats
  }
  watchdogEnded(): void {
    this.#beats = beatsEnded(this.#beats)
  }

  status(): LeaseStatus {
    const { target, self } = this.#options
    const { watch, rival } = this.#memory
    const { lease, unchangedMs } = watch
    const isOurs = lease?.owner === self.owner && lease.incarnation === self.incarnation
    const { silentMs } = this.#beats
    return {
      target,
      lease: lease && { ...lease, isOurs, unchangedMs },
      rivalOwner: rival?.owner,
      unreadable: this.#unreadable,
      watchdog: { seen: silentMs < SILENCE_MS, silentMs },
    }
  }

  /** Whoever comes next may have the lease at once. Overrides stay until it lapses. */
  async release(): Promise<void> {
    const { notes, self } = this.#options
    if (!this.#memory.held) return
    const { lease } = await notes.read()
    if (lease?.owner !== self.owner || lease.incarnation !== self.incarnation || lease.state !== 'held') {
      return
    }
    const state: LeaseState = 'released'
    await notes.writeLease({ ...lease, sequence: (lease.sequence + 1) >>> 0, state })
    this.#memory = { ...this.#memory, held: false }
  }

  handover(): LeaseHandover {
    return { memory: this.#memory, renewedMs: this.#renewedMs, beats: this.#beats }
  }

  #isLate(begunMs: number): boolean {
    const { clock, self } = this.#options
    return clock() - begunMs > LONGEST_WRITE * self.durationMs
  }

  /** Under what was ours when gobgpd last answered, what cannot stay may go. */
  #unrenewed(why: string): Permission {
    return { kind: this.#memory.held ? 'no_additions' : 'stand_by', why }
  }
}
