/**
 * The service as its users run it, with telemetry that lies and a clock that is set. One story in order, on one lab:
 * each test begins where the last one ended.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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
const flowsOf = (mbps: readonly number[]) => mbps.map((rate, i) => ({ to: `${i + 1}.0.0.1`, bps: rate * MBPS, packetBytes: 1000 }))
const RUSH = flowsOf([20, 20, 20, 24])
const QUIET = flowsOf([15, 15, 15])
const HOUR_MS = 3_600_000

/**
 * Loaded before the service: its wall clock steps by an hour ahead, then to an hour behind, then right again, at
 * SIGUSR2 each; and at the start it is as far off as told.
 */
const SET_CLOCK = `
const RealDate = Date
const steps = [${HOUR_MS}, -${HOUR_MS}, 0]
let offMs = Number(process.env.CLOCK_OFF_MS ?? 0)
globalThis.Date = class extends RealDate {
  constructor(...given) { super(...(given.length === 0 ? [RealDate.now() + offMs] : given)) }
  static now() { return RealDate.now() + offMs }
}
const timeOrigin = performance.timeOrigin + offMs
Object.defineProperty(performance, 'timeOrigin', { get: () => timeOrigin })
process.on('SIGUSR2', () => { offMs = steps.shift() ?? 0 })
`

interface Status {
  readonly time: string
  readonly alarms: readonly { readonly kind: string; readonly interface: string | null; readonly message: string }[]
  readonly routers: readonly { readonly telemetry: { readonly state: string; readonly faults: readonly string[] } }[]
}

let lab: Lab
let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'spillway-clock-'))
  writeFileSync(join(folder, 'set-clock.mjs'), SET_CLOCK)
  lab = await startLab({ exits: [exit('peer', 0), exit('transit', 1)] })
  process.env['NODE_OPTIONS'] = `--import=${join(folder, 'set-clock.mjs')}`
  lab.edge.setFlows(RUSH)
  await lab.startService()
  await until('the peer is relieved', async () => (await lab.rib()).length > 0 && lab.carried()['peer']! < 69 * MBPS, 30_000)
}, 90_000)
afterAll(async () => {
  delete process.env['NODE_OPTIONS']
  delete process.env['CLOCK_OFF_MS']
  await lab.stop()
  rmSync(folder, { recursive: true })
})

const status = (): Promise<Status> => lab.get<Status>('/api/v1/status')
const alarms = async (): Promise<string[]> => (await status()).alarms.map(({ kind, interface: name }) => `${kind} ${name ?? ''}`.trim())
const state = async (): Promise<string> => (await status()).routers[0]!.telemetry.state
const seconds = async (count: number): Promise<void> => {
  const started = performance.now()
  await until(`${count} s have passed`, () => performance.now() - started > count * 1000, (count + 10) * 1000)
}

/** What GoBGP holds, once nothing of it has changed for 3 s. */
async function settledRib(): Promise<readonly string[]> {
  let [rib, sinceMs] = [await lab.rib(), performance.now()]
  await until('nothing changes any more', async () => {
    const now = await lab.rib()
    if (now.join() !== rib.join()) [rib, sinceMs] = [now, performance.now()]
    return performance.now() - sinceMs > 3000
  }, 40_000)
  return rib
}

test('the wall clock steps by an hour ahead, back, and right: nothing follows it', async () => {
  const rib = await settledRib()
  const before = Date.parse((await status()).time)
  const started = performance.now()
  for (const [step, offMs] of [HOUR_MS, -HOUR_MS, 0].entries()) {
    lab.service.process.kill('SIGUSR2')
    await seconds(1)
    // Its log is written by the wall clock: so it has stepped.
    expect(await lab.setMode(step % 2 === 0 ? 'frozen' : 'active')).toBe(200)
    await until('the log tells', () => lab.service.output.split('mode changed over REST').length === step + 2)
    const line = lab.service.output.split('\n').findLast((l) => l.includes('mode changed over REST'))!
    const { time } = JSON.parse(line.slice(line.indexOf('{'))) as { time: string }
    expect(Math.abs(Date.parse(time) - Date.now() - offMs)).toBeLessThan(60_000)
    expect([await lab.rib(), await alarms(), await state()]).toEqual([rib, [], 'fresh'])
  }
  expect(Math.abs(Date.parse((await status()).time) - before - (performance.now() - started))).toBeLessThan(2000)
  expect(await lab.setMode('active')).toBe(200)
}, 60_000)

test('a start with the clock an hour behind adopts what is there, and releases it when it may', async () => {
  await lab.service.stop()
  process.env['CLOCK_OFF_MS'] = String(-HOUR_MS)
  await lab.startService()
  await until('it has adopted them', async () => (await lab.overrides().catch(() => [])).some((o) => o.state === 'installed'))
  lab.edge.setFlows(QUIET)
  await until('everything is home', async () => (await lab.rib()).length === 0, 40_000)
}, 90_000)

test.each([
  ['counters', { withoutCounters: true }, 'no counters for'],
  ['samples', { withoutFlows: true }, 'no samples for'],
])('without %s it is silent in seconds, and says so', async (_, faults, told) => {
  lab.edge.setFaults(faults)
  await until('it is silent', async () => (await state()) === 'silent', 10_000)
  expect((await status()).routers[0]!.telemetry.faults[0]).toContain(told)
  lab.edge.setFaults({ withoutCounters: false, withoutFlows: false })
  await until('it is fresh', async () => (await state()) === 'fresh', 30_000)
}, 60_000)

test('samples that stand for ten times the truth are told, and change nothing', async () => {
  lab.edge.setFlows(QUIET)
  lab.edge.setFaults({ flowFactor: 10 })
  await until('it is told', async () => (await alarms()).includes('flows_disagree peer'), 15_000)
  const { alarms: [first] } = await status()
  expect(first!.message).toMatch(/^(telemetry of edge1 is silent|counters of peer say|flows of peer claim)/)
  const rib = await lab.rib()
  await seconds(3)
  expect([await lab.rib(), await state()]).toEqual([rib, 'silent'])
  lab.edge.setFaults({ flowFactor: 1 })
  await until('it is trusted again', async () => (await state()) === 'fresh', 60_000)
  await until('everything is home', async () => (await lab.rib()).length === 0, 40_000)
}, 120_000)

test('ifIndexes that are swapped are told at once, and what is installed goes after withdraw_after', async () => {
  lab.edge.setFlows(RUSH)
  await until('the peer is relieved', async () => (await lab.rib()).length > 0, 30_000)
  const swapped = performance.now()
  lab.edge.renumber('peer', 4)
  lab.edge.renumber('transit', 3)
  await until('it is told', async () => (await alarms()).includes('ifindex_mismatch peer'), 10_000)
  const toldAfterMs = performance.now() - swapped
  expect(await lab.rib()).not.toEqual([])
  await until('all of it is withdrawn', async () => (await lab.rib()).length === 0, 30_000)
  expect(performance.now() - swapped - toldAfterMs).toBeGreaterThan(7_000)
}, 90_000)
