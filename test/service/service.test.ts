/**
 * The service as its users run it: started, stopped, killed, told to be quiet, with gobgpd failing beside it; IPv4 and
 * IPv6 side by side. One story in order, on one lab: each test begins where the last one ended.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Exit } from '../../src/simulator/edge.ts'
import type { Flow } from '../../src/simulator/flow.ts'
import { until } from '../simulator/until.ts'
import { MBPS, startLab, type InterfaceJson, type Lab, type OverrideJson } from './lab.ts'

const PREFIXES = ['1.0.0.0/24', '2.0.0.0/24', '3.0.0.0/24', '4.0.0.0/24', '2a00:4::/48']
const exit = (name: string, i: number): Exit => ({
  name,
  ifIndex: 3 + i,
  speedBps: 100 * MBPS,
  nextHops: [`172.${16 + i}.0.1`, `2001:db8:${i}::1`],
  localPref: 200 - 100 * i,
  asPath: [33010 + i],
  prefixes: PREFIXES,
})

const flowTo = (to: string, mbps: number): Flow => ({ to, bps: mbps * MBPS, packetBytes: 1000 })
const QUIET = [flowTo('1.0.0.1', 20), flowTo('2.0.0.1', 20), flowTo('3.0.0.1', 20)]
/** At first only these may move, so that it takes one of each family to relieve the peer. */
const MOVED = ['4.0.0.1', '2a00:4::1']
const DENY = { deny: `[${PREFIXES.slice(0, 3).join(', ')}]` }
const RUSH = [...QUIET, ...MOVED.map((to) => flowTo(to, 15))]
const TARGET = 65 * MBPS
/** What the simulator's clock and ticks may be off, share of the load. */
const TOLERANCE = 1.05

let lab: Lab
beforeAll(async () => {
  lab = await startLab({ workers: 1, exits: [exit('peer', 0), exit('transit', 1)] })
}, 60_000)
afterAll(() => lab.stop())

const exitsOfMoved = (): string => MOVED.map((to) => lab.edge.exitOf(to)).join()
const peerIsRelieved = (): boolean => lab.carried()['peer']! <= TARGET * TOLERANCE
const prefixesOf = (overrides: readonly OverrideJson[]): string[] => overrides.map((o) => o.prefix).sort()
const decisions = (): Promise<{ kind: string; acted: boolean; reason: string }[]> => lab.get('/api/v1/decisions')
const mode = async (): Promise<string> => (await lab.get<{ mode: string }>('/api/v1/status')).mode

describe('dry-run', () => {
  test('decides as it would act, and sends nothing', async () => {
    lab.configure({ ...DENY, dry_run: true })
    await lab.startService()
    lab.edge.setFlows(RUSH)
    // In dry-run it leaves the opening of the session for a while to a Spillway that may inject.
    await until('it is ready', async () => (await lab.status('/readyz')) === 200, 30_000)
    await until('an override is planned', async () => (await lab.overrides()).length > 0)
    expect((await lab.overrides()).map((o) => o.state)).toEqual(['planned', 'planned'])
    expect((await decisions())[0]).toMatchObject({ kind: 'relieve', acted: false })
    const planned = await lab.overrides()
    const started = performance.now()
    await until('ten cycles have passed', () => performance.now() - started > 5000)
    expect(await lab.rib()).toEqual([])
    expect(lab.carried()['peer']).toBeGreaterThan(80 * MBPS)
    // And it goes on as if it had acted: the same plan, not a new one each cycle.
    expect((await lab.overrides()).map((o) => o.id)).toEqual(planned.map((o) => o.id))
    const interfaces = await lab.get<InterfaceJson[]>('/api/v1/interfaces')
    expect(interfaces[0]).toMatchObject({ name: 'peer', state: 'high' })
    expect(interfaces[0]!.planned_bps).toBeLessThanOrEqual(TARGET * TOLERANCE)
  }, 60_000)

  test('a bad configuration is refused on SIGHUP without stopping; a good one is taken', async () => {
    lab.breakConfig()
    lab.service.process.kill('SIGHUP')
    await until('it says that it was not taken', () => lab.service.output.includes('was not taken'))
    expect(await mode()).toBe('dry_run')
    lab.configure(DENY)
    lab.service.process.kill('SIGHUP')
    await until('it is active', async () => (await mode().catch(() => '')) === 'active')
  })
})

