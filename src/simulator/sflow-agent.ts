/** The sFlow agent of the simulated edge: samples what arrives from the servers and exports it over UDP. */
import { createSocket } from 'node:dgram'
import { buildFrameHeader } from './ethernet-frame.ts'
import type { Arrival } from './forwarder.ts'
import { readAddress } from './ip-address.ts'
import { createPacketSampler, createRandom } from './packet-sampler.ts'
import {
  datagramHeaderBytes, encodeCounterSample, encodeDatagram, encodeFlowSample, type InterfaceCounters,
} from './sflow-encoder.ts'

export interface SflowAgentOptions {
  /** Agent address in every datagram. */
  readonly agent: string
  /** UDP address of the collector. */
  readonly collector: { readonly host: string; readonly port: number }
  /** One packet in so many is sampled. */
  readonly samplingRate: number
  readonly seed: number
  /** Interface that the servers sit behind; samples are taken where packets enter. */
  readonly serversIfIndex: number
}

export interface SflowAgent {
  /** Samples the packets and sends what was taken; `ifIndexOf` names the interface of an exit. */
  sample(arrivals: readonly Arrival[], ifIndexOf: (exit: number) => number): void
  sendCounters(counters: readonly InterfaceCounters[]): void
  setSamplingRate(rate: number): void
  /** What the agent leaves out, or sends twice, from now on. */
  setFaults(faults: Partial<SflowFaults>): void
  close(): void
}

export interface SflowFaults {
  readonly withoutFlows: boolean
  readonly withoutCounters: boolean
  readonly duplicateDatagrams: boolean
  /** Samples claim to stand for so many times what they do. */
  readonly flowFactor: number
}

/** Fits into an Ethernet frame beside the IP and UDP headers. */
const LONGEST_DATAGRAM = 1400
/** The servers' own addresses and their prefix lengths. */
const SERVERS = {
  4: { address: readAddress('192.0.2.10'), length: 24 },
  6: { address: readAddress('2001:db8::10'), length: 64 },
}

export function createSflowAgent(options: SflowAgentOptions): SflowAgent {
  const agent = readAddress(options.agent)
  const { collector, serversIfIndex } = options
  const socket = createSocket(collector.host.includes(':') ? 'udp6' : 'udp4')
  // Nobody listening is the collector's trouble: a real agent sends on.
  socket.on('error', () => {})
  const sampler = createPacketSampler(options.samplingRate, createRandom(options.seed))
  const roomBytes = LONGEST_DATAGRAM - datagramHeaderBytes(agent)
  const counterSequences = new Map<number, number>()
  const startMs = performance.now()
  let faults: SflowFaults = {
    withoutFlows: false,
    withoutCounters: false,
    duplicateDatagrams: false,
    flowFactor: 1,
  }
  let { samplingRate } = options
  let samplePool = 0
  let flowSequence = 0
  let datagramSequence = 0

  const sendDatagram = (samples: readonly Buffer[]): void => {
    const uptimeMs = Math.round(performance.now() - startMs)
    const bytes = encodeDatagram({ agent, sequence: ++datagramSequence, uptimeMs }, samples)
    const copies = faults.duplicateDatagrams ? 2 : 1
    for (let i = 0; i < copies; i++) socket.send(bytes, collector.port, collector.host)
  }

  const sendAll = (samples: readonly Buffer[]): void => {
    let batch: Buffer[] = []
    let batchBytes = 0
    for (const sample of samples) {
      if (batchBytes + sample.length > roomBytes) {
        sendDatagram(batch)
        batch = []
        batchBytes = 0
      }
      batch.push(sample)
      batchBytes += sample.length
    }
    if (batch.length > 0) sendDatagram(batch)
  }

  const encodeSample = ({ stream, entry }: Arrival, outputIfIndex: number | undefined): Buffer => {
    const from = SERVERS[stream.to.family]
    return encodeFlowSample({
      sequence: ++flowSequence,
      sourceIfIndex: serversIfIndex,
      samplingRate: samplingRate * faults.flowFactor,
      samplePool,
      inputIfIndex: serversIfIndex,
      outputIfIndex,
      frameBytes: stream.packetBytes,
      header: buildFrameHeader(from.address, stream.to, stream.packetBytes),
      nextHop: entry === undefined ? undefined : readAddress(entry.nextHop),
      sourceLength: from.length,
      destinationLength: entry?.prefixLength ?? 0,
    })
  }

  return {
    sample: (arrivals, ifIndexOf) => {
      const samples: Buffer[] = []
      for (const arrival of arrivals) {
        samplePool += arrival.packets
        const taken = sampler.sample(arrival.packets)
        const output = arrival.entry === undefined ? undefined : ifIndexOf(arrival.entry.exit)
        for (let i = 0; i < taken; i++) samples.push(encodeSample(arrival, output))
      }
      if (!faults.withoutFlows) sendAll(samples)
    },
    sendCounters: (counters) => {
      if (faults.withoutCounters) return
      sendAll(
        counters.map((one) => {
          const sequence = (counterSequences.get(one.ifIndex) ?? 0) + 1
          counterSequences.set(one.ifIndex, sequence)
          return encodeCounterSample(sequence, one)
        }),
      )
    },
    setSamplingRate: (rate) => {
      if (!Number.isInteger(rate) || rate < 1) throw new RangeError(`sampling rate ${rate}: use 1 or more`)
      samplingRate = rate
      sampler.setRate(rate)
    },
    setFaults: (next) => {
      faults = { ...faults, ...next }
    },
    close: () => {
      socket.close()
    },
  }
}
