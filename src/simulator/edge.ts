/**
 * An edge router in software. It forwards by its own gobgpd's table and by nothing else, so overrides steer
 * it just as they steer a real router; it exports sFlow; and it knows the truth that measurements are held
 * against. It shares no code with the service.
 */
import { createEdgeRouting, type Exit } from './edge-routing.ts'
import type { Flow } from './flow.ts'
import { createForwarder, type ExitLoad } from './forwarder.ts'
import type { ForwardingEntry } from './forwarding-table.ts'
import { readAddress } from './ip-address.ts'
import { createSflowAgent, type SflowAgentOptions, type SflowFaults } from './sflow-agent.ts'
import type { InterfaceCounters } from './sflow-encoder.ts'

export type { Exit } from './edge-routing.ts'

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
  /** The exit's neighbor announces these, or again all that it had at first. */
  announce(exit: string, prefixes?: readonly string[]): Promise<void>
  /** The exit's neighbor withdraws these, or all; the session and the interface stay. */
  withdraw(exit: string, prefixes?: readonly string[]): Promise<void>
  /** The interface goes down, and with it all routes that use it; or comes up again. */
  setExitUp(exit: string, up: boolean): Promise<void>
  /** The interface gets another ifIndex, as after a line card was swapped. */
  renumber(exit: string, ifIndex: number): void
  setSamplingRate(rate: number): void
  /** False: a weight that its inbound policy sets makes its own routes win over every override. */
  heedOverrides(heeded: boolean): void
  setFaults(faults: Partial<SflowFaults>): void
}

const TICK_MS = 100
const NO_INPUT = { inOctets: 0n, inPackets: 0n, inDiscards: 0n }
const NO_OUTPUT = { outOctets: 0n, outPackets: 0n, outDiscards: 0n }

export function createEdge(options: EdgeOptions): Edge {
  const { exits } = options
  const ifIndexes = exits.map(({ ifIndex }) => ifIndex)
  const forwarder = createForwarder(exits.map(({ speedBps }) => speedBps))
  const routing = createEdgeRouting(options, (table) => forwarder.setTable(table))
  const agent = createSflowAgent(options)
  const timers: NodeJS.Timeout[] = []
  let forwardedMs = performance.now()

  const indexOf = (name: string): number => {
    const index = exits.findIndex((exit) => exit.name === name)
    if (index < 0) throw new RangeError(`the edge has no exit "${name}"`)
    return index
  }

  const forward = (): void => {
    const nowMs = performance.now()
    const arrivals = forwarder.forward(nowMs - forwardedMs)
    forwardedMs = nowMs
    agent.sample(arrivals, (exit) => ifIndexes[exit]!)
  }

  const readCounters = (): InterfaceCounters[] => {
    const { octets, packets, discards } = forwarder.in
    const servers = {
      ...NO_OUTPUT,
      ifIndex: options.serversIfIndex,
      speedBps: exits.reduce((sum, { speedBps }) => sum + speedBps, 0),
      operUp: true,
      inOctets: octets,
      inPackets: packets,
      inDiscards: discards,
    }
    const counters = exits.map(({ speedBps }, i) => {
      return { ...NO_INPUT, ifIndex: ifIndexes[i]!, speedBps, operUp: routing.isUp(i), ...forwarder.out[i]! }
    })
    return [...counters, servers]
  }

  return {
    start: async () => {
      await routing.start()
      forwardedMs = performance.now()
      timers.push(setInterval(forward, TICK_MS))
      timers.push(setInterval(() => agent.sendCounters(readCounters()), options.counterIntervalMs))
    },
    stop: async () => {
      timers.forEach(clearInterval)
      await routing.stop()
      agent.close()
    },
    setFlows: (flows) => {
      forward()
      forwarder.setFlows(flows)
    },
    loads: () => forwarder.loads().map((load, i) => ({ exit: exits[i]!.name, ...load })),
    exitOf: (address) => {
      const entry = routing.table.lookUp(readAddress(address))
      return entry === undefined ? undefined : exits[entry.exit]!.name
    },
    table: () => routing.table.entries,
    announce: async (name, prefixes) => {
      const index = indexOf(name)
      await routing.announce(index, prefixes ?? exits[index]!.prefixes)
    },
    withdraw: async (name, prefixes) => routing.withdraw(indexOf(name), prefixes),
    setExitUp: async (name, up) => routing.setUp(indexOf(name), up),
    renumber: (name, ifIndex) => {
      ifIndexes[indexOf(name)] = ifIndex
    },
    setSamplingRate: (rate) => agent.setSamplingRate(rate),
    heedOverrides: (heeded) => routing.heedOverrides(heeded),
    setFaults: (faults) => agent.setFaults(faults),
  }
}
