/** Ports for daemons that are told where to listen before they do. */
import { randomInt } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'

/**
 * Below those that Linux gives to outgoing connections (32768 to 60999 unless configured otherwise): one of these
 * could be taken before the daemon listens.
 */
const FIRST = 20_000
const END = 32_768
const ATTEMPTS = 100

/** A TCP port on which nothing listens at the address now. Rejects when there seems to be none. */
export function findFreePort(host: string): Promise<number> {
  return tryPorts(async (port) => {
    const server = createServer()
    server.listen(port, host)
    await once(server, 'listening')
    server.close()
    await once(server, 'close')
  })
}

/** The same for UDP. */
export function findFreeUdpPort(host: string): Promise<number> {
  return tryPorts(async (port) => {
    const socket = createSocket('udp4').bind(port, host)
    await once(socket, 'listening')
    socket.close()
    await once(socket, 'close')
  })
}

async function tryPorts(listen: (port: number) => Promise<void>): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    const port = randomInt(FIRST, END)
    try {
      await listen(port)
      return port
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || attempt === ATTEMPTS) throw error
    }
  }
}
