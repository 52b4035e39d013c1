import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { dropsIn, readKernelDrops } from '../../../src/collector/reception/kernel-drops.ts'

describe('datagrams that the kernel dropped', () => {
  const table = `   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  100: 0100007F:18C7 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 28525 2 000000009fbf4a21 17
  101: 00000000:18C8 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 28526 2 000000009fbf4a22 5
  102: 0200007F:18C7 00000000:18C8 07 00000000:00000000 00:00000000 00000000     0        0 28527 2 000000009fbf4a23 3
`

  it('are those of the sockets on the port', () => {
    expect([dropsIn(table, 6343), dropsIn(table, 6344), dropsIn(table, 6345), dropsIn('', 6343)]).toEqual([20, 5, 0, 0])
  })

  it('are counted by the kernel itself', async () => {
    const socket = createSocket({ type: 'udp4', recvBufferSize: 4096 }).bind(0, '127.0.0.1')
    await once(socket, 'listening')
    const { port } = socket.address()
    const sender = createSocket('udp4')
    // Nobody reads within this turn of the event loop, so that the small buffer runs over.
    const sent = Array.from({ length: 200 }, () => new Promise((resolve) => sender.send(Buffer.alloc(1000), port, '127.0.0.1', resolve)))
    const deadline = performance.now() + 5000
    await Promise.all(sent)
    while (readKernelDrops(port) === 0 && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 5))
    expect(readKernelDrops(port)).toBeGreaterThan(0)
    for (const one of [socket, sender]) {
      one.close()
      await once(one, 'close')
    }
  })
})
