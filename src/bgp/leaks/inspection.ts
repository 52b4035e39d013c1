/**
 * Looks at one gobgpd again and again: at its settings before every cycle, and beside that at what it sends.
 */
import { messageOf } from '../../model/error-message.ts'
import { isBug } from '../wire/retry.ts'
import { formatFinding, type LeakFinding } from './finding.ts'
import type { InspectionOptions } from './inspection-options.ts'
import { judgeSetup } from './judge-setup.ts'
import { SentWatch } from './sent-watch.ts'

/** What was found; `failed` when the settings could not be read. */
export type Look =
  | { readonly kind: 'read'; readonly findings: readonly LeakFinding[] }
  | { readonly kind: 'failed'; readonly why: string }

/** So long a look at the settings holds; one takes GoBGP some 5 ms (measured). */
const FRESH_MS = 2_000

export class Inspection {
  readonly #options: InspectionOptions
  readonly #sent: SentWatch
  #settings:
    | { readonly atMs: number; readonly connections: number; readonly findings: readonly LeakFinding[] }
    | undefined
  #looking: Promise<Look> | undefined
  #told = ''

  constructor(options: InspectionOptions) {
    this.#options = options
    this.#sent = new SentWatch(options)
  }

  /** As of the last looks. */
  findings(): readonly LeakFinding[] {
    return [...(this.#settings?.findings ?? []), ...this.#sent.findings]
  }

  /** Overrides that GoBGP holds and does not send to the router, and why. */
  unsent(router: string): ReadonlyMap<string, string> {
    return new Map(
      this.#sent.unsent.filter((one) => one.router === router).map(({ prefix, why }) => [prefix, why]),
    )
  }

  /** What is wrong now: read anew unless the last reading is of this connection and at most 2 s old. */
  async look(): Promise<Look> {
    const { clock } = this.#options
    const known = this.#settings
    const isFresh = known?.connections === this.#connections() && clock() - known.atMs <= FRESH_MS
    if (!isFresh) {
      this.#looking ??= this.#read().finally(() => (this.#looking = undefined))
      const look = await this.#looking
      if (look.kind === 'failed') return look
    }
    this.#tell()
    return { kind: 'read', findings: this.findings() }
  }

  async #read(): Promise<Look> {
    const { bgp, target, routers, marker, clock } = this.#options
    const connections = this.#connections()
    try {
      const setup = await bgp.setup(target)
      const findings = judgeSetup(setup, routers, marker)
      this.#settings = { atMs: clock(), connections, findings }
      // Beside the cycles, as it takes longer; for nothing where the answer is known.
      if (!findings.some(({ kind }) => kind === 'leak')) void this.#sent.look(setup)
      return { kind: 'read', findings }
    } catch (error) {
      if (isBug(error)) throw error
      this.#settings = undefined
      return { kind: 'failed', why: messageOf(error) }
    }
  }

  /** Once for each change. */
  #tell(): void {
    const { target, logger } = this.#options
    const words = this.findings().map((finding) => `${finding.kind}: ${formatFinding(finding)}`)
    // GoBGP lists its neighbors in no order.
    const told = words.toSorted().join('\n')
    if (told === this.#told) return
    this.#told = told
    if (words.length === 0) logger.info({ target }, "gobgpd's neighbors and policies are sound now")
    else logger.warn({ target, findings: words }, "gobgpd's neighbors and policies are not sound")
  }

  #connections(): number {
    const { bgp, target } = this.#options
    return bgp.status().find((status) => status.target === target)?.connections ?? 0
  }
}
