/** Equal attributes are kept once: a full table has far fewer sets of attributes than paths. */
import { formatAddress, type Address } from '../model/prefix.ts'
import type { PathAttributes } from '../model/route.ts'

/** A set of attributes in the pool, and how many paths use it. */
export interface SharedAttributes {
  readonly key: string
  readonly attributes: PathAttributes
  uses: number
}

/** Counts its users, so that it holds no more than the paths that are there. */
export class AttributePool {
  readonly #byKey = new Map<string, SharedAttributes>()
  readonly #nextHops = new Map<string, { readonly address: Address; sets: number }>()

  /** Number of different sets. */
  get size(): number {
    return this.#byKey.size
  }

  /** The pool's copy of these attributes; to be given back by `release`. */
  take(attributes: PathAttributes): SharedAttributes {
    const key = keyOf(attributes)
    let shared = this.#byKey.get(key)
    if (shared === undefined) {
      shared = { key, attributes, uses: 0 }
      this.#byKey.set(key, shared)
      const text = formatAddress(attributes.nextHop)
      const nextHop = this.#nextHops.get(text)
      if (nextHop === undefined) this.#nextHops.set(text, { address: attributes.nextHop, sets: 1 })
      else nextHop.sets++
    }
    shared.uses++
    return shared
  }

  release(shared: SharedAttributes): void {
    if (--shared.uses > 0) return
    this.#byKey.delete(shared.key)
    const text = formatAddress(shared.attributes.nextHop)
    const nextHop = this.#nextHops.get(text)!
    if (--nextHop.sets === 0) this.#nextHops.delete(text)
  }

  /** Next hops of all sets, each once. */
  *nextHops(): Generator<Address> {
    for (const { address } of this.#nextHops.values()) yield address
  }

  clear(): void {
    this.#byKey.clear()
    this.#nextHops.clear()
  }
}

/** Equal for equal attributes and for no others. */
function keyOf(a: PathAttributes): string {
  const { family, w0, w1, w2, w3 } = a.nextHop
  let key = `${family}:${w0}:${w1}:${w2}:${w3} `
  key += `${a.origin} ${a.med ?? ''} ${a.localPref ?? ''} ${a.originatorId ?? ''}`
  for (const { kind, asns } of a.asPath) key += ` ${kind} ${asns.join(',')}`
  key += ` c${a.communities.join(',')}`
  for (const { globalAdmin, data1, data2 } of a.largeCommunities) key += ` l${globalAdmin}:${data1}:${data2}`
  return key
}
