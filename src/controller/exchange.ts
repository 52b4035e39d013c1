/**
 * What passes between the steering of a router and its GoBGP. Whoever asks or sends waits a moment and no
 * longer: what GoBGP has not answered by then goes on beside, and until it has, it is asked and sent nothing
 * else.
 */
import type { InstalledOverride, Override, OverrideKey } from '../model/override.ts'
import { formatPrefix, type Prefix } from '../model/prefix.ts'
import type { Router } from '../model/topology.ts'
import { lostWithin, noteLost, type Lost } from './lost.ts'
import { strictest } from './permission.ts'
import type { Gate, OverrideStore, Permission, SessionOpener } from './ports.ts'
import type { Changes } from './reconcile.ts'
import { sendChanges, type ChangeListener, type Failure } from './send-changes.ts'
import { Underway } from './underway.ts'

/** So long GoBGP is waited for, and then for its answers to changes: all routers wait meanwhile. */
const ANSWER_WAIT_MS = 1000
const CHANGES_WAIT_MS = 2000
/** One that last answered so long ago does not answer. */
const ANSWER_EXPECTED_MS = 1500

export interface ExchangeParts {
  readonly overrides: OverrideStore
  readonly sessions: SessionOpener
  /** All of them must agree before a route is changed. */
  readonly gates: readonly Gate[]
}

/** Nothing may be done before the gates have spoken. */
const UNASKED: Permission = { kind: 'no_additions', why: 'GoBGP has not answered yet' }

interface Answer {
  readonly permission: Permission
  readonly installed: readonly InstalledOverride[] | undefined
}

/** What GoBGP has told, for an exchange that takes over. */
export interface ExchangeHandover {
  readonly installed: ReadonlySet<string>
  readonly listedMs: number
  readonly lost: Lost
}

export class Exchange {
  readonly #router: Router
  readonly #parts: ExchangeParts
  readonly #asking = new Underway<Answer>()
  readonly #sending = new Underway<true>()
  #permission = UNASKED
  /** When GoBGP last answered, while it does, and when it last told what it holds. */
  #answeredMs = -Infinity
  #listedMs: number
  /** Prefixes of what it held then, with the changes that it took since. */
  #installed: Set<string>
  #lost: Lost
  /** Changes that it has not answered yet, and those that it refused since they were last told. */
  readonly #unanswered = new Map<OverrideKey, Failure>()
  #refused: Failure[] = []

  constructor(router: Router, parts: ExchangeParts, before?: ExchangeHandover) {
    this.#router = router
    this.#parts = parts
    this.#listedMs = before?.listedMs ?? -Infinity
    this.#installed = new Set(before?.installed)
    this.#lost = before?.lost ?? new Map()
  }

  handover(): ExchangeHandover {
    return { installed: this.#installed, listedMs: this.#listedMs, lost: this.#lost }
  }

  /** What the gates said last. */
  get permission(): Permission {
    return this.#permission
  }

  /** Prefixes of overrides that GoBGP holds. */
  get installed(): ReadonlySet<string> {
    return this.#installed
  }

  /** GoBGP has answered of late. */
  answers(nowMs: number): boolean {
    return nowMs - this.#answeredMs < ANSWER_EXPECTED_MS
  }

  /** Prefixes of overrides that GoBGP has lost, and held not longer than so long ago. */
  lostWithin(nowMs: number, mostMs: number): ReadonlySet<string> {
    return lostWithin(this.#lost, nowMs, mostMs)
  }

  /** What GoBGP holds, in a second at most; undefined when it has not told. The gates are asked before. */
  async ask(nowMs: number, mayAct: boolean): Promise<readonly InstalledOverride[] | undefined> {
    if (this.#sending.busy && (await this.#sending.take(0)) === undefined) return undefined
    const answer = await this.#takeAnswer(mayAct)
    if (answer === undefined) return undefined
    const { permission, installed } = answer
    this.#permission = permission
    this.#answeredMs = installed === undefined ? -Infinity : nowMs
    if (installed === undefined) return undefined
    const prefixes = new Set(installed.map(({ prefix }) => formatPrefix(prefix)))
    this.#lost = noteLost(this.#lost, this.#installed, prefixes, this.#listedMs)
    this.#installed = prefixes
    this.#listedMs = nowMs
    return installed
  }

  async #takeAnswer(mayAct: boolean): Promise<Answer | undefined> {
    if (this.#asking.busy) return this.#asking.take(0)
    const { overrides, gates } = this.#parts
    const { name } = this.#router
    this.#asking.begin(async () => {
      // What GoBGP holds is read after the gates have spoken: they tell of whom it is.
      const permission = strictest(
        await Promise.all(gates.map(async (gate) => gate.permission(name, mayAct))),
      )
      return { permission, installed: await overrides.list(name).catch(() => undefined) }
    })
    return this.#asking.take(ANSWER_WAIT_MS)
  }

  /**
   * Sends changes, then opens the session when it is to be. Resolves when GoBGP has answered, in two seconds
   * at most, with all that it refused since the last time and all that it has not answered; never rejects.
   * The listener is told of each change as it is answered, whenever that is.
   */
  async send(changes: Changes, opens: boolean, listener: ChangeListener): Promise<readonly Failure[]> {
    if (changes.add.length + changes.withdraw.length > 0 || opens) {
      this.#sending.begin(async () => {
        await this.#sendChanges(changes, listener)
        // When it fails it is tried again in the next cycle.
        if (opens) await this.#parts.sessions.open(this.#router.name).catch(() => {})
        return true
      })
      await this.#sending.take(CHANGES_WAIT_MS)
    }
    const failures = [...this.#refused, ...this.#unanswered.values()]
    this.#refused = []
    return failures
  }

  async #sendChanges(changes: Changes, listener: ChangeListener): Promise<void> {
    const error = 'GoBGP has not answered yet'
    for (const key of changes.withdraw) this.#unanswered.set(key, { key, action: 'withdraw', error })
    for (const key of changes.add) this.#unanswered.set(key, { key, action: 'add', error })
    await sendChanges(changes, this.#router, this.#parts.overrides, {
      withdrawn: (key) => {
        this.#unanswered.delete(key)
        this.noteWithdrawn(key.prefix)
        listener.withdrawn(key)
      },
      added: (override: Override) => {
        this.#unanswered.delete(override)
        this.#installed.add(formatPrefix(override.prefix))
        listener.added(override)
      },
      refused: (failure) => {
        this.#unanswered.delete(failure.key)
        this.#refused.push(failure)
        listener.refused(failure)
      },
    })
  }

  /** Whoever withdrew it: GoBGP has not lost it. */
  noteWithdrawn(prefix: Prefix): void {
    this.#installed.delete(formatPrefix(prefix))
  }
}
