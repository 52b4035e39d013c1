/** The least of a BGP speaker: a session that gives a table away and takes nothing. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { encodeOpen, KEEPALIVE_MESSAGE } from './bgp-message.ts'

export interface SpeakerOptions {
  readonly asn: number
  /** Its own address, dotted: router id, too. */
  readonly address: string
  readonly peer: { readonly address: string; readonly port: number }
}

export interface Speaker {
  /** Sends messages in their order, as fast as the peer takes them. Rejects when the session has gone. */
  send(messages: Iterable<Buffer>): Promise<void>
  /** Ends the session without a word, as a router does that loses power. */
  close(): void
}

const HOLD_SECONDS = 90
const CONNECT_DEADLINE_MS = 60_000
const RETRY_MS = 250
const CHUNK_BYTES = 128 * 1024

/** Connects, again and again until the peer takes the session, and resolves when it is established. */
export async function startSpeaker(options: SpeakerOptions): Promise<Speaker> {
  const deadlineMs = Date.now() + CONNECT_DEADLINE_MS
  for (;;) {
    const socket = await establish(options).catch(() => undefined)
    if (socket !== undefined) return speakOver(socket)
    if (Date.now() > deadlineMs) throw new Error(`no session with ${options.peer.address} in 60 s`)
    await sleep(RETRY_MS)
  }
}

async function establish({ asn, address, peer }: SpeakerOptions): Promise<Socket> {
  const socket = connect({ host: peer.address, port: peer.port, localAddress: address })
  try {
    await once(socket, 'connect')
    socket.write(encodeOpen(asn, Uint8Array.from(address.split('.'), Number), HOLD_SECONDS))
    socket.write(KEEPALIVE_MESSAGE)
    // Its OPEN, and then the KEEPALIVE that ends the handshake (RFC 4271, section 8).
    let received = Buffer.alloc(0)
    for (let messages = 0; messages < 2;) {
      const [bytes] = (await Promise.race([
        once(socket, 'data'),
        once(socket, 'close').then(() => { throw new Error('refused') }),
      ])) as [Buffer]
      received = Buffer.concat([received, bytes])
      while (received.length >= 19 && received.length >= received.readUInt16BE(16)) {
        if (received[18] === 3) throw new Error(`NOTIFICATION ${received[19]}/${received[20]}`)
        received = received.subarray(received.readUInt16BE(16))
        messages++
      }
    }
    return socket
  } catch (error) {
    socket.destroy()
    throw error
  }
}

function speakOver(socket: Socket): Speaker {
  socket.on('error', () => socket.destroy())
  socket.resume()
  const keepalive = setInterval(() => socket.write(KEEPALIVE_MESSAGE), (HOLD_SECONDS * 1000) / 3)
  const closed = once(socket, 'close').then(() => clearInterval(keepalive))
  return {
    send: async (messages) => {
      let chunk: Buffer[] = []
      let bytes = 0
      const flush = async (): Promise<void> => {
        if (socket.destroyed) throw new Error('the session has gone')
        const full = !socket.write(Buffer.concat(chunk))
        ;[chunk, bytes] = [[], 0]
        if (full) await Promise.race([once(socket, 'drain'), closed])
      }
      for (const message of messages) {
        chunk.push(message)
        bytes += message.length
        if (bytes >= CHUNK_BYTES) await flush()
      }
      if (bytes > 0) await flush()
    },
    close: () => socket.destroy(),
  }
}
