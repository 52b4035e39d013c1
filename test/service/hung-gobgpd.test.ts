/** Two routers, each with a gobgpd of its own, and one of those hangs. One story in order. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Exit } from '../../src/simulator/edge.ts'
import type { Flow } from '../../src/simulator/flow.ts'
import { until } from '../simulator/until.ts'
import { MBPS, startLab, type Lab, type OverrideJson } from './lab.ts'
import { startSecondRouter, type SecondRouter } from './second-router.ts'

const exit = (name: string, i: number): Exit => ({
  name,
  ifIndex: 3 + i,
  speedBps: 100 * MBPS,
  nextHops: [`172.${16 + i}.0.1`],
  localPref: 200 - 100 * i,
  asPath: [33010 + i],
  prefixes: ['1.0.0.0/24', '2.0.0.0/24', '3.0.0.0/24', '4.0.0.0/24'],
})
const EXITS = [exit('peer', 0), exit('transit', 1)]
const flowTo = (to: string, mbps: number): Flow => ({ to, bps: mbps * MBPS, packetBytes: 1000 })
const QUIET = [flowTo('1.0.0.1', 20), flowTo('2.0.0.1', 20), flowTo('3.0.0.1', 20)]
const RUSH = [...QUIET, flowTo('4.0.0.1', 26)]

let lab: Lab
let second: SecondRouter
beforeAll(async () => {
  lab = await startLab({ exits: EXITS })
  second = await startSecondRouter(lab.file, EXITS)
}, 90_000)
afterAll(async () => {
  // A stopped process does not end by SIGTERM.
  if (second !== undefined) process.kill(second.gobgp.pid, 'SIGCONT')
  await lab?.stop()
  await second?.stop()
})

const installed = async (router: string): Promise<string[]> =>
  (await lab.get<OverrideJson[]>(`/api/v1/overrides?router=${router}`)).filter((o) => o.state === 'installed').map((o) => o.prefix)
const unreachable = async (): Promise<(string | null)[]> =>
  (await lab.get<{ alarms: { kind: string; router: string | null }[] }>('/api/v1/status')).alarms
    .filter(({ kind }) => kind === 'gobgp_unreachable').map(({ router }) => router)
const secondsFor = async (what: string, holds: () => boolean | Promise<boolean>, deadlineMs: number): Promise<number> => {
  const startMs = performance.now()
  await until(what, holds, deadlineMs)
  const seconds = (performance.now() - startMs) / 1000
  process.stdout.write(`${what}: ${seconds.toFixed(1)} s\n`)
  return seconds
}

test('both routers are steered', async () => {
  await lab.startService()
  lab.edge.setFlows(QUIET)
  second.edge.setFlows(RUSH)
  await until('the second router is relieved', async () => (await installed('edge2')).length > 0, 60_000)
  await until('the first is known', async () =>
    (await lab.get<{ routers: { bgp_session: { synced: boolean } }[] }>('/api/v1/status')).routers.every((r) => r.bgp_session.synced))
}, 90_000)

test('one gobgpd hangs: it is told in 3 s, and the other router is relieved and switched off as ever', async () => {
  process.kill(second.gobgp.pid, 'SIGSTOP')
  expect(await secondsFor('it is told', async () => (await unreachable()).includes('edge2'), 10_000)).toBeLessThan(3.5)
  lab.edge.setFlows(RUSH)
  await secondsFor('the first router is relieved', async () => (await installed('edge1')).length > 0, 15_000)
  const off = performance.now()
  // It tells that not all is withdrawn yet.
  expect(await lab.setMode('off')).toBe(202)
  expect(await lab.rib()).toEqual([])
  expect(performance.now() - off).toBeLessThan(5000)
  expect(await unreachable()).toEqual(['edge2'])
}, 60_000)

test('it wakes up: what was to go goes there, too, and both are steered again', async () => {
  process.kill(second.gobgp.pid, 'SIGCONT')
  await secondsFor('what was left is withdrawn', () => second.edge.exitOf('4.0.0.1') === 'peer' && second.edge.exitOf('1.0.0.1') === 'peer', 30_000)
  await until('nothing is alarming', async () => (await unreachable()).length === 0)
  expect(await lab.setMode('active')).toBe(200)
  await until('both are relieved', async () => (await installed('edge1')).length > 0 && (await installed('edge2')).length > 0, 60_000)
}, 90_000)

test('the only gobgpd that answers goes, too: not ready in 3 s, and ready again when one is back', async () => {
  process.kill(second.gobgp.pid, 'SIGSTOP')
  process.kill(lab.gobgp.pid, 'SIGSTOP')
  try {
    expect(await secondsFor('it is not ready', async () => (await lab.status('/readyz')) === 503, 10_000)).toBeLessThan(3.5)
  } finally {
    process.kill(lab.gobgp.pid, 'SIGCONT')
  }
  await secondsFor('it is ready', async () => (await lab.status('/readyz')) === 200, 40_000)
}, 60_000)
