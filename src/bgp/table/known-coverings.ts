/** The routes around a router's prefixes: every plan asks for the same ones again, by the same objects. */
import type { Family, Prefix } from '../../model/prefix.ts'
import type { Route } from '../../model/route.ts'

/** Prefixes are told apart by 16 of their bits as to what changes: the first of IPv4, the next of IPv6. */
const PLACES = 2 ** 16

interface Known {
  /** How often something had changed in the prefix's place. */
  readonly changes: number
  readonly routes: readonly Route[]
}

/**
 * Keeps what `RouteTable.covering` found, by the object that names the prefix, until a path changes of any prefix that
 * may hold it. To find it anew costs a walk through a table that no cache of a processor holds.
 */
export class KnownCoverings {
  #known = new WeakMap<Prefix, Known>()
  readonly #changes: Readonly<Record<Family, Uint32Array>> = { 4: new Uint32Array(PLACES), 6: new Uint32Array(PLACES) }

  get(prefix: Prefix): readonly Route[] | undefined {
    const known = this.#known.get(prefix)
    return known?.changes === this.#changesIn(prefix) ? known.routes : undefined
  }

  set(prefix: Prefix, routes: readonly Route[]): void {
    this.#known.set(prefix, { changes: this.#changesIn(prefix), routes })
  }

  /** A path of the prefix has come, gone or changed: what lies in it is not known any more. */
  forget(prefix: Prefix): void {
    const bits = prefix.family === 4 ? prefix.length : prefix.length - 16
    const first = bits <= 0 ? 0 : placeOf(prefix)
    const changes = this.#changes[prefix.family]
    for (let place = first + 2 ** Math.max(0, 16 - Math.max(0, bits)) - 1; place >= first; place--) changes[place]!++
  }

  clear(): void {
    this.#known = new WeakMap()
  }

  /** What holds the prefix holds its first address, too. */
  #changesIn(prefix: Prefix): number {
    return this.#changes[prefix.family][placeOf(prefix)]!
  }
}

function placeOf({ family, w0 }: Prefix): number {
  return family === 4 ? w0 >>> 16 : w0 & 0xffff
}
