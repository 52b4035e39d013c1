/**
 * The history of the service as its users run it: killed, with a file that is damaged, held by another, removed. One
 * story in order, on one lab: each test begins where the last one ended.
 */
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Exit } from '../../src/simulator/edge.ts'
import { until } from '../simulator/until.ts'
import { MBPS, startLab, type Lab } from './lab.ts'

const PREFIXES = ['1.0.0.0/24', '2.0.0.0/24', '3.0.0.0/24', '4.0.0.0/24']
const exit = (name: string, i: number): Exit => ({
  name,
  ifIndex: 3 + i,
  speedBps: 100 * MBPS,
  nextHops: [`172.${16 + i}.0.1`],
  localPref: 200 - 100 * i,
  asPath: [33010 + i],
  prefixes: PREFIXES,
})
const flowTo = (to: string, mbps: number) => ({ to, bps: mbps * MBPS, packetBytes: 1000 })
const QUIET = [flowTo('1.0.0.1', 20), flowTo('2.0.0.1', 20)]
const RUSH = [...QUIET, flowTo('3.0.0.1', 20), flowTo('4.0.0.1', 26)]

interface PastOverride {
  readonly entry: number
  readonly prefix: string
  readonly from_interface: string
  readonly to_interface: string
  readonly added_bps: number
  readonly added_reason: string
  readonly withdrawn: string | null
  readonly withdrawn_reason: string | null
}
interface Decision {
  readonly id: number
  readonly kind: string
}
interface Trend {
  readonly name: string
  readonly times: readonly string[]
  readonly out_bps: readonly (number | null)[]
  readonly natural_bps: readonly (number | null)[]
}

let lab: Lab
beforeAll(async () => {
  lab = await startLab({ exits: [exit('peer', 0), exit('transit', 1)] })
}, 60_000)
afterAll(() => lab.stop())

const past = (query = '') => lab.get<PastOverride[]>(`/api/v1/history/overrides?${query}`)
const alarms = async () => (await lab.get<{ alarms: { kind: string }[] }>('/api/v1/status')).alarms.map(({ kind }) => kind)
const file = () => `${lab.file}.history.sqlite`
const kill = async () => {
  lab.service.process.kill('SIGKILL')
  await lab.service.ended
}
let relieved: readonly Decision[]

test('an override is on record while it is there, with what the interfaces carried', async () => {
  // Longer than a busy machine takes to start it again.
  lab.configure({ lease: '60s' })
  await lab.startService()
  lab.edge.setFlows(RUSH)
  await until('it is installed', async () => (await lab.overrides()).some(({ state }) => state === 'installed'), 30_000)
  await until('it is on record', async () => (await past()).length > 0)
  const [override] = await past()
  expect(override).toMatchObject({ from_interface: 'peer', to_interface: 'transit', withdrawn: null })
  expect(override!.added_bps).toBeGreaterThan(10 * MBPS)
  expect(await past('prefix=9.0.0.0/24')).toEqual([])
  const trend = async () => {
    const from = new Date(Date.now() - 120_000).toISOString()
    const query = `interface=peer&from=${from}&points=100`
    return (await lab.get<{ interfaces: Trend[] }>(`/api/v1/history/interfaces?${query}`)).interfaces[0]
  }
  await until('a step of load is on record', async () => (await trend())?.out_bps.some((bps) => (bps ?? 0) > 30 * MBPS) === true)
  expect((await trend())!.natural_bps.length).toBe((await trend())!.times.length)
}, 60_000)

test('killed at any moment it begins again with all of it', async () => {
  relieved = await lab.get<Decision[]>('/api/v1/decisions?kind=relieve')
  const before = await past()
  expect(relieved.length).toBeGreaterThan(0)
  for (let n = 0; n < 2; n++) {
    await kill()
    await lab.startService()
  }
  await until('the history is there', async () => (await past().catch(() => [])).length > 0, 30_000)
  expect((await past()).map(({ entry, withdrawn }) => [entry, withdrawn])).toEqual(before.map(({ entry }) => [entry, null]))
  const again = await lab.get<Decision[]>('/api/v1/decisions?kind=relieve&limit=1000')
  expect(again.map(({ id }) => id)).toEqual(expect.arrayContaining(relieved.map(({ id }) => id)))
  expect(again.map(({ id }) => id)).toEqual(again.map(({ id }) => id).sort((a, b) => b - a))
  const older = await lab.get<Decision[]>(`/api/v1/decisions?before=${relieved[0]!.id}`)
  expect(older.every(({ id }) => id < relieved[0]!.id)).toBe(true)
  expect(lab.service.output).not.toContain('history begun anew')
}, 60_000)

test('when it comes home, that and the reason are on record', async () => {
  lab.edge.setFlows(QUIET)
  await until('all are home', async () => (await lab.rib()).length === 0, 30_000)
  await until('that is on record', async () => (await past().catch(() => [{ withdrawn: null }])).every(({ withdrawn }) => withdrawn !== null), 30_000)
  for (const { withdrawn_reason: why } of await past()) expect(why).not.toMatch(/does not hold it/)
}, 60_000)

test('one that another process holds is told by an alarm; steering goes on, and so does the history when it is free', async () => {
  await kill()
  const holder = new DatabaseSync(file())
  holder.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
  await lab.startService()
  await until('the alarm is on', async () => (await alarms()).includes('history_unavailable'), 30_000)
  expect(await lab.status('/api/v1/history/overrides')).toBe(503)
  expect(await lab.status('/api/v1/decisions')).toBe(200)
  lab.edge.setFlows(RUSH)
  await until('it steers all the same', async () => (await lab.overrides()).some(({ state }) => state === 'installed'), 30_000)
  holder.exec('ROLLBACK')
  holder.close()
  await until('the alarm is off', async () => !(await alarms()).includes('history_unavailable'), 60_000)
  await until('what happened meanwhile is on record', async () => (await past()).some(({ withdrawn }) => withdrawn === null))
  const seen = await lab.get<{ kind: string; ended: string | null }[]>('/api/v1/history/alarms?kind=history_unavailable')
  expect(seen).toMatchObject([{ kind: 'history_unavailable' }])
}, 120_000)

test('one that is damaged is moved aside and begun anew, and that is said', async () => {
  // After a SIGKILL most of it would be in the write-ahead log, and nothing lost.
  lab.service.process.kill('SIGTERM')
  await lab.service.ended
  writeFileSync(file(), 'not a database at all, and longer than a header of one'.repeat(100))
  await lab.startService()
  await until('that is said', () => lab.service.output.includes('history begun anew'), 30_000)
  expect(existsSync(`${file()}.damaged`)).toBe(true)
  await until('what is there is on record', async () => (await past().catch(() => [])).some(({ withdrawn }) => withdrawn === null))
  expect(await alarms()).not.toContain('history_unavailable')
}, 60_000)

test('one that is removed under it is begun anew', async () => {
  rmSync(file())
  await until('it is there again', () => existsSync(file()))
  await until('what is there is on record', async () => (await past().catch(() => [])).some(({ withdrawn }) => withdrawn === null), 30_000)
}, 60_000)

test('it ends in order, and leaves one file without a log beside it', async () => {
  lab.service.process.kill('SIGTERM')
  expect(await lab.service.ended).toBe('exit code 0')
  expect([existsSync(file()), existsSync(`${file()}-wal`)]).toEqual([true, false])
}, 30_000)
