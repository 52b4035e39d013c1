/**
 * An edge router in software. It forwards by its own gobgpd's table and by nothing else, so overrides steer
 * it just as they steer a real router; it exports sFlow; and it knows the truth that measurements are held
 * against. It shares no code with the service.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { createEdgeRib, isCallError, type Announcement, type RibRoute } from './edge-rib.ts'
import type { Flow } from './flow.ts'
import { createForwarder, type ExitLoad } from './forwarder.ts'
import { buildForwardingTable, EMPTY_TABLE, type ForwardingEntry } from './forwarding-table.ts'
import { readAddress, readPrefix, writeAddress } from './ip-address.ts'
import { createSflowAgent, type SflowAgentOptions, type SflowFaults } from './sflow-agent.ts'
import type { InterfaceCounters } from './sflow-encoder.ts'

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

export interface EdgeOptions extends SflowAgentOptions {
  readonly exits: readonly Exit[]
  readonly counterIntervalMs: number
  /** gRPC target of the router's own gobgpd. */
  readonly gobgp: string
}

export interface NamedLoad extends ExitLoad {
  readonly exit: string
}

/** Exits and addresses that do not exist are programming errors: RangeError. */
export interface Edge {
  /** Resolves when the routes are announced and the forwarding table has been read. */
  start(): Promise<void>
  stop(): Promise<void>
  setFlows(flows: readonly Flow[]): void
  /** The truth: what each exit carried over the last second. */
  loads(): NamedLoad[]
  /** The truth: the exit that the address leaves by now; undefined without a route. */
  exitOf(address: string): string | undefined
  table(): readonly ForwardingEntry[]
  /** The exit's neighbor announces these, or again all that it has. */
  announce(exit: string, prefixes?: readonly string[]): Promise<void>
  /** The exit's neighbor withdraws these, or all; the session and the interface stay. */
  withdraw(exit: string, prefixes?: readonly string[]): Promise<void>
  /** The interface goes down, and with it all routes that use it; or comes up again. */
  setExitUp(exit: string, up: boolean): Promise<void>
  /** The interface gets another ifIndex, as after a line card was swapped. */
  renumber(exit: string, ifIndex: number): void
  setSamplingRate(rate: number): void
  setFaults(faults: Partial<SflowFaults>): void
}

interface ExitState extends Exit {
  readonly index: number
  ifIndex: number
  up: boolean
  readonly announced: Set<string>
}

const TICK_MS = 100
const TABLE_INTERVAL_MS = 100

