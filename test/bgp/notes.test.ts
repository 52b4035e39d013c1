/** Leases and heartbeats as gobgpd keeps them. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectGobgp, type GobgpConnection } from '../../src/bgp/wire/connect-gobgp.ts'
import { renderGobgpdConfig } from '../../src/bgp/gobgpd-config.ts'
import type { Heartbeat, Lease } from '../../src/model/lease.ts'
import { parseAddress, parsePrefix } from '../../src/model/prefix.ts'
import { parseCommunity } from '../../src/model/route.ts'
import { findFreePort } from '../../src/simulator/free-port.ts'
import { startGobgpd, type Gobgpd } from '../../src/simulator/gobgpd.ts'
import { attributes } from './edge.ts'
import { describeEachGobgpd } from './gobgpds.ts'

const [MARKER, OTHER_MARKER] = [parseCommunity('64512:100'), parseCommunity('64512:101')]
const LEASE: Lease = {
  owner: '00c0ffeefeedbeef', incarnation: 0xfffffffe, sequence: 1, durationMs: 60_000, state: 'held',
}
const HEARTBEAT: Heartbeat = { watchdog: 0xffffffff, sequence: 0, role: 'child' }

describeEachGobgpd('notes', (build) => {
  let gobgp: Gobgpd
  let connection: GobgpConnection
  beforeAll(async () => {
    const localAddresses = [parseAddress('127.0.0.1')]
    const config = renderGobgpdConfig({
      asn: 64512, routerId: '127.0.0.1', listenPort: await findFreePort('127.0.0.1'), localAddresses, neighbors: [],
      marker: MARKER,
    })
    gobgp = await startGobgpd({ command: build.gobgpd, config })
    connection = await connectGobgp(gobgp.api, new AbortController().signal)
  })
  afterAll(async () => {
    connection?.close()
    await gobgp?.stop()
  })

  test('are kept, replaced, read and removed, each by itself', async () => {
    const notes = connection.api.notes(MARKER)
    const others = connection.api.notes(OTHER_MARKER)
    expect(await notes.read()).toEqual({ lease: undefined, heartbeat: undefined })
    await notes.writeLease(LEASE)
    expect(await notes.read()).toEqual({ lease: LEASE, heartbeat: undefined })
    await notes.writeHeartbeat(HEARTBEAT)
    await notes.writeLease({ ...LEASE, sequence: 0xffffffff, state: 'lapsed' })
    await others.writeLease({ ...LEASE, state: 'released' })
    expect(await notes.read()).toEqual({
      lease: { ...LEASE, sequence: 0xffffffff, state: 'lapsed' }, heartbeat: HEARTBEAT,
    })
    await notes.remove('lease')
    await notes.remove('lease')
    expect(await notes.read()).toEqual({ lease: undefined, heartbeat: HEARTBEAT })
    expect((await others.read()).lease).toEqual({ ...LEASE, state: 'released' })
  })

  test('are no routes, and routes outlast them', async () => {
    const notes = connection.api.notes(MARKER)
    await connection.api.addPath(parsePrefix('203.0.113.0/24'), attributes('172.16.0.1'))
    await notes.writeLease(LEASE)
    expect(await connection.api.listLocal(4)).toHaveLength(1)
    expect(await connection.api.listLocal(6)).toHaveLength(0)
    await notes.remove('lease')
    await notes.remove('heartbeat')
    expect(await connection.api.listLocal(4)).toHaveLength(1)
  })
})
