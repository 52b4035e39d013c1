/** Reads back what a gobgpd sends its routers, every few seconds. */
import { formatAddress, formatPrefix, type Family } from '../../model/prefix.ts'
import { routerNumber } from '../../model/router-number.ts'
import type { Peer } from '../wire/gobgp-api.ts'
import { isBug } from '../wire/retry.ts'
import { formatFinding, type LeakFinding } from './finding.ts'
import type { InspectionOptions } from './inspection-options.ts'
import { ADD_PATH_SEND, judgeUnowned } from './judge-sharing.ts'
import { judgeSent } from './judge-sent.ts'
import type { Policies } from './policies.ts'
import type { GobgpSetup } from './setup.ts'

/** An override that GoBGP holds and does not send, and why, as far as it can be told. */
export interface Unsent {
  readonly router: string
  readonly prefix: string
  readonly why: string
}

/** One look at a thousand overrides takes GoBGP 100 to 200 ms (measured). */
const INTERVAL_MS = 5_000
/** After something was found for the first time. */
const AGAIN_MS = 1_000
/** Looking may take this share of the time. */
const SHARE = 0.05
/**
 * When the overrides that leaked are gone, nothing shows the leak: unless policies change it bars for so
 * long.
 */
const BARS_MS = 300_000

interface Seen {
  readonly findings: readonly LeakFinding[]
  readonly unsent: readonly Unsent[]
}

const NOTHING: Seen = { findings: [], unsent: [] }

export class SentWatch {
  readonly #options: InspectionOptions
  /** Of the last look; what the one before showed, too, is believed: routes change between two listings. */
  #seen: Seen = NOTHING
  #believed: Seen = NOTHING
  #bar:
    | { readonly findings: readonly LeakFinding[]; readonly policies: string; readonly untilMs: number }
    | undefined
  #looking = false
  #dueMs = -Infinity

  constructor(options: InspectionOptions) {
    this.#options = options
  }

  get findings(): readonly LeakFinding[] {
    const barred = this.#bar?.findings ?? []
    return [...barred, ...without(this.#believed.findings, barred)]
  }

  get unsent(): readonly Unsent[] {
    return this.#believed.unsent
  }

  /** Looks when it is time; `setup` is of now. */
  async look(setup: GobgpSetup): Promise<void> {
    const { clock } = this.#options
    const startedMs = clock()
    if (this.#looking || startedMs < this.#dueMs) return
    this.#looking = true
    try {
      const seen = await this.#read(setup.neighbors)
      this.#believed = inBoth(this.#seen, seen)
      this.#seen = seen
      this.#renewBar(nameOf(setup.policies))
    } catch (error) {
      if (isBug(error)) throw error
      // The session or the connection went: what that means is not for this look to say.
    } finally {
      const again = isEqual(this.#seen, this.#believed) ? INTERVAL_MS : AGAIN_MS
      this.#dueMs = clock() + Math.max(again, (clock() - startedMs) / SHARE)
      this.#looking = false
    }
  }

  #renewBar(policies: string): void {
    const nowMs = this.#options.clock()
    if (this.#bar !== undefined && (this.#bar.policies !== policies || nowMs >= this.#bar.untilMs)) {
      this.#bar = undefined
    }
    const leaks = this.#believed.findings.filter(({ kind }) => kind === 'leak')
    if (leaks.length > 0) this.#bar = { findings: leaks, policies, untilMs: nowMs + BARS_MS }
  }

  async #read(neighbors: readonly Peer[]): Promise<Seen> {
    const { bgp, target, routers, marker } = this.#options
    const findings: LeakFinding[] = []
    const unsent: Unsent[] = []
    let unowned: readonly LeakFinding[] = []
    for (const { name: router, address } of routers) {
      const peer = neighbors.find((neighbor) => neighbor.address === formatAddress(address))
      if (peer?.established !== true) continue
      const own = routers.length > 1 ? routerNumber(address) : undefined
      const routes = await bgp.sentTo(target, peer.address)
      const judged = judgeSent(peer.address, routes, marker, own)
      findings.push(...judged.findings)
      if (own !== undefined) unowned = judgeUnowned(routes.local, routers, marker)
      for (const prefix of judged.unsent) {
        const why = whyUnsent(peer, prefix.family, own !== undefined)
        unsent.push({ router, prefix: formatPrefix(prefix), why })
      }
    }
    return { findings: [...findings, ...unowned], unsent }
  }
}

function inBoth(before: Seen, now: Seen): Seen {
  const told = new Set(before.findings.map(formatFinding))
  const missing = new Set(before.unsent.map(keyOf))
  return {
    findings: now.findings.filter((finding) => told.has(formatFinding(finding))),
    unsent: now.unsent.filter((override) => missing.has(keyOf(override))),
  }
}

function isEqual(seen: Seen, believed: Seen): boolean {
  return seen.findings.length === believed.findings.length && seen.unsent.length === believed.unsent.length
}

function without(findings: readonly LeakFinding[], others: readonly LeakFinding[]): readonly LeakFinding[] {
  const told = new Set(others.map(formatFinding))
  return findings.filter((finding) => !told.has(formatFinding(finding)))
}

function keyOf({ router, prefix }: Unsent): string {
  return `${router} ${prefix}`
}

/** The same for the same policies. */
function nameOf({ importing, exporting, communitySets, largeCommunitySets, neighborSets }: Policies): string {
  const sets = [communitySets, largeCommunitySets, neighborSets].map((some) =>
    [...some].toSorted(([a], [b]) => (a < b ? -1 : 1)),
  )
  return JSON.stringify([importing, exporting, sets])
}

function whyUnsent({ address, ours, theirs }: Peer, family: Family, shared: boolean): string {
  const name = `ipv${family}-unicast`
  if (!ours.families.includes(family)) {
    return `its neighbor ${address} has no [[neighbors.afi-safis]] with afi-safi-name = "${name}"`
  }
  if (!theirs.families.includes(family)) {
    return `the router has not activated ${name} on its session with gobgpd`
  }
  if (shared && !(ours.addPathSend.includes(family) && theirs.addPathReceive.includes(family))) {
    return `its session carries one path of a prefix only, and that one is another router's (${ADD_PATH_SEND})`
  }
  return 'an export policy of gobgpd holds it back, or a learned route is better: see gobgp global policy'
}
