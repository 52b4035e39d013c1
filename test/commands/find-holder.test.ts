import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectGobgp, type GobgpConnection } from '../../src/bgp/wire/connect-gobgp.ts'
import { renderGobgpdConfig } from '../../src/bgp/gobgpd-config.ts'
import { findHolder } from '../../src/commands/find-holder.ts'
import type { Lease } from '../../src/model/lease.ts'
import { parseAddress } from '../../src/model/prefix.ts'
import { findFreePort } from '../../src/simulator/free-port.ts'
import { startGobgpd, type Gobgpd } from '../../src/simulator/gobgpd.ts'

const MARKER = 64512 * 65536 + 100
let gobgp: Gobgpd
let connection: GobgpConnection
beforeAll(async () => {
  const localAddresses = [parseAddress('127.0.0.1')]
  const config = renderGobgpdConfig({
    asn: 64512, routerId: '127.0.0.1', listenPort: await findFreePort('127.0.0.1'), localAddresses,
    marker: MARKER, neighbors: [],
  })
  gobgp = await startGobgpd({ config })
  connection = await connectGobgp(gobgp.api, new AbortController().signal)
})
afterAll(async () => {
  connection?.close()
  await gobgp?.stop()
})

test('who renews a lease is found; one that is left over, or released, has nobody', async () => {
  const find = (): Promise<string | undefined> => findHolder(gobgp.api, MARKER, 1000, AbortSignal.timeout(10_000))
  const notes = connection.api.notes(MARKER)
  const lease: Lease = { owner: '00c0ffeefeedbeef', incarnation: 1, sequence: 1, durationMs: 60_000, state: 'held' }
  expect(await find()).toBeUndefined()
  await notes.writeLease(lease)
  expect(await find()).toBeUndefined()
  const found = find()
  for (let sequence = 2; sequence < 6; sequence++) {
    await notes.writeLease({ ...lease, sequence })
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  expect(await found).toBe(lease.owner)
  await notes.writeLease({ ...lease, sequence: 9, state: 'released' })
  expect(await find()).toBeUndefined()
})
