/** The data plane: moves packets by the forwarding table into the exits' counters. Pure; time comes in. */
import { EMPTY_TABLE, type ForwardingEntry, type ForwardingTable } from './forwarding-table.ts'
import { writeAddress } from './ip-address.ts'
import { expandFlow, type Flow, type Stream } from './flow.ts'

/** Packets of one stream that arrived in one step. */
export interface Arrival {
  readonly stream: Stream
  readonly packets: number
  /** undefined: no route, dropped. */
  readonly entry: ForwardingEntry | undefined
}

export interface ExitCounters {
  outOctets: bigint
  outPackets: bigint
  /** Packets beyond the exit's speed. */
  outDiscards: bigint
}

export interface ExitLoad {
  /** What the exit carried, at most its speed. */
  readonly bps: number
  /** What wanted to leave by it. */
  readonly offeredBps: number
}

export interface Forwarder {
  /** By exit, in the order of `speedsBps`. */
  readonly out: readonly ExitCounters[]
  /** What the servers sent, and what had no route. */
  readonly in: { octets: bigint; packets: bigint; discards: bigint }
  setFlows(flows: readonly Flow[]): void
  setTable(table: ForwardingTable): void
  /** Forwards the packets of `elapsedMs`; every packet is in one of the arrivals. */
  forward(elapsedMs: number): Arrival[]
  /** Mean over the last steps that make up a second. */
  loads(): ExitLoad[]
}

interface Step {
  readonly elapsedMs: number
  readonly sentBytes: readonly number[]
  readonly offeredBytes: readonly number[]
}

/** Steps of about this much time make up `loads`. */
const LOAD_SPAN_MS = 1_000
/** Its multiples spread evenly over [0, 1) when taken modulo 1. */
const GOLDEN_RATIO = (Math.sqrt(5) - 1) / 2

export function createForwarder(speedsBps: readonly number[]): Forwarder {
  const out = speedsBps.map(() => ({ outOctets: 0n, outPackets: 0n, outDiscards: 0n }))
  const incoming = { octets: 0n, packets: 0n, discards: 0n }
  let streams: { stream: Stream; key: string; owedBytes: number; entry: ForwardingEntry | undefined }[] = []
  let table = EMPTY_TABLE
  let steps: Step[] = []

  const send = (exit: number, packets: number, bytes: number, elapsedMs: number): number => {
    const capacityBytes = (speedsBps[exit]! * elapsedMs) / 8_000
    const sentPackets = bytes <= capacityBytes ? packets : Math.floor(packets * (capacityBytes / bytes))
    const sentBytes = sentPackets === packets ? bytes : Math.floor(capacityBytes)
    const counters = out[exit]!
    counters.outOctets += BigInt(sentBytes)
    counters.outPackets += BigInt(sentPackets)
    counters.outDiscards += BigInt(packets - sentPackets)
    return sentBytes
  }

  return {
    out,
    in: incoming,
    setFlows: (flows) => {
      const owed = new Map(streams.map(({ key, owedBytes }) => [key, owedBytes]))
      streams = flows.flatMap(expandFlow).map((stream, i) => {
        const key = `${writeAddress(stream.to)} ${stream.packetBytes}`
        // Streams of one rate start out of step, or all their packets would come at once.
        const startBytes = ((i * GOLDEN_RATIO) % 1) * stream.packetBytes
        return { stream, key, owedBytes: owed.get(key) ?? startBytes, entry: table.lookUp(stream.to) }
      })
    },
    setTable: (next) => {
      table = next
      for (const one of streams) one.entry = table.lookUp(one.stream.to)
    },
    forward: (elapsedMs) => {
      const packetsBy = speedsBps.map(() => 0)
      const offeredBytes = speedsBps.map(() => 0)
      const arrivals: Arrival[] = []
      for (const one of streams) {
        const { stream, entry } = one
        one.owedBytes += (stream.bps * elapsedMs) / 8_000
        const packets = Math.floor(one.owedBytes / stream.packetBytes)
        if (packets === 0) continue
        const bytes = packets * stream.packetBytes
        one.owedBytes -= bytes
        incoming.octets += BigInt(bytes)
        incoming.packets += BigInt(packets)
        if (entry === undefined) {
          incoming.discards += BigInt(packets)
        } else {
          packetsBy[entry.exit]! += packets
          offeredBytes[entry.exit]! += bytes
        }
        arrivals.push({ stream, packets, entry })
      }
      const sentBytes = packetsBy.map((packets, exit) => send(exit, packets, offeredBytes[exit]!, elapsedMs))
      steps.push({ elapsedMs, sentBytes, offeredBytes })
      while (sum(steps.slice(1), (step) => step.elapsedMs) >= LOAD_SPAN_MS) steps = steps.slice(1)
      return arrivals
    },
    loads: () => {
      const spanMs = sum(steps, (step) => step.elapsedMs)
      const rate = (bytes: number): number => (spanMs === 0 ? 0 : (bytes * 8_000) / spanMs)
      return speedsBps.map((_, exit) => ({
        bps: rate(sum(steps, (step) => step.sentBytes[exit]!)),
        offeredBps: rate(sum(steps, (step) => step.offeredBytes[exit]!)),
      }))
    },
  }
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0)
}
