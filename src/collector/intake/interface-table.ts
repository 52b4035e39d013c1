/** Numbers of the interfaces of all routers, by their ifIndex. */
import { mixHash } from './hash.ts'

/** Per slot: router + 1 (0: free), ifIndex, number. */
const SLOT_WORDS = 3

export interface IndexedInterface {
  readonly ifIndex: number
  readonly members?: readonly number[] | undefined
}

/** What sends counters: every interface, and every member of a LAG as one of its own. Numbered like interfaces. */
export function portsOf(interfaces: readonly IndexedInterface[]): readonly IndexedInterface[] {
  return interfaces.flatMap(({ ifIndex, members = [] }) => [ifIndex, ...members].map((one) => ({ ifIndex: one })))
}

/** Interfaces are numbered from 0, those of the first router first. Asking it allocates nothing. */
export class InterfaceTable {
  readonly #mask: number
  readonly #words: Uint32Array

  /** A member of a LAG is found as the LAG, too. */
  constructor(routers: readonly { readonly interfaces: readonly IndexedInterface[] }[]) {
    const all = routers
      .flatMap(({ interfaces }, router) => interfaces.map(({ ifIndex, members }) => ({ router, ifIndex, members })))
      .flatMap(({ router, ifIndex, members = [] }, number) =>
        [ifIndex, ...members].map((index) => ({ router, ifIndex: index, number })))
    const slots = 2 ** Math.ceil(Math.log2(all.length * 4 + 1))
    this.#mask = slots - 1
    this.#words = new Uint32Array(slots * SLOT_WORDS)
    for (const { router, ifIndex, number } of all) {
      this.#words.set([router + 1, ifIndex, number], this.#slotOf(router, ifIndex) * SLOT_WORDS)
    }
  }

  /** Number of the router's interface; -1 when it has none with this ifIndex. */
  find(router: number, ifIndex: number): number {
    const at = this.#slotOf(router, ifIndex) * SLOT_WORDS
    return this.#words[at] === 0 ? -1 : this.#words[at + 2]!
  }

  /** The slot that has it, or the free one where it belongs. */
  #slotOf(router: number, ifIndex: number): number {
    const words = this.#words
    let slot = mixHash(mixHash(0, router), ifIndex) & this.#mask
    while (
      words[slot * SLOT_WORDS] !== 0 &&
      (words[slot * SLOT_WORDS] !== router + 1 || words[slot * SLOT_WORDS + 1] !== ifIndex)
    ) {
      slot = (slot + 1) & this.#mask
    }
    return slot
  }
}
