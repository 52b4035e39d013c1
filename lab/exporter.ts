/**
 * The router's sFlow agent, a process in its namespace: netfilter picks the packets, tcpdump reads them out
 * of the kernel, and this wraps them, with the kernel's interface counters, as hsflowd would. Its one
 * argument is an ExporterOptions as JSON.
 */
import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { readFileSync } from 'node:fs'
import { encodeCounterSample, encodeDatagram, encodeFlowSample } from './hsflowd-datagram.ts'
import { parseInterfaceTotals } from './interface-totals.ts'
import { NflogReader } from './nflog-pcap.ts'

export interface ExporterOptions {
  /** IPv4 address that the datagrams name as theirs. */
  readonly agent: string
  readonly collector: { readonly host: string; readonly port: number }
  /** NFLOG group that samples come in by. */
  readonly group: number
  /** One packet in so many. */
  readonly samplingRate: number
  readonly counterIntervalMs: number
  /** Interfaces whose counters are sent. */
  readonly interfaces: readonly string[]
}

/** Fits into an Ethernet frame beside the IP and UDP headers. */
const LONGEST_DATAGRAM = 1400
const DATAGRAM_HEADER_BYTES = 28
/** No sample waits longer for its datagram to fill (sFlow version 5, section 4.2.2). */
const FLUSH_INTERVAL_MS = 1000

function startExporter(options: ExporterOptions): void {
  const { agent, collector, group, samplingRate, counterIntervalMs, interfaces } = options
  const socket = createSocket('udp4')
  // A collector that does not listen yet is no trouble of the exporter's.
  socket.on('error', () => {})
  const startMs = performance.now()
  const sequences = { datagram: 0, flow: 0, counters: 0 }
  let waiting: Buffer[] = []
  let waitingBytes = 0

  const flush = (): void => {
    if (waiting.length === 0) return
    const uptimeMs = Math.round(performance.now() - startMs)
    const bytes = encodeDatagram({ agent, sequence: ++sequences.datagram, uptimeMs }, waiting)
    socket.send(bytes, collector.port, collector.host)
    waiting = []
    waitingBytes = 0
  }
  const enqueue = (sample: Buffer): void => {
    if (DATAGRAM_HEADER_BYTES + waitingBytes + sample.length > LONGEST_DATAGRAM) flush()
    waiting.push(sample)
    waitingBytes += sample.length
  }

  const reader = new NflogReader()
  // Unbuffered, and with all of each packet: a truncated copy has lost its length.
  const args = ['-i', `nflog:${group}`, '-U', '-w', '-']
  const tcpdump = spawn('tcpdump', args, { stdio: ['ignore', 'pipe', 'inherit'] })
  tcpdump.stdout.on('data', (piece: Buffer) => {
    for (const packet of reader.push(piece)) {
      const sequence = ++sequences.flow
      // Netfilter does not tell how many packets it let pass; on average this is it. Nor does it tell drops.
      const samplePool = sequence * samplingRate
      enqueue(encodeFlowSample({ sequence, samplingRate, samplePool, drops: 0, packet }))
    }
  })
  tcpdump.on('exit', (code, signal) => {
    throw new Error(`tcpdump ended by ${signal ?? `exit code ${code}`}`)
  })

  const sendCounters = (): void => {
    const totals = parseInterfaceTotals(readFileSync('/proc/self/net/dev', 'utf8'))
    const sequence = ++sequences.counters
    for (const name of interfaces) {
      enqueue(encodeCounterSample({ sequence, ...readInterface(name), ...totals.get(name)! }))
    }
    flush()
  }
  setInterval(flush, FLUSH_INTERVAL_MS)
  setInterval(sendCounters, counterIntervalMs)
  sendCounters()
}

/** What the kernel tells of an interface besides its counters. */
function readInterface(name: string): { ifIndex: number; speedBps: number; operUp: boolean } {
  const read = (what: string): string => readFileSync(`/sys/class/net/${name}/${what}`, 'utf8').trim()
  const operUp = read('operstate') === 'up'
  // The kernel does not tell the speed of a link that is down; 0 is sFlow's word for unknown.
  const speedMbps = operUp ? Number(read('speed')) : 0
  return { ifIndex: Number(read('ifindex')), speedBps: speedMbps * 1e6, operUp }
}

startExporter(JSON.parse(process.argv[2]!) as ExporterOptions)
