/** The routes that addresses had when they were last looked up: every cycle asks for the same ones again. */
import { contains, type Address, type Family, type Prefix } from '../../model/prefix.ts'
import type { Route } from '../../model/route.ts'

const FEWEST_SLOTS = 2 ** 10
const MOST_SLOTS = 2 ** 18
/** Addresses are told apart by 16 of their bits as to what changes: the first of IPv4, the next of IPv6. */
const PLACES = 2 ** 16

/**
 * An address has two slots, so it forgets when three meet there; a change of a prefix makes it forget all that
 * lies in its places. It takes 17 bytes a slot, for IPv6 29, and has twice as many as are used. Who asks for
 * addresses in their order is mostly answered from the route found last.
 */
export class RouteCache {
  readonly #isFour: boolean
  readonly #stride: number
  #words = new Uint32Array()
  #ages = new Uint32Array()
  #routes: (Route | undefined)[] = []
  /** 1 where no other prefix lay in the route's. */
  #alone = new Uint8Array()
  /** The route found last, if it is alone in its prefix, and the place where that is known. */
  #last: Route | undefined
  #lastPlace = 0
  #slots = 0
  /** Found anew since it last grew. */
  #found = 0
  /** How often something has changed in each place. */
  #changes = new Uint32Array()

  constructor(family: Family) {
    this.#isFour = family === 4
    this.#stride = family === 4 ? 1 : 4
  }

  get(address: Address): Route | undefined {
    if (this.#slots === 0) return undefined
    const { w0, w1, w2, w3 } = address
    const last = this.#last
    const place = this.#placeOf(w0)
    if (last !== undefined && this.#lastPlace === place && contains(last.prefix, address)) return last
    const first = this.#slotOf(w0, w1, w2, w3)
    const slot = this.#holds(first, w0, w1, w2, w3) ? first : first ^ 1
    if (this.#ages[slot] !== this.#changes[place] || !this.#holds(slot, w0, w1, w2, w3)) return undefined
    const route = this.#routes[slot]
    this.#last = this.#alone[slot] === 1 ? route : undefined
    this.#lastPlace = place
    return route
  }

  /** `alone`: no other prefix lies in the route's. */
  set({ w0, w1, w2, w3 }: Address, route: Route, alone: boolean): void {
    if (this.#slots === 0) this.#changes = new Uint32Array(PLACES)
    if (2 * ++this.#found > this.#slots && this.#slots < MOST_SLOTS) this.#resize(Math.max(FEWEST_SLOTS, 2 * this.#slots))
    const first = this.#slotOf(w0, w1, w2, w3)
    const slot = this.#isFree(first) || this.#holds(first, w0, w1, w2, w3) ? first : first ^ 1
    const at = slot * this.#stride
    this.#words[at] = w0
    if (!this.#isFour) {
      this.#words[at + 1] = w1
      this.#words[at + 2] = w2
      this.#words[at + 3] = w3
    }
    this.#ages[slot] = this.#changes[this.#placeOf(w0)]!
    this.#routes[slot] = route
    this.#alone[slot] = Number(alone)
  }

  /** Something has changed for the prefix: it came, went, or has other paths. */
  forget({ w0, length }: Prefix): void {
    this.#last = undefined
    if (this.#slots === 0) return
    const bits = this.#isFour ? length : length - 16
    const first = bits <= 0 ? 0 : this.#placeOf(w0)
    const end = bits >= 16 ? first + 1 : first + 2 ** (16 - Math.max(0, bits))
    for (let place = first; place < end; place++) this.#changes[place]!++
  }

  clear(): void {
    this.#resize(0)
    this.#changes = new Uint32Array()
  }

  /** Forgets all, too. */
  #resize(slots: number): void {
    this.#slots = slots
    this.#found = 0
    this.#words = new Uint32Array(slots * this.#stride)
    this.#ages = new Uint32Array(slots)
    this.#routes = Array.from({ length: slots }, () => undefined)
    this.#alone = new Uint8Array(slots)
    this.#last = undefined
  }

  #holds(slot: number, w0: number, w1: number, w2: number, w3: number): boolean {
    const at = slot * this.#stride
    const words = this.#words
    return words[at] === w0 && (this.#isFour || (words[at + 1] === w1 && words[at + 2] === w2 && words[at + 3] === w3))
  }

  #isFree(slot: number): boolean {
    return this.#routes[slot] === undefined || this.#ages[slot] !== this.#changes[this.#placeOf(this.#words[slot * this.#stride]!)]
  }

  #placeOf(w0: number): number {
    return this.#isFour ? w0 >>> 16 : w0 & (PLACES - 1)
  }

  #slotOf(w0: number, w1: number, w2: number, w3: number): number {
    let hash = Math.imul(w0 ^ w2 ^ Math.imul(w1 ^ w3, 0x85ebca6b), 0x9e3779b1)
    hash ^= hash >>> 15
    return hash & (this.#slots - 1)
  }
}
