/** What becomes of overrides when the service, its watchdog or both are gone. One story in order, on one lab. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Exit } from '../../src/simulator/edge.ts'
import { findFreePort } from '../../src/simulator/free-port.ts'
import { startTied, type TiedProcess } from '../../src/simulator/tied-process.ts'
import { until } from '../bgp/edge.ts'
import { MBPS, startLab, type Lab } from './lab.ts'
import { findWatchdogs } from './watchdogs.ts'

/** At first: a busy machine may take seconds to start the service that adopts. */
const LONG_LEASE_MS = 10_000
const LEASE_MS = 3000
/** A look a second, withdrawing, and what a busy machine takes. */
const SLACK_MS = 3000
const ADDRESSES = ['1.0.0.1', '2.0.0.1', '3.0.0.1', '4.0.0.1']
const exit = (name: string, i: number): Exit => ({
  name,
  ifIndex: 3 + i,
  speedBps: 100 * MBPS,
  nextHops: [`172.${16 + i}.0.1`],
  localPref: 200 - 100 * i,
  asPath: [33010 + i],
  prefixes: ADDRESSES.map((address) => address.replace(/1$/, '0/24')),
})

interface Status {
  readonly gobgp: readonly {
    readonly lease: { readonly state: string; readonly owner: string; readonly ours: boolean } | null
    readonly watchdog: { readonly seen: boolean; readonly age_seconds: number | null }
  }[]
  readonly alarms: readonly { readonly kind: string; readonly message: string }[]
  readonly routers: readonly { readonly permission: { readonly state: string; readonly why: string | null } | null }[]
}

let lab: Lab
let folder: string
let second: TiedProcess | undefined
let watchdog: TiedProcess | undefined
const env = { ...process.env, SPILLWAY_NODE: process.execPath }
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'spillway-second-'))
  lab = await startLab({ exits: [exit('peer', 0), exit('transit', 1)] })
  lab.configure({ lease: `${LONG_LEASE_MS}ms` })
  // More than the watermark; without any of them it is below the target, whichever looks largest in the samples.
  lab.edge.setFlows(ADDRESSES.map((to, i) => ({ to, bps: (i === 3 ? 24 : 20) * MBPS, packetBytes: 1000 })))
}, 60_000)
afterAll(async () => {
  await second?.stop()
  await watchdog?.stop()
  await lab?.stop()
  rmSync(folder, { recursive: true })
})

const status = async (base = lab.base): Promise<Status> =>
  (await (await fetch(`${base}/api/v1/status`, { signal: AbortSignal.timeout(5000) })).json()) as Status
const permission = async (base?: string) => (await status(base)).routers[0]!.permission
/** Added and withdrawn. */
const routeChanges = async (base: string): Promise<number[]> => {
  const metrics = await (await fetch(`${base}/metrics`)).text()
  return [...metrics.matchAll(/^spillway_route_changes_total\{.*\} (\d+)$/gm)].map(([, times]) => Number(times))
}
const isGranted = async (): Promise<boolean> => (await permission().catch(() => null))?.state === 'granted'
const isEmpty = async (): Promise<boolean> => (await lab.rib()).length === 0
const kill = async (): Promise<void> => {
  lab.service.process.kill('SIGKILL')
  await lab.service.ended
}
const pass = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
const say = (what: string, sinceMs: number): void =>
  void process.stdout.write(`lease of 3 s: ${what} after ${((performance.now() - sinceMs) / 1000).toFixed(1)} s\n`)
/** Resolves with the ms that passed since then until nothing of ours is left in GoBGP. */
const timeUntilEmpty = async (what: string, sinceMs: number): Promise<number> => {
  await until('all overrides are gone', isEmpty, 15_000)
  say(`${what}: all overrides gone`, sinceMs)
  return performance.now() - sinceMs
}
/** By which exits an address leaves while something is done. */
const exitsDuring = async (prefix: string, work: () => Promise<void>): Promise<string[]> => {
  const address = prefix.replace(/0\/24$/, '1')
  const exits = new Set<string>()
  const look = (): void => void exits.add(String(lab.edge.exitOf(address)))
  await until('the edge has the override', () => lab.edge.exitOf(address) === 'transit')
  const watching = setInterval(look, 20)
  await work()
  clearInterval(watching)
  return [...exits]
}

test('holds the lease, and a watchdog looks after it', async () => {
  await lab.startService()
  await until('an override is there', async () => !(await isEmpty()), 40_000)
  const [gobgp] = (await status()).gobgp
  expect(gobgp).toMatchObject({ lease: { state: 'held', ours: true }, watchdog: { seen: true } })
  expect(findWatchdogs(lab.gobgp.api)).toHaveLength(1)
}, 60_000)

test('killed and started again at once: it goes on, and the router sees no flap', async () => {
  const [prefix] = await lab.rib()
  const exits = await exitsDuring(prefix!, async () => {
    await kill()
    await lab.startService()
    await until('it is granted', isGranted)
    await pass(LONG_LEASE_MS)
  })
  expect(exits).toEqual(['transit'])
  // The first one's was relieved.
  await until('one watchdog is left', () => findWatchdogs(lab.gobgp.api).length === 1)
}, 40_000)

test('SIGHUP with another lease: the next watchdog is there before the last one goes', async () => {
  const [pid] = findWatchdogs(lab.gobgp.api)
  const before = await lab.rib()
  lab.configure({ lease: `${LEASE_MS}ms` })
  lab.service.process.kill('SIGHUP')
  const seen = new Set<string | undefined>()
  await until('another has taken over', async () => {
    seen.add((await permission().catch(() => null))?.state)
    const now = findWatchdogs(lab.gobgp.api)
    return now.length === 1 && now[0] !== pid
  })
  // Undefined while REST is handed over.
  expect([...seen].filter((state) => state !== undefined)).toEqual(['granted'])
  expect(await lab.rib()).toEqual(before)
}, 40_000)

