/** What the kernel knows of this machine's addresses. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { formatAddress, parseAddress, type Address } from '../model/prefix.ts'

const BGP_PORT = 179

/**
 * The address that this machine sends from towards another; rejects when there is no route. Nothing is sent.
 */
export async function addressTowards(remote: Address): Promise<Address> {
  const socket = createSocket(remote.family === 4 ? 'udp4' : 'udp6')
  try {
    socket.connect(BGP_PORT, formatAddress(remote))
    await once(socket, 'connect')
    return parseAddress(socket.address().address)
  } finally {
    socket.close()
  }
}
