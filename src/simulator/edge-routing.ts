/** The control plane of the simulated edge: what its neighbors announce, and the table that results. */
import { setTimeout as sleep } from 'node:timers/promises'
import { createEdgeRib, isCallError, type Announcement, type RibRoute } from './edge-rib.ts'
import { buildForwardingTable, EMPTY_TABLE, type ForwardingTable } from './forwarding-table.ts'
import { readAddress, readPrefix, writeAddress } from './ip-address.ts'

export interface Exit {
  readonly name: string
  readonly ifIndex: number
  readonly speedBps: number
  /** The neighbor's addresses, one for each family that it announces. */
  readonly nextHops: readonly string[]
  readonly localPref: number
  readonly asPath: readonly number[]
  /** What the neighbor announces: `ADDRESS/LENGTH`. */
  readonly prefixes: readonly string[]
}

/** Exits are named by their index. */
export interface EdgeRouting {
  /** Announces all routes and follows gobgpd's table; resolves when it has been read. */
  start(): Promise<void>
  stop(): Promise<void>
  readonly table: ForwardingTable
  announce(exit: number, prefixes: readonly string[]): Promise<void>
  /** All that the neighbor announces when `prefixes` is left out. */
  withdraw(exit: number, prefixes?: readonly string[]): Promise<void>
  setUp(exit: number, up: boolean): Promise<void>
  isUp(exit: number): boolean
  /**
   * Whether it forwards by overrides at all, as it does at first; their paths stay in the table in any case.
   */
  heedOverrides(heeded: boolean): void
}

const TABLE_INTERVAL_MS = 100

/** `onTable` gets each table that was read. A prefix without a next hop of its family is a RangeError. */
export function createEdgeRouting(
  options: { readonly exits: readonly Exit[]; readonly gobgp: string },
  onTable: (table: ForwardingTable) => void,
): EdgeRouting {
  const exits = options.exits.map((exit, index) => {
    return { ...exit, index, up: true, announced: new Set(exit.prefixes) }
  })
  const exitByNextHop = new Map(exits.flatMap((exit) => exit.nextHops.map((hop) => [normalize(hop), exit])))
  const rib = createEdgeRib(options.gobgp)
  const stopping = new AbortController()
  let table = EMPTY_TABLE
  let heedsOverrides = true
  let following: Promise<void> | undefined

  const announcementsOf = (index: number, prefixes: Iterable<string>): Announcement[] => {
    const { name, nextHops, localPref, asPath } = exits[index]!
    return [...prefixes].map((prefix) => {
      const nextHop = nextHops.find((hop) => readAddress(hop).family === readPrefix(prefix).family)
      if (nextHop === undefined) throw new RangeError(`exit ${name} has no next hop for ${prefix}`)
      return { prefix, nextHop, identifier: index + 1, localPref, asPath }
    })
  }

  /** Reads gobgpd's table. What it lacks of our announcements, as after a restart, is announced again. */
  const readTable = async (): Promise<void> => {
    const routes = await rib.list()
    table = buildForwardingTable(
      routes.flatMap(({ prefix, paths }) => {
        // A router uses the best path whose next hop it can reach.
        const usable = paths
          .filter(({ isOverride }) => heedsOverrides || !isOverride)
          .map(({ nextHop }) => ({ hop: nextHop, exit: exitByNextHop.get(normalize(nextHop)) }))
        const best = usable.find(({ exit }) => exit?.up === true)
        if (best?.exit === undefined) return []
        return [{ prefix, prefixLength: readPrefix(prefix).length, nextHop: best.hop, exit: best.exit.index }]
      }),
    )
    onTable(table)
    const keysOf = ({ prefix, paths }: RibRoute): string[] =>
      paths.map(({ nextHop }) => pathKey(prefix, nextHop))
    const known = new Set(routes.flatMap(keysOf))
    const wanted = exits.flatMap(({ index, up, announced }) => (up ? announcementsOf(index, announced) : []))
    await rib.announce(wanted.filter(({ prefix, nextHop }) => !known.has(pathKey(prefix, nextHop))))
  }

  const follow = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await sleep(TABLE_INTERVAL_MS, undefined, { signal: stopping.signal }).catch(() => {})
      // While gobgpd is away packets go where they went before.
      await readTable().catch((error: unknown) => {
        if (!isCallError(error)) throw error
      })
    }
  }

  return {
    start: async () => {
      await readTable()
      // The first reading announced the routes, this one finds them.
      await readTable()
      following = follow()
    },
    stop: async () => {
      stopping.abort()
      await following
      rib.close()
    },
    get table() {
      return table
    },
    announce: async (index, prefixes) => {
      const { up, announced } = exits[index]!
      prefixes.forEach((prefix) => announced.add(prefix))
      if (up) await rib.announce(announcementsOf(index, prefixes))
    },
    withdraw: async (index, prefixes) => {
      const { up, announced } = exits[index]!
      const unwanted = prefixes ?? [...announced]
      unwanted.forEach((prefix) => announced.delete(prefix))
      if (up) await rib.withdraw(announcementsOf(index, unwanted))
    },
    setUp: async (index, up) => {
      const exit = exits[index]!
      exit.up = up
      const announcements = announcementsOf(index, exit.announced)
      await (up ? rib.announce(announcements) : rib.withdraw(announcements))
    },
    isUp: (index) => exits[index]!.up,
    heedOverrides: (heeded) => {
      heedsOverrides = heeded
    },
  }
}

function normalize(address: string): string {
  return writeAddress(readAddress(address))
}

function pathKey(prefix: string, nextHop: string): string {
  const parsed = readPrefix(prefix)
  return `${writeAddress(parsed)}/${parsed.length} ${normalize(nextHop)}`
}
