/** The UDP socket that sFlow comes in by. */
import { createSocket, type RemoteInfo } from 'node:dgram'
import { once } from 'node:events'
import { isIPv6 } from 'node:net'
import type { Logger } from 'pino'
import { messageOf } from '../model/error-message.ts'

export interface UdpListener {
  readonly port: number
  close(): Promise<void>
}

/** Holds some 3,600 datagrams: what comes in while the service pauses. */
const RECEIVE_BUFFER_BYTES = 4 * 2 ** 20

/** Listens; `onDatagram` must not keep the bytes. Rejects when the address cannot be used. */
export async function listenUdp(
  { host, port }: { readonly host: string; readonly port: number },
  logger: Logger,
  onDatagram: (bytes: Uint8Array, from: RemoteInfo) => void,
): Promise<UdpListener> {
  const socket = createSocket({ type: isIPv6(host) ? 'udp6' : 'udp4', recvBufferSize: RECEIVE_BUFFER_BYTES })
  socket.on('message', onDatagram)
  try {
    socket.bind(port, host)
    await once(socket, 'listening')
  } catch (error) {
    socket.close()
    const reason = messageOf(error)
    const message = `sFlow: cannot listen on UDP ${host} port ${port} (sflow.listen): ${reason}`
    throw new Error(message, { cause: error })
  }
  socket.on('error', (error) => logger.error({ err: error }, 'the sFlow socket reports an error'))
  tellReceiveBuffer(socket.getRecvBufferSize(), logger)
  return {
    port: socket.address().port,
    close: async () => {
      const closed = once(socket, 'close')
      socket.close()
      await closed
    },
  }
}

/** Linux grants twice what was asked for, for its own overhead, and silently cuts it to net.core.rmem_max. */
function tellReceiveBuffer(grantedBytes: number, logger: Logger): void {
  if (grantedBytes < RECEIVE_BUFFER_BYTES) {
    logger.warn(
      { grantedBytes, remedy: `sysctl -w net.core.rmem_max=${RECEIVE_BUFFER_BYTES}, then restart` },
      'small sFlow receive buffer: bursts may be lost',
    )
  } else {
    logger.info({ grantedBytes }, 'sFlow receive buffer')
  }
}
