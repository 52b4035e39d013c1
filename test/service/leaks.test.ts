/**
 * A gobgpd that is changed while overrides are in force, with its own command line tool: one story in order, on one
 * lab.
 */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Exit } from '../../src/simulator/edge.ts'
import { until } from '../simulator/until.ts'
import { MBPS, startLab, type Lab } from './lab.ts'

const execute = promisify(execFile)
const PREFIXES = ['1.0.0.0/24', '2.0.0.0/24', '3.0.0.0/24', '4.0.0.0/24']
const exit = (name: string, i: number): Exit => ({
  name, ifIndex: 3 + i, speedBps: 100 * MBPS, nextHops: [`172.${16 + i}.0.1`], localPref: 200 - 100 * i, asPath: [33010 + i],
  prefixes: PREFIXES,
})
/** From the change in gobgpd to what is checked. */
const DEADLINE_MS = 10_000

interface Status {
  readonly gobgp: readonly { readonly leaks: readonly string[]; readonly doubts: readonly string[] }[]
  readonly alarms: readonly { readonly kind: string; readonly message: string }[]
  readonly routers: readonly { readonly permission: { readonly state: string; readonly why: string } }[]
}

let lab: Lab
beforeAll(async () => {
  lab = await startLab({ exits: [exit('peer', 0), exit('transit', 1)] })
  await lab.startService()
  lab.edge.setFlows(PREFIXES.map((prefix) => ({ to: prefix.replace('.0/24', '.1'), bps: 22 * MBPS, packetBytes: 1000 })))
  await isIn()
}, 90_000)
afterAll(() => lab.stop())

const status = (): Promise<Status> => lab.get('/api/v1/status')
const alarmKinds = async (): Promise<string[]> => (await status()).alarms.map(({ kind }) => kind)
const isIn = (deadlineMs = 30_000): Promise<boolean> =>
  until('overrides are in', async () => (await lab.rib()).length > 0, deadlineMs)

async function gobgp(...args: string[]): Promise<void> {
  await execute('gobgp', ['-p', lab.gobgp.api.split(':')[1]!, ...args])
}

const goes = async (): Promise<void> => {
  const changedMs = performance.now()
  await until('the overrides are gone', async () => (await lab.rib()).length === 0, DEADLINE_MS)
  process.stdout.write(`all overrides gone after ${((performance.now() - changedMs) / 1000).toFixed(1)} s\n`)
}

test('an eBGP neighbor is added: all overrides go, and it is named with what to do', async () => {
  await gobgp('neighbor', 'add', '127.0.0.77', 'as', '65050')
  await goes()
  const words = "neighbor 127.0.0.77 is no iBGP neighbor (AS 65050, gobgpd's is 64512): " +
    'remove its [[neighbors]] block (gobgp neighbor del 127.0.0.77)'
  const { gobgp: [seen], alarms, routers } = await status()
  expect(seen).toMatchObject({ leaks: [words], doubts: [] })
  expect(routers[0]!.permission).toEqual({
    state: 'withdraw_all', why: `routes could leak from gobgpd at ${lab.gobgp.api}: ${words}`,
  })
  expect(alarms.find(({ kind }) => kind === 'leak_risk')!.message).toContain(words)
  const decisions = await lab.get<{ kind: string; reason: string }[]>('/api/v1/decisions')
  expect(decisions.find(({ kind }) => kind === 'withdraw')!.reason).toContain(words)
})

test('it is removed: they are in again by themselves', async () => {
  await gobgp('neighbor', 'del', '127.0.0.77')
  await isIn(DEADLINE_MS)
  await until('the alarm has ended', async () => !(await alarmKinds()).includes('leak_risk'))
})

test('the export default becomes accept: all overrides go; reject: they come back', async () => {
  await gobgp('global', 'policy', 'export', 'set', 'own-only', 'default', 'accept')
  await goes()
  expect((await status()).gobgp[0]!.leaks).toEqual([
    'the export default is accept: what no statement rejects is sent: ' +
      'set default-export-policy = "reject-route" in [global.apply-policy.config]',
  ])
  await gobgp('global', 'policy', 'export', 'set', 'own-only', 'default', 'reject')
  await isIn(DEADLINE_MS)
})

test('an export policy that holds overrides back: they move nothing, are withdrawn and told', async () => {
  await gobgp('global', 'policy', 'export', 'del')
  await until('they are withdrawn', async () => (await lab.rib()).length === 0, 20_000)
  await until('it is told', async () => (await alarmKinds()).includes('override_not_sent'))
  const { alarms } = await status()
  expect(alarms.find(({ kind }) => kind === 'override_not_sent')!.message).toMatch(
    /^the override of \S+ never left for edge1 and was withdrawn: .*an export policy of gobgpd holds it back/,
  )
})
