/** What a router's plan must know of the other routers. Pure. */
import { overlaps, type Prefix } from '../../model/prefix.ts'

/** Capacity that one router shares, as its plan needs it. Interfaces are indexes. */
export interface SharedUse {
  /** In words, for reasons and alarms. */
  readonly name: string
  /** Its interfaces whose whole load is part of it. */
  readonly ports: readonly number[]
  /** Its links towards a port of another router: what moves there arrives. */
  readonly links: readonly number[]
  /** What is there besides, bit/s; Infinity while it is not known. */
  readonly othersBps: number
  readonly highBps: number
  readonly targetBps: number
}

/**
 * Prefixes that overrides of linked routers stand in the way of. Two overrides of one destination in a chain
 * of routers lead it where neither plan has it, or round in a circle.
 */
export interface ChainGuard {
  /** Others lead these here, for this router to send them on as it does. */
  readonly closed: readonly Prefix[]
  /** By interface index of a link: what the router at its other end has moved. */
  readonly closedVia: ReadonlyMap<number, readonly Prefix[]>
}

/** What a router's plan must know of the others'. */
export interface Surroundings {
  readonly shared: readonly SharedUse[]
  readonly chain: ChainGuard
}

export const ALONE: Surroundings = { shared: [], chain: { closed: [], closedVia: new Map() } }

/** True when nothing of the prefix may be led to the interface, as the router behind it has moved it. */
export function isClosed({ closedVia }: ChainGuard, interfaceIndex: number, prefix: Prefix): boolean {
  return closedVia.get(interfaceIndex)?.some((moved) => overlaps(moved, prefix)) === true
}
