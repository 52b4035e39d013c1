/** A watchdog on real gobgpds, and the child that a service has. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createBgp } from '../../src/bgp/bgp.ts'
import { connectGobgp, type GobgpConnection } from '../../src/bgp/wire/connect-gobgp.ts'
import { renderGobgpdConfig } from '../../src/bgp/gobgpd-config.ts'
import { createLeases } from '../../src/lease/leases.ts'
import { parseAddress, parsePrefix } from '../../src/model/prefix.ts'
import { parseCommunity } from '../../src/model/route.ts'
import { findFreePort } from '../../src/simulator/free-port.ts'
import { startGobgpd, type Gobgpd } from '../../src/simulator/gobgpd.ts'
import { createWatchdogChild } from '../../src/watchdog/watchdog-child.ts'
import { createWatchdog } from '../../src/watchdog/watchdog.ts'
import { attributes, until } from '../bgp/edge.ts'
import { describeEachGobgpd } from '../bgp/gobgpds.ts'

const MARKER = parseCommunity('64512:100')
const LEASE_MS = 2000
const logger = pino({ level: 'silent' })
const clock = (): number => performance.now()

describeEachGobgpd('a watchdog', (build) => {
  let folder: string
  let gobgp: Gobgpd
  let connection: GobgpConnection
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'spillway-watchdog-'))
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
    rmSync(folder, { recursive: true })
  })
  const add = async (i: number, communities: readonly number[]): Promise<void> =>
    connection.api.addPath(parsePrefix(`20.${i >> 8}.${i & 255}.0/24`), attributes('172.16.0.1', { communities }))
  const count = async (): Promise<number> => (await connection.api.listLocal(4)).length

  test('withdraws 1,000 overrides when their lease lapses, leaves all else, and beats beside a gobgpd that is away', async () => {
    const notes = connection.api.notes(MARKER)
    for (let from = 0; from < 1000; from += 100) {
      await Promise.all(Array.from({ length: 100 }, async (_, i) => add(from + i, [MARKER])))
    }
    await add(1000, [])
    await notes.writeLease({ owner: '00c0ffeefeedbeef', incarnation: 1, sequence: 1, durationMs: LEASE_MS, state: 'held' })
    const away = `127.0.0.1:${await findFreePort('127.0.0.1')}`
    const watchdog = createWatchdog({ targets: [away, gobgp.api], marker: MARKER, leaseMs: LEASE_MS }, 'alone', clock, logger)
    const startedMs = performance.now()
    watchdog.start()
    try {
      await until('it beats', async () => (await notes.read()).heartbeat?.role === 'alone')
      await until('it has fenced', async () => (await notes.read()).lease?.state === 'lapsed')
      const fencedMs = performance.now()
      expect(fencedMs - startedMs).toBeGreaterThan(LEASE_MS / 2)
      await until('all overrides are gone', async () => (await count()) === 1)
      await until('the lease is removed', async () => (await notes.read()).lease === undefined)
      // It stood for who looks every second and stands by.
      expect(performance.now() - fencedMs).toBeGreaterThan(1500)
    } finally {
      await watchdog.stop()
    }
    expect(await notes.read()).toEqual({ lease: undefined, heartbeat: undefined })
  })

  test('one that cannot be started bars every addition, and why is told', async () => {
    const router = { name: 'edge1', address: parseAddress('127.0.0.2'), gobgp: gobgp.api }
    const bgp = createBgp({ routers: [router], localPref: 500, marker: MARKER, clock, logger })
    const settings = { targets: [gobgp.api], marker: MARKER, leaseMs: LEASE_MS }
    const program = join(folder, 'ends-at-once.mjs')
    writeFileSync(program, 'process.exitCode = 1\n')
    const watchdog = createWatchdogChild({ settings, clock, logger, program })
    const self = { owner: '00c0ffeefeedbeef', incarnation: 2, durationMs: LEASE_MS }
    const leases = createLeases({ routers: [router], notes: (target) => bgp.notes(target), self, watchdog, clock })
    await bgp.start()
    try {
      const refused = await until('it is barred for the watchdog', async () => {
        const permission = await leases.gate.permission('edge1', true)
        expect(permission.kind).not.toBe('granted')
        return permission.kind === 'no_additions' && permission.why.includes('exit code 1') ? permission : undefined
      })
      expect(refused.why).toContain(`no watchdog is seen to look after gobgpd at ${gobgp.api}`)
      await until('there is an alarm', async () => {
        await leases.gate.permission('edge1', true)
        return leases.findings().some(({ kind }) => kind === 'watchdog_missing')
      })
      await leases.release()
      expect((await connection.api.notes(MARKER).read()).lease).toMatchObject({ state: 'released' })
    } finally {
      await bgp.stop()
      await connection.api.notes(MARKER).remove('lease')
    }
  })
})
