/** What one router has sent: its route table, and the paths that must not be in it. */
import { formatPrefix, type Family, type Prefix } from '../../model/prefix.ts'
import type { RpkiState } from '../../model/route.ts'
import { UNUSABLE_REASONS, type ReceivedChange, type UnusableReason } from '../wire/gobgp-api.ts'
import { hasCommunity, hasOriginator, routerIdWord, type PackedAttributes } from '../wire/packed-attributes.ts'
import { RouteTable } from './route-table.ts'

/** Totals since the start; they outlive a resync. */
export interface PathCounters {
  changes: number
  /** Paths of ours that the router has sent back. */
  echoes: number
  readonly unusable: Record<UnusableReason, number>
}

export function createPathCounters(): PathCounters {
  const unusable = Object.fromEntries(UNUSABLE_REASONS.map((reason) => [reason, 0]))
  return { changes: 0, echoes: 0, unusable: unusable as Record<UnusableReason, number> }
}

/** What tells our own routes when they come back from a router. */
export interface OwnMarks {
  /** Community, 32 bits. */
  readonly marker: number
  /** Router id of GoBGP, which a route reflector puts into ORIGINATOR_ID (RFC 4456, section 8). */
  readonly routerId: string
}

export class RouterRoutes {
  readonly table = new RouteTable()
  readonly #marker: number
  readonly #routerId: number | undefined
  readonly #hasRpki: boolean
  readonly #counters: PathCounters
  /** Names of the paths that GoBGP has and the table has not. */
  readonly #ignored: Readonly<Record<Family, Set<string>>> = { 4: new Set(), 6: new Set() }
  #unnamed = 0

  /** `hasRpki`: what lists say of the RPKI means something. */
  constructor({ marker, routerId }: OwnMarks, counters: PathCounters, hasRpki = false) {
    this.#marker = marker
    this.#routerId = routerIdWord(routerId)
    this.#hasRpki = hasRpki
    this.#counters = counters
  }

  apply(change: ReceivedChange): void {
    this.#counters.changes++
    switch (change.kind) {
      case 'announced':
        if (this.#isEcho(change.attributes)) {
          this.#counters.echoes++
          this.#ignore(change.prefix, change.pathId)
        } else {
          this.#notice(change.prefix, change.pathId)
          this.table.announce(change.prefix, change.pathId, change.attributes, this.#rpkiOf(change))
        }
        break
      case 'withdrawn':
        this.#notice(change.prefix, change.pathId)
        this.table.withdraw(change.prefix, change.pathId)
        break
      case 'unusable':
        this.#counters.unusable[change.reason]++
        if (change.prefix === undefined) this.#unnamed++
        else this.#ignore(change.prefix, change.pathId)
        break
    }
  }

  /** True when applying what GoBGP lists would change nothing. */
  isAsListed(change: ReceivedChange): boolean {
    switch (change.kind) {
      case 'announced': {
        const { prefix, pathId, attributes } = change
        return this.#isEcho(attributes)
          ? this.#ignores(prefix, pathId)
          : this.table.holds(prefix, pathId, attributes, this.#rpkiOf(change))
      }
      case 'withdrawn':
        return true
      case 'unusable':
        return change.prefix === undefined || this.#ignores(change.prefix, change.pathId)
    }
  }

  /** Number of changes that this router, or another with the same counters, has told. */
  get changes(): number {
    return this.#counters.changes
  }

  /** The session went: so did all that came over it. */
  drop(): void {
    this.table.clear()
    this.#ignored[4].clear()
    this.#ignored[6].clear()
    this.#unnamed = 0
  }

  /** Paths that GoBGP should have of this router; undefined when some could not be told from each other. */
  received(family: Family): number | undefined {
    return this.#unnamed > 0 ? undefined : this.table.counts(family).paths + this.#ignored[family].size
  }

  /** The path is one of ours that came back: neither route nor exit. */
  #isEcho(attributes: PackedAttributes): boolean {
    if (hasCommunity(attributes, this.#marker)) return true
    return this.#routerId !== undefined && hasOriginator(attributes, this.#routerId)
  }

  /** The path is no use, and neither is what it replaces. */
  #ignore(prefix: Prefix, pathId: number): void {
    this.table.withdraw(prefix, pathId)
    this.#ignored[prefix.family].add(nameOf(prefix, pathId))
  }

  #ignores(prefix: Prefix, pathId: number): boolean {
    return this.#ignored[prefix.family].has(nameOf(prefix, pathId))
  }

  #rpkiOf({ rpki }: Extract<ReceivedChange, { kind: 'announced' }>): RpkiState {
    return this.#hasRpki ? rpki : 'unknown'
  }

  #notice(prefix: Prefix, pathId: number): void {
    const ignored = this.#ignored[prefix.family]
    if (ignored.size > 0) ignored.delete(nameOf(prefix, pathId))
  }
}

function nameOf(prefix: Prefix, pathId: number): string {
  return `${formatPrefix(prefix)} ${pathId}`
}
