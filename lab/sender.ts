/**
 * The server, a process in its namespace: sends UDP at given rates. Each line on standard input is a list of
 * Stream as JSON and replaces the streams of before; each is answered by a line with the time at which it
 * took effect, ms since the epoch.
 */
import { createSocket, type Socket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import { createInterface } from 'node:readline'

export interface Stream {
  /** Address. */
  readonly to: string
  /** bit/s of Ethernet frames without their FCS: what the kernel's interface counters count. */
  readonly bps: number
}

/** discard (RFC 863). */
const PORT = 9
const MTU = 1500
const UDP_BYTES = 8
/** What fills a packet behind its IP and UDP headers. */
const PAYLOADS = { udp4: Buffer.alloc(MTU - 20 - UDP_BYTES), udp6: Buffer.alloc(MTU - 40 - UDP_BYTES) }
const FRAME_BITS = (14 + MTU) * 8
const TICK_MS = 2
/** What a busy machine left unsent is made up for, but not all at once: a burst of more would be dropped. */
const LARGEST_BURST = 50
/** And what it left unsent for longer is left out. */
const LONGEST_DELAY_MS = 500

interface Sending {
  readonly socket: Socket
  readonly payload: Buffer
  readonly packetsPerMs: number
  /** Packets that are due: whole ones are sent. */
  due: number
}

let sending: Sending[] = []
let lastMs = performance.now()

setInterval(() => {
  const nowMs = performance.now()
  const elapsedMs = Math.min(nowMs - lastMs, LONGEST_DELAY_MS)
  lastMs = nowMs
  for (const stream of sending) {
    stream.due += elapsedMs * stream.packetsPerMs
    const burst = Math.min(Math.floor(stream.due), LARGEST_BURST)
    for (let i = 0; i < burst; i++) stream.socket.send(stream.payload)
    stream.due -= burst
  }
}, TICK_MS)

createInterface({ input: process.stdin }).on('line', (line) => {
  void replaceStreams(JSON.parse(line) as Stream[])
})

async function replaceStreams(streams: readonly Stream[]): Promise<void> {
  const next = await Promise.all(
    streams.map(async ({ to, bps }) => {
      const packetsPerMs = bps / FRAME_BITS / 1000
      const type = isIPv6(to) ? 'udp6' : 'udp4'
      return { socket: await connect(type, to), payload: PAYLOADS[type], packetsPerMs, due: 0 }
    }),
  )
  for (const { socket } of sending) socket.close()
  sending = next
  process.stdout.write(`${Date.now()}\n`)
}

/** Connected once, so that sending looks no address up. */
function connect(type: 'udp4' | 'udp6', to: string): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = createSocket(type)
    socket.on('error', () => {})
    socket.connect(PORT, to, () => resolve(socket))
  })
}
