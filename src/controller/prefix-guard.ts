/** Guard 4: which prefixes may be steered at all. Pure. */
import {
  addressBits,
  contains,
  formatAddress,
  formatPrefix,
  overlaps,
  type Address,
  type Family,
  type Prefix,
} from '../model/prefix.ts'
import type { Router } from '../model/topology.ts'

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
  readonly #reachedBy: readonly Address[]

  /** `nextHops`: of all received paths; an override that held one could cut off what it points to. */
  constructor(router: Router, policy: PrefixPolicy, nextHops: Iterable<Address>) {
    this.#router = router
    this.#policy = policy
    const subnets = router.interfaces.flatMap((i) => i.addresses.map(({ subnet }) => subnet))
    this.#closed = [
      ...policy.deny.map((prefix) => ({ prefix, why: 'is on the deny list' })),
      ...policy.ownPrefixes.map((prefix) => ({ prefix, why: 'is our own' })),
      ...policy.bogons.map((prefix) => ({ prefix, why: 'is a bogon' })),
      ...[...policy.ixLans, ...subnets].map((prefix) => ({ prefix, why: 'is a peering LAN or link' })),
    ]
    this.#reachedBy = [router.address, ...router.sflowAgents, ...nextHops]
  }

  /** Why an override of this prefix is refused; undefined when it is allowed. */
  refusal(prefix: Prefix): string | undefined {
    const shortest = Math.max(1, this.#policy.minPrefixLength[prefix.family])
    const longest = Math.min(addressBits(prefix.family), this.#router.maxPrefixLength[prefix.family])
    if (prefix.length < shortest) return `is shorter than /${shortest}`
    if (prefix.length > longest) return `is longer than /${longest}`
    const closed = this.#closed.find((c) => overlaps(c.prefix, prefix))
    if (closed !== undefined) return `shares addresses with ${formatPrefix(closed.prefix)}, which ${closed.why}`
    const reached = this.#reachedBy.find((address) => contains(prefix, address))
    return reached === undefined ? undefined : `holds the next hop or router address ${formatAddress(reached)}`
  }
}