test('the watchdog killed: noticed and started again; nothing is added meanwhile, and nothing goes', async () => {
  const before = await lab.rib()
  const [pid] = findWatchdogs(lab.gobgp.api)
  process.kill(pid!, 'SIGKILL')
  const killedMs = performance.now()
  const held = await until('it is noticed', async () => {
    const now = await permission()
    return now?.state === 'granted' ? undefined : now
  })
  expect(held).toMatchObject({ state: 'no_additions', why: expect.stringContaining('no watchdog is seen') as string })
  expect(held.why).toContain('signal SIGKILL')
  say('watchdog killed: noticed', killedMs)
  await until('it is granted again', isGranted)
  say('watchdog killed: another one seen, and additions granted again,', killedMs)
  expect(findWatchdogs(lab.gobgp.api)).not.toContain(pid)
  expect(await lab.rib()).toEqual(before)
}, 40_000)

test('service and watchdog killed: the overrides stay, and the next start adopts them', async () => {
  const before = await lab.overrides()
  const exits = await exitsDuring(before[0]!.prefix, async () => {
    for (const pid of findWatchdogs(lab.gobgp.api)) process.kill(pid, 'SIGKILL')
    await kill()
    await pass(LEASE_MS + 1000)
    await lab.startService()
    await until('it is granted', isGranted)
  })
  expect(exits).toEqual(['transit'])
  const ids = before.map(({ id }) => id).join()
  await until('they are adopted', async () => (await lab.overrides()).map(({ id }) => id).join() === ids)
  expect(lab.edge.exitOf(before[0]!.prefix.replace(/0\/24$/, '1'))).toBe('transit')
}, 40_000)

test('a service that hangs: its overrides are gone within the lease; awake again, it begins anew', async () => {
  await until('the watchdog is seen', isGranted)
  lab.service.process.kill('SIGSTOP')
  // bin/spillway runs under setpriv, which became it: one process.
  const ms = await timeUntilEmpty('service hangs', performance.now())
  expect(ms).toBeLessThan(LEASE_MS + SLACK_MS)
  lab.service.process.kill('SIGCONT')
  await until('it relieves again', async () => !(await isEmpty()), 40_000)
  expect((await status()).gobgp[0]).toMatchObject({ lease: { state: 'held', ours: true } })
}, 80_000)

test('killed for good: its overrides are gone within the lease, and then its watchdog', async () => {
  await until('the watchdog is seen', isGranted)
  await kill()
  const ms = await timeUntilEmpty('service killed', performance.now())
  expect(ms).toBeLessThan(LEASE_MS + SLACK_MS)
  await until('no watchdog is left', () => findWatchdogs(lab.gobgp.api).length === 0)
}, 40_000)

test('beside a watchdog of its own a service starts none', async () => {
  const own = startTied('bin/spillway', ['watchdog', '-c', lab.file], { env })
  watchdog = own
  await until('it runs', () => own.output.includes('"msg":"started"'))
  await lab.startService()
  await until('an override is there', async () => !(await isEmpty()), 40_000)
  expect(findWatchdogs(lab.gobgp.api)).toEqual([])
}, 60_000)

test('a second service stays out and touches nothing, and takes over when the first is gone', async () => {
  const file = join(folder, 'second.yaml')
  const port = await findFreePort('127.0.0.1')
  const base = `http://127.0.0.1:${port}`
  const config = readFileSync(lab.file, 'utf8')
  writeFileSync(file, config.replace(/(api: \{ listen: ")[^"]*/, `$1127.0.0.1:${port}`).replace(/(sflow: \{ listen: ")[^"]*/, '$1127.0.0.1:0'))
  const before = await until('it is relieved', async () =>
    lab.carried()['peer']! <= 68 * MBPS ? lab.rib() : undefined)
  second = startTied('bin/spillway', ['run', '-c', file], { env })
  const why = await until('the second stands by', async () => {
    const now = await permission(base).catch(() => null)
    return now?.state === 'stand_by' && now.why?.includes('holds the lease') === true ? now.why : undefined
  })
  expect(why).toContain((await status()).gobgp[0]!.lease!.owner)
  await pass(LEASE_MS + 1000)
  expect(await permission(base)).toMatchObject({ state: 'stand_by' })
  expect((await status(base)).alarms.map(({ kind }) => kind)).toContain('lease_foreign')
  expect(await isGranted()).toBe(true)
  // The first may have added to them since.
  expect(await lab.rib()).toEqual(expect.arrayContaining([...before]))
  expect(await routeChanges(base)).toEqual([0, 0])
  await kill()
  const killedMs = performance.now()
  await until('the second has it', async () => (await permission(base).catch(() => null))?.state === 'granted', 20_000)
  say('service killed: the second took over', killedMs)
  expect((await status(base)).gobgp[0]!.lease).toMatchObject({ ours: true, state: 'held' })
}, 80_000)

test('with gobgpd gone too, no watchdog is left behind', async () => {
  await watchdog?.stop()
  await until('the second has started one for itself', () => findWatchdogs(lab.gobgp.api).length > 0)
  await second?.stop()
  await kill()
  expect(findWatchdogs(lab.gobgp.api).length).toBeGreaterThan(0)
  await lab.gobgp.kill('SIGKILL')
  await until('no watchdog is left', () => findWatchdogs(lab.gobgp.api).length === 0, 20_000)
}, 40_000)
