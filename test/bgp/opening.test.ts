/** A gobgpd that has just started, with its neighbors administratively down; and one that somebody has disabled by hand. */
import { spawnSync } from 'node:child_process'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createBgp, type Bgp } from '../../src/bgp/bgp.ts'
import { renderGobgpdConfig } from '../../src/bgp/gobgpd-config.ts'
import { parseAddress } from '../../src/model/prefix.ts'
import { parseCommunity } from '../../src/model/route.ts'
import { findFreePort } from '../../src/simulator/free-port.ts'
import { startGobgpd, type Gobgpd } from '../../src/simulator/gobgpd.ts'
import { until } from './edge.ts'
import { describeEachGobgpd } from './gobgpds.ts'

const HOST = parseAddress('127.0.0.1')
/** The last one's session begins as gobgpd does. */
const ROUTERS = ['127.0.0.3', '127.0.0.4', '127.0.0.5'].map((address, i) => ({ name: `rtr${i + 1}`, address: parseAddress(address) }))

describeEachGobgpd('a new gobgpd', (build) => {
  let gobgp: Gobgpd
  let bgp: Bgp
  const connect = async (): Promise<void> => {
    await bgp?.stop()
    bgp = createBgp({
      routers: ROUTERS.map((router) => ({ ...router, gobgp: gobgp.api })),
      marker: parseCommunity('64512:100'), localPref: 500, clock: () => Date.now(), logger: pino({ level: 'silent' }),
    })
    await bgp.start()
    await until('it is read', async () => (await bgp.list('rtr1').catch(() => undefined)) && bgp.stats()[0]!.resyncs > 0)
  }
  const disabled = async (): Promise<string[]> =>
    (await bgp.peers(gobgp.api)).filter((peer) => peer.disabled).map(({ address }) => address).sort()

  const disable = (address: string): boolean => {
    const [host, port] = gobgp.api.split(':') as [string, string]
    return spawnSync(build.gobgp, ['-u', host, '-p', port, 'neighbor', address, 'disable']).status === 0
  }

  beforeAll(async () => {
    gobgp = await startGobgpd({
      command: build.gobgpd,
      args: ['-r'],
      config: renderGobgpdConfig({
        asn: 64512, routerId: '127.0.0.1', listenPort: await findFreePort('127.0.0.1'), localAddresses: [HOST],
        neighbors: ROUTERS.slice(0, 2).map(({ address }) => ({ address, localAddress: HOST })), restartSeconds: 30,
        marker: parseCommunity('64512:100'),
      }) + '[[neighbors]]\n  [neighbors.config]\n    neighbor-address = "127.0.0.5"\n    peer-as = 64512\n',
    })
    await until('all are configured', () => disable('127.0.0.5'))
    await connect()
  })
  afterAll(async () => {
    await bgp?.stop()
    await gobgp?.stop()
  })

  test('waits with each session until that is opened', async () => {
    expect(await disabled()).toEqual(['127.0.0.3', '127.0.0.4', '127.0.0.5'])
    // Not known to be down: what it held for the router is not to be given up.
    expect(bgp.session('rtr1')).toEqual({ up: false, synced: false, awaitsOpen: true })
    await bgp.open('rtr1')
    expect(await disabled()).toEqual(['127.0.0.4', '127.0.0.5'])
    expect(bgp.session('rtr1')).toEqual({ up: false, synced: false })
    expect(bgp.session('rtr2').awaitsOpen).toBe(true)
  })

  test('waits on for one that comes back before all were opened', async () => {
    await connect()
    expect(bgp.session('rtr2').awaitsOpen).toBe(true)
    await bgp.open('rtr1')
    await bgp.open('rtr2')
    expect(await disabled()).toEqual(['127.0.0.5'])
  })

  test('one that somebody had disabled by hand before stays so, and is told', async () => {
    await bgp.open('rtr3')
    expect(await disabled()).toEqual(['127.0.0.5'])
    expect(bgp.session('rtr3')).toMatchObject({ up: false, disabled: true })
  })

  test('is new no more: what somebody disables by hand stays so, and is told', async () => {
    expect(disable('127.0.0.3')).toBe(true)
    await until('it is told', () => bgp.session('rtr1').disabled)
    await connect()
    expect(bgp.session('rtr1')).toEqual({ up: false, synced: true, disabled: true })
    expect(bgp.session('rtr2')).toEqual({ up: false, synced: true })
    await bgp.open('rtr1')
    expect(await disabled()).toEqual(['127.0.0.3', '127.0.0.5'])
  })

  test('is new again after a restart', async () => {
    await gobgp.restart()
    await until('it waits', () => bgp.session('rtr1').awaitsOpen)
    expect(await disabled()).toEqual(['127.0.0.3', '127.0.0.4'])
  })
})
