/** Which router an sFlow agent belongs to. */
import type { Address } from '../../model/prefix.ts'
import type { Router } from '../../model/topology.ts'
import type { DatagramHeader } from '../sflow/samples.ts'

/**
 * Finds routers by agent address. A handful of agents is searched faster than hashed, and nothing is
 * allocated.
 */
export class AgentTable {
  readonly #words: Uint32Array
  readonly #routers: readonly number[]
  /** Index of each agent among those of its router. */
  readonly #places: readonly number[]

  constructor(routers: readonly Pick<Router, 'sflowAgents'>[]) {
    const agents = routers.flatMap(({ sflowAgents }, router) =>
      sflowAgents.map((address, place) => ({ address, router, place })),
    )
    this.#words = Uint32Array.from(agents.flatMap(({ address }) => wordsOf(address)))
    this.#routers = agents.map(({ router }) => router)
    this.#places = agents.map(({ place }) => place)
  }

  /** Agents are numbered from 0. */
  get size(): number {
    return this.#routers.length
  }

  /** Number of the agent; -1 when it is of none of the routers. */
  find({ family, w0, w1, w2, w3 }: Readonly<DatagramHeader>): number {
    const words = this.#words
    for (let at = 0; at < words.length; at += 5) {
      if (
        words[at] === family && words[at + 1] === w0 && words[at + 2] === w1 && words[at + 3] === w2 &&
        words[at + 4] === w3
      ) {
        return at / 5
      }
    }
    return -1
  }

  /** Index of the router that the agent belongs to. */
  routerOf(agent: number): number {
    return this.#routers[agent]!
  }

  /** Index of the agent among those of its router. */
  placeOf(agent: number): number {
    return this.#places[agent]!
  }
}

function wordsOf({ family, w0, w1, w2, w3 }: Address): number[] {
  return [family, w0, w1, w2, w3]
}