export function createEdge(options: EdgeOptions): Edge {
  const exits: ExitState[] = options.exits.map((exit, index) => ({
    ...exit, index, up: true, announced: new Set(exit.prefixes),
  }))
  const exitByNextHop = new Map(exits.flatMap((exit) => exit.nextHops.map((hop) => [normalize(hop), exit])))
  const forwarder = createForwarder(exits.map(({ speedBps }) => speedBps))
  const rib = createEdgeRib(options.gobgp)
  const agent = createSflowAgent(options)
  const timers: NodeJS.Timeout[] = []
  const stopping = new AbortController()
  let table = EMPTY_TABLE
  let forwardedMs = 0
  let following: Promise<void> | undefined

  const exitNamed = (name: string): ExitState => {
    const exit = exits.find((one) => one.name === name)
    if (exit === undefined) throw new RangeError(`the edge has no exit "${name}"`)
    return exit
  }

  const announcementsOf = (exit: ExitState, prefixes: Iterable<string>): Announcement[] =>
    [...prefixes].map((prefix) => {
      const nextHop = exit.nextHops.find((hop) => readAddress(hop).family === readPrefix(prefix).family)
      if (nextHop === undefined) throw new RangeError(`exit ${exit.name} has no next hop for ${prefix}`)
      return { prefix, nextHop, identifier: exit.index + 1, localPref: exit.localPref, asPath: exit.asPath }
    })

  /** Reads gobgpd's table. What it lacks of our announcements, as after a restart, is announced again. */
  const readTable = async (): Promise<void> => {
    const routes = await rib.list()
    table = buildForwardingTable(
      routes.flatMap(({ prefix, nextHops }) => {
        // A router uses the best path whose next hop it can reach.
        const usable = nextHops.map((hop) => ({ hop, exit: exitByNextHop.get(normalize(hop)) }))
        const best = usable.find(({ exit }) => exit?.up === true)
        if (best?.exit === undefined) return []
        return [{ prefix, prefixLength: readPrefix(prefix).length, nextHop: best.hop, exit: best.exit.index }]
      }),
    )
    forwarder.setTable(table)
    const keysOf = ({ prefix, nextHops }: RibRoute): string[] => nextHops.map((hop) => pathKey(prefix, hop))
    const known = new Set(routes.flatMap(keysOf))
    const wanted = exits.flatMap((exit) => (exit.up ? announcementsOf(exit, exit.announced) : []))
    await rib.announce(wanted.filter(({ prefix, nextHop }) => !known.has(pathKey(prefix, nextHop))))
  }

  const follow = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      // While gobgpd is away packets go where they went before.
      await readTable().catch((error: unknown) => {
        if (!isCallError(error)) throw error
      })
      await sleep(TABLE_INTERVAL_MS, undefined, { signal: stopping.signal }).catch(() => {})
    }
  }

  const forward = (): void => {
    const nowMs = performance.now()
    const arrivals = forwarder.forward(nowMs - forwardedMs)
    forwardedMs = nowMs
    agent.sample(arrivals, (exit) => exits[exit]!.ifIndex)
  }

  const readCounters = (): InterfaceCounters[] => {
    const incoming = forwarder.in
    const noInput = { inOctets: 0n, inPackets: 0n, inDiscards: 0n }
    const noOutput = { outOctets: 0n, outPackets: 0n, outDiscards: 0n }
    const servers = {
      ...noOutput,
      ifIndex: options.serversIfIndex,
      speedBps: exits.reduce((sum, { speedBps }) => sum + speedBps, 0),
      operUp: true,
      inOctets: incoming.octets,
      inPackets: incoming.packets,
      inDiscards: incoming.discards,
    }
    return [
      ...exits.map(({ ifIndex, speedBps, up, index }) => ({
        ...noInput, ifIndex, speedBps, operUp: up, ...forwarder.out[index]!,
      })),
      servers,
    ]
  }

  return {
    start: async () => {
      await readTable()
      // The first reading announced the routes, this one finds them.
      await readTable()
      forwardedMs = performance.now()
      following = follow()
      timers.push(setInterval(forward, TICK_MS))
      timers.push(setInterval(() => agent.sendCounters(readCounters()), options.counterIntervalMs))
    },
    stop: async () => {
      timers.forEach(clearInterval)
      stopping.abort()
      await following
      agent.close()
      rib.close()
    },
    setFlows: (flows) => {
      forward()
      forwarder.setFlows(flows)
    },
    loads: () => forwarder.loads().map((load, i) => ({ exit: exits[i]!.name, ...load })),
    exitOf: (address) => {
      const entry = table.lookUp(readAddress(address))
      return entry === undefined ? undefined : exits[entry.exit]!.name
    },
    table: () => table.entries,
    announce: async (name, prefixes) => {
      const exit = exitNamed(name)
      const wanted = prefixes ?? exit.prefixes
      wanted.forEach((prefix) => exit.announced.add(prefix))
      if (exit.up) await rib.announce(announcementsOf(exit, wanted))
    },
    withdraw: async (name, prefixes) => {
      const exit = exitNamed(name)
      const unwanted = prefixes ?? [...exit.announced]
      unwanted.forEach((prefix) => exit.announced.delete(prefix))
      if (exit.up) await rib.withdraw(announcementsOf(exit, unwanted))
    },
    setExitUp: async (name, up) => {
      const exit = exitNamed(name)
      exit.up = up
      const announcements = announcementsOf(exit, exit.announced)
      await (up ? rib.announce(announcements) : rib.withdraw(announcements))
    },
    renumber: (name, ifIndex) => {
      exitNamed(name).ifIndex = ifIndex
    },
    setSamplingRate: (rate) => agent.setSamplingRate(rate),
    setFaults: (faults) => agent.setFaults(faults),
  }
}

function normalize(address: string): string {
  return writeAddress(readAddress(address))
}

function pathKey(prefix: string, nextHop: string): string {
  const parsed = readPrefix(prefix)
  return `${writeAddress(parsed)}/${parsed.length} ${normalize(nextHop)}`
}
