/** An RPKI cache that speaks the RPKI-to-Router protocol, version 0 (RFC 6810), to a gobgpd on loopback. */
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { parsePrefix } from '../../src/model/prefix.ts'

/** Who may originate a prefix, and down to which length (RFC 6482). */
export interface Roa {
  readonly prefix: string
  readonly maxLength: number
  readonly asn: number
}

export interface RtrCache {
  readonly port: number
  announce(roa: Roa): void
  withdraw(roa: Roa): void
  /** Number of times that a router has been told everything up to now. */
  readonly told: number
  stop(): Promise<void>
}

/** PDU types (RFC 6810, section 5). */
const PDU = { notify: 0, serialQuery: 1, resetQuery: 2, response: 3, ipv4: 4, ipv6: 6, endOfData: 7 } as const
const SESSION = 7

export async function startRtrCache(roas: readonly Roa[]): Promise<RtrCache> {
  /** The n-th change leads to serial n + 1. */
  const changes = roas.map((roa) => ({ roa, announced: true }))
  const sockets = new Set<Socket>()
  let told = 0

  const answer = (socket: Socket, since: number): void => {
    const prefixes = changes.slice(since).map(({ roa, announced }) => prefixPdu(roa, announced))
    socket.write(Buffer.concat([pdu(PDU.response), ...prefixes, pdu(PDU.endOfData, serial())]))
    told++
  }
  const serial = (): Buffer => words(changes.length)
  const server = createServer((socket) => {
    sockets.add(socket)
    let bytes = Buffer.alloc(0)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    socket.on('data', (more) => {
      bytes = Buffer.concat([bytes, more])
      while (bytes.length >= 8 && bytes.length >= bytes.readUInt32BE(4)) {
        const query = bytes.subarray(0, bytes.readUInt32BE(4))
        bytes = bytes.subarray(query.length)
        if (query[1] === PDU.resetQuery) answer(socket, 0)
        if (query[1] === PDU.serialQuery) answer(socket, query.readUInt32BE(8))
      }
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')

  const change = (roa: Roa, announced: boolean): void => {
    changes.push({ roa, announced })
    for (const socket of sockets) socket.write(pdu(PDU.notify, serial()))
  }
  return {
    port: (server.address() as { port: number }).port,
    announce: (roa) => change(roa, true),
    withdraw: (roa) => change(roa, false),
    get told() {
      return told
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** TOML that makes a gobgpd ask the cache. */
export function renderRpkiServer({ port }: RtrCache): string {
  return `[[rpki-servers]]\n  [rpki-servers.config]\n    address = "127.0.0.1"\n    port = ${port}\n`
}

function pdu(type: number, body: Buffer = Buffer.alloc(0)): Buffer {
  const header = Buffer.from([0, type, SESSION >>> 8, SESSION & 255, 0, 0, 0, 0])
  header.writeUInt32BE(header.length + body.length, 4)
  return Buffer.concat([header, body])
}

/** Flags, prefix length, longest length, zero, address, ASN (sections 5.6 and 5.7); the session field is zero. */
function prefixPdu({ prefix: text, maxLength, asn }: Roa, announced: boolean): Buffer {
  const prefix = parsePrefix(text)
  const address = prefix.family === 4 ? words(prefix.w0) : words(prefix.w0, prefix.w1, prefix.w2, prefix.w3)
  const body = Buffer.concat([Buffer.from([announced ? 1 : 0, prefix.length, maxLength, 0]), address, words(asn)])
  const bytes = pdu(prefix.family === 4 ? PDU.ipv4 : PDU.ipv6, body)
  bytes.writeUInt16BE(0, 2)
  return bytes
}

function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length)
  values.forEach((value, i) => bytes.writeUInt32BE(value, 4 * i))
  return bytes
}
