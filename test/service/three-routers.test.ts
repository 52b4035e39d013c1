/**
 * Three routers that want the same prefixes elsewhere at the same time, with one gobgpd or three: each has its own
 * overrides, and no other. One story in order for each.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Exit } from '../../src/simulator/edge.ts'
import { gobgpd4, GOBGPD_3 } from '../bgp/gobgpds.ts'
import { until } from '../simulator/until.ts'
import { MBPS } from './lab.ts'
import { flowTo, startSeveralRouters, type SeveralRouters } from './several-routers.ts'

const PREFIXES = ['1.0.0.0/24', '2.0.0.0/24', '3.0.0.0/24', '4.0.0.0/24', '5.0.0.0/24']
/** The same prefixes on each router, by next hops that only that router has. */
const exitsOf = (router: number): readonly Exit[] => ['peer', 'transit'].map((name, i) => ({
  name, ifIndex: 3 + i, speedBps: 100 * MBPS, nextHops: [`172.${16 + router}.${i}.1`], localPref: 200 - 100 * i,
  asPath: [33010 + i], prefixes: PREFIXES,
}))
const QUIET = ['1.0.0.1', '2.0.0.1', '3.0.0.1', '5.0.0.1'].map((to) => flowTo(to, 14))
const RUSH = [...QUIET, flowTo('4.0.0.1', 28)]
/** The only one that may move, so that all routers want the same. */
const MOVED = '4.0.0.0/24'
const elsewhere = (router: number): string => `${MOVED} 172.${16 + router}.1.1`

/** Both versions share one in test/bgp/shared-gobgpd.test.ts. */
const newest = typeof gobgpd4 === 'string' ? GOBGPD_3 : gobgpd4
const setups: readonly (readonly [string, boolean, string])[] = [
  [`one gobgpd, API ${newest.dialect.version}`, true, newest.gobgpd],
  ['a gobgpd for each', false, GOBGPD_3.gobgpd],
]

describe.each(setups)('%s', (_, shared, command) => {
  let lab: SeveralRouters
  beforeAll(async () => {
    lab = await startSeveralRouters({ command, shared, exitsOf, deny: PREFIXES.filter((prefix) => prefix !== MOVED) })
  }, 60_000)
  afterAll(() => lab?.stop())

  const received = async (): Promise<string[][]> => Promise.all(lab.routers.map(async (router) => router.received()))
  const alarms = async () => (await lab.get<{ alarms: { kind: string; message: string }[] }>('/api/v1/status')).alarms

  test('each moves the same prefix to an exit of its own, and has only that', async () => {
    await lab.startService()
    for (const { edge } of lab.routers) edge.setFlows(RUSH)
    await until('each is relieved', async () => (await received()).every((routes) => routes.length > 0), 90_000)
    expect(await received()).toEqual([0, 1, 2].map((i) => [elsewhere(i)]))
    expect(await Promise.all(lab.routers.map(async (router) => router.installed()))).toEqual(await received())
    await until('the traffic has moved on each', () =>
      lab.routers.every(({ edge }) => edge.exitOf('4.0.0.1') === 'transit' && edge.loads()[0]!.bps < 70 * MBPS), 30_000)
    expect((await alarms()).filter(({ kind }) => kind === 'leak_risk' || kind === 'gobgpd_doubtful')).toEqual([])
  }, 120_000)

  test('one brings it home, and the others keep theirs', async () => {
    const seen = new Set<string>()
    lab.routers[1]!.edge.setFlows(QUIET)
    await until('it is home on the second router', async () => {
      const [first, second, third] = await received()
      seen.add(`${first!.join()} and ${third!.join()}`)
      return second!.length === 0
    }, 60_000)
    expect([...seen]).toEqual([`${elsewhere(0)} and ${elsewhere(2)}`])
    await until('the traffic follows', () => lab.routers.map(({ edge }) => edge.exitOf('4.0.0.1')).join() === 'transit,peer,transit', 15_000)
  }, 90_000)

  test('every gobgpd is killed and started again: no router sees a route change', async () => {
    const exits = new Set<string>()
    const watching = setInterval(() => exits.add(lab.routers.map(({ edge }) => edge.exitOf('4.0.0.1')).join()), 20)
    await Promise.all(lab.gobgps.map(async (gobgp) => {
      await gobgp.kill('SIGKILL')
      await gobgp.restart()
    }))
    const sessions = async (): Promise<boolean[]> =>
      (await lab.get<{ routers: { bgp_session: { up: boolean; synced: boolean } }[] }>('/api/v1/status'))
        .routers.map(({ bgp_session: { up, synced } }) => up && synced)
    await until('the service has noticed', async () => (await sessions()).includes(false), 10_000).catch(() => undefined)
    await until('all sessions are back', async () => !(await sessions()).includes(false), 60_000)
    await until('each has its own again', async () =>
      JSON.stringify(await received()) === JSON.stringify([[elsewhere(0)], [], [elsewhere(2)]]), 30_000)
    clearInterval(watching)
    expect([...exits]).toEqual(['transit,peer,transit'])
  }, 120_000)

  test('off takes all of them out', async () => {
    expect(await lab.setMode('off')).toBe(200)
    await until('no router has one', async () => (await received()).flat().length === 0, 15_000)
    await until('all is home', () => lab.routers.every(({ edge }) => edge.exitOf('4.0.0.1') === 'peer'), 15_000)
  }, 60_000)
})
