/** Guard 4: which prefixes may be steered at all. Pure. */
import { outermost, overlapping } from '../../model/overlapping.ts'
import {
  addressBits,
  compareAddresses,
  contains,
  formatAddress,
  formatPrefix,
  overlaps,
  type Address,
  type Family,
  type Prefix,
} from '../../model/prefix.ts'
import type { Router } from '../../model/topology.ts'

export interface PrefixPolicy {
  readonly minPrefixLength: Readonly<Record<Family, number>>
  readonly deny: readonly Prefix[]
  readonly ownPrefixes: readonly Prefix[]
  readonly bogons: readonly Prefix[]
  readonly ixLans: readonly Prefix[]
}

/** Says of a prefix why it must not be overridden on this router. */
export class PrefixGuard {
  readonly #router: Router
  readonly #policy: PrefixPolicy
  readonly #closed: readonly { readonly prefix: Prefix; readonly why: string }[]
  readonly #closedPrefixes: readonly Prefix[]
  /** Sorted: a full table has many paths, and an exchange point a thousand next hops. */
  readonly #reachedBy: readonly Address[]

  /**
   * `nextHops`: of all received paths; an override that held one could cut off what it points to. `ledHere`:
   * what overrides of other routers lead to this one, to leave by where it sends it without one.
   */
  constructor(
    router: Router, policy: PrefixPolicy, nextHops: Iterable<Address>, ledHere: readonly Prefix[] = [],
  ) {
    this.#router = router
    this.#policy = policy
    const subnets = router.interfaces.flatMap((i) => i.addresses.map(({ subnet }) => subnet))
    this.#closed = [
      ...policy.deny.map((prefix) => ({ prefix, why: 'is on the deny list' })),
      ...policy.ownPrefixes.map((prefix) => ({ prefix, why: 'is our own' })),
      ...policy.bogons.map((prefix) => ({ prefix, why: 'is a bogon' })),
      ...ledHere.map((prefix) => ({ prefix, why: 'another router leads here' })),
      ...[...policy.ixLans, ...subnets].map((prefix) => ({ prefix, why: 'is a peering LAN or link' })),
    ]
    this.#closedPrefixes = outermost(this.#closed.map(({ prefix }) => prefix))
    this.#reachedBy = [router.address, ...router.sflowAgents, ...new Set(nextHops)].sort(compareAddresses)
  }

  /** Why an override of this prefix is refused; undefined when it is allowed. */
  refusal(prefix: Prefix): string | undefined {
    const shortest = Math.max(1, this.#policy.minPrefixLength[prefix.family])
    const longest = Math.min(addressBits(prefix.family), this.#router.maxPrefixLength[prefix.family])
    if (prefix.length < shortest) return `is shorter than /${shortest}`
    if (prefix.length > longest) return `is longer than /${longest}`
    if (overlapping(this.#closedPrefixes, prefix).length > 0) {
      const closed = this.#closed.find((c) => overlaps(c.prefix, prefix))!
      return `shares addresses with ${formatPrefix(closed.prefix)}, which ${closed.why}`
    }
    const reached = this.#firstAtOrAfter(prefix)
    if (reached === undefined || !contains(prefix, reached)) return undefined
    return `holds the next hop or router address ${formatAddress(reached)}`
  }

  #firstAtOrAfter(prefix: Prefix): Address | undefined {
    let low = 0
    let high = this.#reachedBy.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (compareAddresses(this.#reachedBy[middle]!, prefix) >= 0) high = middle
      else low = middle + 1
    }
    return this.#reachedBy[low]
  }
}
