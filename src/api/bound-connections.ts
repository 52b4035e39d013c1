/** Keeps a server open for newcomers. */
import type { Server } from 'node:http'
import type { Socket } from 'node:net'

/**
 * When there are more connections than `most`, one of the address that has the most is closed: the one that has
 * waited longest for a request, or, while all of them are being answered, the one whose answer takes longest. Who
 * reads his answers slowly, or not at all, keeps nobody else out.
 */
export function boundConnections(server: Server, most: number): void {
  /** With their addresses: those that wait for a request, or for the rest of one; those being answered. The longest first. */
  const idle = new Map<Socket, string>()
  const answered = new Map<Socket, string>()
  server.on('connection', (socket) => {
    const address = socket.remoteAddress ?? ''
    const forget = (gone: Socket): void => {
      idle.delete(gone)
      answered.delete(gone)
    }
    if (idle.size + answered.size >= most) {
      const oldest = oldestOfCrowd([...idle, ...answered])
      forget(oldest)
      oldest.destroy()
    }
    idle.set(socket, address)
    socket.on('close', () => forget(socket))
  })
  server.on('request', ({ socket }, response) => {
    pass(socket, idle, answered)
    response.on('close', () => pass(socket, answered, idle))
  })
}

function pass(socket: Socket, from: Map<Socket, string>, to: Map<Socket, string>): void {
  const address = from.get(socket)
  if (address === undefined) return
  from.delete(socket)
  to.set(socket, address)
}

/** The first one of the address that has the most; there is one. */
function oldestOfCrowd(connections: readonly (readonly [Socket, string])[]): Socket {
  const byAddress = Map.groupBy(connections, ([, address]) => address)
  const [crowd] = [...byAddress.values()].toSorted((a, b) => b.length - a.length)
  return crowd![0]![0]
}
