/** A UDP socket that sFlow comes in by. */
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { isIPv6 } from 'node:net'
import { messageOf } from '../../model/error-message.ts'

export interface Listen {
  readonly host: string
  readonly port: number
}

/**
 * Binds; rejects, with what to change, when the address cannot be used. Several share a port if all are
 * `shared`.
 */
export async function bindUdp(
  { host, port }: Listen,
  receiveBufferBytes: number,
  isShared: boolean,
): Promise<Socket> {
  const socket = createSocket({
    type: isIPv6(host) ? 'udp6' : 'udp4',
    recvBufferSize: receiveBufferBytes,
    reusePort: isShared,
  })
  try {
    socket.bind(port, host)
    await once(socket, 'listening')
  } catch (error) {
    socket.close()
    const message = `sFlow: cannot listen on UDP ${host} port ${port} (sflow.listen): ${messageOf(error)}`
    throw new Error(message, { cause: error })
  }
  return socket
}

export async function closeUdp(socket: Socket): Promise<void> {
  const closed = once(socket, 'close')
  socket.close()
  await closed
}
