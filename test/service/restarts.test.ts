/**
 * The service and its gobgpd killed and started again. One story in order, on one lab, whose gobgpd is configured for
 * graceful restart: each test begins where the last one ended.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Exit } from '../../src/simulator/edge.ts'
import { until } from '../simulator/until.ts'
import { MBPS, startLab, type Lab, type OverrideJson } from './lab.ts'

const HOSTS = Array.from({ length: 12 }, (_, i) => `${i + 1}.0.0.1`)
const prefixOf = (host: string): string => host.replace(/1$/, '0/24')
const hostOf = (prefix: string): string => prefix.replace('0/24', '1')

const exit = (name: string, i: number, speedMbps: number): Exit => ({
  name,
  ifIndex: 3 + i,
  speedBps: speedMbps * MBPS,
  nextHops: [`172.${16 + i}.0.1`],
  localPref: 200 - 50 * i,
  asPath: [33010 + i],
  prefixes: HOSTS.map(prefixOf),
})
/** Four of the rush's twelve must go, and the transit has room for three, which may grow there. */
const EXITS = [exit('peer', 0, 100), exit('transit', 1, 50), exit('other', 2, 100)]
const flows = (mbps: number) => HOSTS.map((to) => ({ to, bps: mbps * MBPS, packetBytes: 1000 }))

let lab: Lab
beforeAll(async () => {
  lab = await startLab({ exits: EXITS, workers: 1 })
}, 60_000)
afterAll(() => lab?.stop())

/** Every way by which the edge forwarded these hosts while it was watched. */
function watchExits(hosts: readonly string[]): { stop(): (string | undefined)[] } {
  const seen = new Set<string | undefined>()
  const timer = setInterval(() => hosts.forEach((host) => seen.add(lab.edge.exitOf(host))), 5)
  return {
    stop: () => {
      clearInterval(timer)
      return [...seen]
    },
  }
}
const detoured = (to: string): string[] => HOSTS.filter((host) => lab.edge.exitOf(host) === to)
const isReady = async (): Promise<boolean> => (await lab.status('/readyz').catch(() => 0)) === 200
const isSynced = async (): Promise<boolean> => {
  const { routers } = await lab.get<{ routers: { bgp_session: { up: boolean; synced: boolean } }[] }>('/api/v1/status')
  return routers.every(({ bgp_session: { up, synced } }) => up && synced)
}
const say = (what: string, sinceMs: number): void =>
  void process.stdout.write(`${what} ${((performance.now() - sinceMs) / 1000).toFixed(1)} s\n`)

test('a gobgpd that has just started waits for the service to open its session', async () => {
  // Nothing is to come home by itself.
  lab.configure({ min_hold: '300s' })
  await lab.startService()
  lab.edge.setFlows(flows(8))
  await until('the edge is relieved by both', () => detoured('transit').length > 1 && detoured('other').length > 0, 40_000)
  await until('it is ready', isReady)
}, 60_000)

test('gobgpd killed and started again: not ready meanwhile, and the edge sees no override missing', async () => {
  const [hosts, rib] = [detoured('transit'), await lab.rib()]
  const watch = watchExits(hosts)
  const killedMs = performance.now()
  await lab.gobgp.kill('SIGKILL')
  await until('it is not ready', async () => !(await isReady()))
  say('not ready after', killedMs)
  await lab.gobgp.restart()
  const answersMs = performance.now()
  await until('the overrides are in again', async () => (await lab.rib()).join() === rib.join(), 20_000)
  say('after gobgpd answered, overrides are in again in', answersMs)
  await until('the session is up and its routes are known', isSynced, 60_000)
  await until('it is ready', isReady)
  say('and the service is ready in', answersMs)
  expect(watch.stop()).toEqual(['transit'])
  expect(await lab.rib()).toEqual(rib)
}, 120_000)

test('the service killed and started again: what still serves is adopted with its story, the rest goes', async () => {
  const before = await lab.overrides()
  const byTransit = before.filter((o) => o.to_interface === 'transit')
  const [routeless, denied, ...serving] = byTransit.map((o) => o.prefix) as [string, string, ...string[]]
  expect(serving.length).toBeGreaterThan(0)
  await until('their story is kept', () => before.every(({ reason }) => readFileSync(`${lab.file}.overrides`, 'utf8').includes(reason)))
  lab.service.process.kill('SIGKILL')
  await lab.service.ended
  // While it is dead a route goes, a prefix is denied, and an interface is taken out of the configuration.
  lab.edge.setFlows(flows(5))
  await lab.edge.withdraw('transit', [routeless])
  lab.configure({ min_hold: '300s', deny: `["${denied}"]` })
  writeFileSync(lab.file, readFileSync(lab.file, 'utf8').replace(/^.*name: other,.*\n/m, ''))
  const watch = watchExits(serving.map(hostOf))
  const startMs = performance.now()
  await lab.startService()
  await until('the rest is gone', async () => (await lab.rib()).join() === serving.toSorted().join(), 20_000)
  say('after its start, the rest is gone in', startMs)
  await until('it is ready', isReady, 20_000)
  const story = ({ prefix, from_interface, to_interface, since, reason, state }: OverrideJson) =>
    ({ prefix, from_interface, to_interface, since, reason, state })
  expect((await lab.overrides()).map(story)).toEqual(before.filter((o) => serving.includes(o.prefix)).map(story))
  expect(watch.stop()).toEqual(['transit'])
  const { alarms } = await lab.get<{ alarms: { kind: string }[] }>('/api/v1/status')
  expect(alarms.map(({ kind }) => kind)).not.toContain('override_file')
}, 90_000)

test('a file that tells no story costs the story, nothing else', async () => {
  const before = await lab.overrides()
  lab.service.process.kill('SIGKILL')
  await lab.service.ended
  writeFileSync(`${lab.file}.overrides`, 'nonsense')
  await lab.startService()
  await until('it is ready', isReady, 20_000)
  const after = await lab.overrides()
  expect(after.map((o) => [o.prefix, o.from_interface, o.to_interface])).toEqual(
    before.map((o) => [o.prefix, o.from_interface, o.to_interface]))
  expect(after.every(({ reason }) => reason.startsWith('found in GoBGP'))).toBe(true)
}, 60_000)