describe('active', () => {
  test('relieves the peer, as the edge itself tells', async () => {
    await until('the peer is relieved', peerIsRelieved, 30_000)
    const overrides = await lab.overrides()
    const moved = { from_interface: 'peer', to_interface: 'transit', state: 'installed' }
    expect(overrides).toEqual(['4.0.0.0/24', '2a00:4::/48'].map((prefix) => expect.objectContaining({ ...moved, prefix })))
    expect(await lab.rib()).toEqual(prefixesOf(overrides))
    expect(exitsOfMoved()).toBe('transit,transit')
    expect(lab.carried()['transit']).toBeLessThanOrEqual(TARGET * TOLERANCE)
  })

  test('SIGHUP changes settings, and forgets neither decisions nor why an override is there', async () => {
    const [decisionsBefore, overridesBefore] = [await decisions(), await lab.overrides()]
    lab.configure({ min_hold: '4s' })
    lab.service.process.kill('SIGHUP')
    await until('it is read again', () => lab.service.output.split('configuration read again').length === 3)
    await until('it is ready', async () => (await lab.status('/readyz').catch(() => 0)) === 200)
    expect((await decisions()).slice(-decisionsBefore.length)).toEqual(decisionsBefore)
    const story = (list: readonly OverrideJson[]) => list.map(({ id, since, reason, state }) => ({ id, since, reason, state }))
    expect(story(await lab.overrides())).toEqual(story(overridesBefore))
  })

  test('SIGTERM leaves the overrides; the next start adopts them with their story, and the edge sees no flap', async () => {
    const before = await lab.overrides()
    await lab.service.stop()
    expect(await lab.service.ended).toBe('exit code 0')
    expect(await lab.rib()).toEqual(prefixesOf(before))
    await lab.startService()
    const exits = new Set([exitsOfMoved()])
    const watching = setInterval(() => exits.add(exitsOfMoved()), 20)
    await until('it has adopted them', async () => (await lab.overrides().catch(() => [])).some((o) => o.state === 'installed'))
    await until('it is ready', async () => (await lab.status('/readyz')) === 200)
    clearInterval(watching)
    const after = await lab.overrides()
    const story = ({ id, since, from_interface, reason }: OverrideJson) => ({ id, since, from_interface, reason })
    expect(after.map(story)).toEqual(before.map(story))
    expect([...exits]).toEqual(['transit,transit'])
  })

  test('frozen: nothing comes home; active again: everything does, once the load has fallen', async () => {
    expect(await lab.setMode('frozen')).toBe(200)
    lab.edge.setFlows(QUIET)
    const frozen = performance.now()
    // Twice the window and the hold.
    await until('long enough for a release', () => performance.now() - frozen > 10_000)
    expect(await lab.rib()).toHaveLength(2)
    expect(await lab.setMode('active')).toBe(200)
    await until('everything is home', async () => (await lab.rib()).length === 0)
    expect((await decisions())[0]).toMatchObject({ kind: 'release', acted: true })
    await until('the edge shows it', () => exitsOfMoved() === 'peer,peer' && lab.carried()['transit']! < MBPS)
  })

  test('the alternate is withdrawn: the override goes, and nothing is lost', async () => {
    lab.edge.setFlows(RUSH)
    await until('the peer is relieved', async () => (await lab.rib()).length > 0 && peerIsRelieved(), 30_000)
    await lab.edge.withdraw('transit')
    await until('the override has gone', async () => (await lab.rib()).length === 0)
    await until('all leaves by the peer', () => lab.carried()['peer']! > 80 * MBPS)
    expect((await decisions()).map((d) => d.kind)).toContain('withdraw')
    await lab.edge.announce('transit')
    await until('the peer is relieved again', peerIsRelieved, 30_000)
  }, 60_000)

  test('the session with the router goes down: the override goes with it, and relief resumes when it is back', async () => {
    // Off and on again forgets that the alternate has gone before: a second time it would be waited for.
    expect([await lab.setMode('off'), await lab.setMode('active')]).toEqual([200, 200])
    await until('the peer is relieved anew', async () => (await lab.rib()).length > 0 && peerIsRelieved(), 30_000)
    await lab.edgeGobgp.kill('SIGKILL')
    await until('the override has gone', async () => (await lab.rib()).length === 0)
    await lab.edgeGobgp.restart()
    await until('the peer is relieved again', async () => (await lab.rib()).length > 0 && peerIsRelieved(), 40_000)
  }, 90_000)

  test('silence: nothing changes at first, then everything of the router is withdrawn', async () => {
    lab.edge.setFaults({ withoutFlows: true, withoutCounters: true })
    await until('its state is stale', async () =>
      (await lab.get<InterfaceJson[]>('/api/v1/interfaces')).every((i) => i.state === 'stale'))
    expect(await lab.rib()).not.toEqual([])
    await until('everything is withdrawn', async () => (await lab.rib()).length === 0)
    expect(await lab.status('/readyz')).toBe(503)
    lab.edge.setFaults({ withoutFlows: false, withoutCounters: false })
    await until('the peer is relieved again', peerIsRelieved, 30_000)
  }, 60_000)
})

describe('the kill switch', () => {
  test('off withdraws everything within 5 s, survives SIGKILL, and active relieves again', async () => {
    await until('there is something to withdraw', async () => (await lab.rib()).length > 0)
    const started = performance.now()
    expect(await lab.setMode('off')).toBe(200)
    expect(await lab.rib()).toEqual([])
    expect(performance.now() - started).toBeLessThan(5000)
    lab.service.process.kill('SIGKILL')
    await lab.service.ended
    await lab.startService()
    expect(await mode()).toBe('off')
    await until('it is ready', async () => (await lab.status('/readyz')) === 200)
    expect(await lab.rib()).toEqual([])
    expect(await lab.setMode('active')).toBe(200)
    await until('the peer is relieved again', peerIsRelieved, 30_000)
  }, 60_000)

  test('withdraw works when the service is dead', async () => {
    expect(await lab.rib()).not.toEqual([])
    lab.service.process.kill('SIGKILL')
    await lab.service.ended
    const { startTied } = await import('../../src/simulator/tied-process.ts')
    const command = startTied('bin/spillway', ['withdraw', '-c', lab.file], {
      env: { ...process.env, SPILLWAY_NODE: process.execPath },
    })
    expect(await command.ended).toBe('exit code 0')
    expect(await lab.rib()).toEqual([])
  })
})
