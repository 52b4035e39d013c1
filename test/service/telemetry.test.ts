/** Guard 7 from the datagram to the route: silence and lies of one router, while another goes on being steered. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { makePath } from '../controller/world.ts'
import { COUNTERS_EVERY_S, TelemetryBench, WITHDRAW_AFTER_S, type Lies } from './telemetry-bench.ts'

const QUIET = [20, 20, 20]
const RUSH = [20, 20, 20, 28]

let bench: TelemetryBench
beforeEach(async () => {
  bench = new TelemetryBench()
  await bench.start()
})
afterEach(async () => {
  await bench.stop()
  bench.close()
})

/** Both routers have carried so much for a minute and a half; all is well. */
async function settle(mbps: readonly number[]): Promise<void> {
  bench.rtr1.carry(mbps)
  bench.rtr2.carry(mbps)
  await bench.pass(90)
  expect([bench.state(bench.rtr1), bench.state(bench.rtr2)]).toEqual(['fresh', 'fresh'])
}

const lie = (lies: Partial<Lies>): void => void Object.assign(bench.rtr1.lies, lies)
const isSilent = (): boolean => bench.state(bench.rtr1) !== 'fresh'
const overrides = (): number[] => [bench.rtr1, bench.rtr2].map(({ edge }) => edge.installed.size)
const BOTH = [0, 1]
const SOON = 3 * COUNTERS_EVERY_S

describe('silence of one router', () => {
  test.each([
    ['samples', { withoutFlows: BOTH }, 4, ['no samples for']],
    ['counters', { withoutCounters: BOTH }, 2 * COUNTERS_EVERY_S + 2, ['no counters for']],
    ['both', { withoutFlows: BOTH, withoutCounters: BOTH }, 4, ['no samples for']],
    ['samples of one agent', { withoutFlows: [0] }, 4, ['no samples of agent 10.1.1.1 for']],
    ['counters of one agent', { withoutCounters: [1] }, 2 * COUNTERS_EVERY_S + 2, ['no counters of agent 10.1.1.2 for', 'no believable counters of exit1 for']],
  ])('%s: found in time, told, and nothing is added; the other one is relieved', async (_, lies, withinS, faults) => {
    await settle(QUIET)
    lie(lies)
    expect(await bench.pass(60, isSilent)).toBeLessThanOrEqual(withinS)
    expect(bench.report(bench.rtr1).telemetryFaults).toEqual(faults.map((fault) => expect.stringContaining(fault)))
    expect(bench.alarms(bench.rtr1)).toContain('telemetry_silent')
    bench.rtr1.carry(RUSH)
    bench.rtr2.carry(RUSH)
    await bench.pass(40)
    expect(overrides()).toEqual([0, 1])
    expect([bench.state(bench.rtr2), bench.alarms(bench.rtr2)]).toEqual(['fresh', []])
    lie({ withoutFlows: [], withoutCounters: [] })
    await bench.pass(SOON, () => !isSilent())
    await bench.pass(10)
    expect(overrides()[0]).toBeGreaterThan(0)
  })

  test.each([
    ['samples', { withoutFlows: BOTH }],
    ['counters of one agent', { withoutCounters: [0] }],
  ])('%s: nothing is released, and all of it is withdrawn after withdraw_after; the other one keeps its own', async (_, lies) => {
    await settle(RUSH)
    expect(overrides()).toEqual([1, 1])
    lie(lies)
    const silentAfterS = await bench.pass(SOON, isSilent)
    bench.rtr1.carry([5, 5])
    const lostAfterS = silentAfterS + (await bench.pass(WITHDRAW_AFTER_S + SOON, () => overrides()[0] === 0))
    expect(lostAfterS).toBeGreaterThan(WITHDRAW_AFTER_S - COUNTERS_EVERY_S)
    expect(lostAfterS).toBeLessThanOrEqual(WITHDRAW_AFTER_S + 2)
    expect(bench.decisions(bench.rtr1)[0]).toMatchObject({ kind: 'withdraw', reason: expect.stringContaining("the router's telemetry is lost") as string })
    expect([overrides(), bench.decisions(bench.rtr2).map(({ kind }) => kind)]).toEqual([[0, 1], ['relieve']])
  })

  test('withdrawals for lost routes go on meanwhile', async () => {
    await settle(RUSH)
    lie({ withoutFlows: BOTH, withoutCounters: BOTH })
    await bench.pass(30)
    expect(overrides()).toEqual([1, 1])
    bench.rtr1.edge.receive(...[1, 2, 3, 4].map((n) => makePath(`${n}.0.0.0/24`, 0)))
    await bench.pass(1)
    expect(overrides()).toEqual([0, 1])
  })

  test('an agent that never spoke is waited for at the start, then told, and does not block what the other knows', async () => {
    lie({ withoutFlows: [1], withoutCounters: [1] })
    bench.rtr1.carry(RUSH)
    bench.rtr2.carry(RUSH)
    await bench.pass(30)
    expect([bench.report(bench.rtr1).telemetryFaults, bench.alarms(bench.rtr1)]).toEqual([
      ['nothing of agent 10.1.1.2 yet'], ['telemetry_silent', 'agent_unheard', 'interface_overloaded exit0'],
    ])
    await bench.pass(31)
    expect([bench.state(bench.rtr1), bench.alarms(bench.rtr1)]).toEqual(['fresh', ['agent_unheard', 'interface_overloaded exit0']])
  })

  test('after a restart nothing is released before all of it was measured over a whole window', async () => {
    await settle(RUSH)
    expect(overrides()).toEqual([1, 1])
    bench.rtr1.carry([5])
    bench.rtr2.carry([5])
    await bench.restart()
    lie({ withoutFlows: [1], withoutCounters: [1] })
    await bench.pass(31)
    expect(overrides()).toEqual([1, 0])
    lie({ withoutFlows: [], withoutCounters: [] })
    await bench.pass(30)
    expect(overrides()).toEqual([1, 0])
    await bench.pass(5)
    expect(overrides()).toEqual([0, 0])
  })
})

describe('lies of one router', () => {
  /** Nothing was decided but the relief of before. */
  const decided = (): string[] => bench.decisions(bench.rtr1).map(({ kind }) => kind)

  test.each([
    ['an ifSpeed of 10 Mbps', { speedOnce: 10e6 }],
    ['an ifSpeed of 0', { speedOnce: 0 }],
    ['octets that jump ahead', { octetsOnce: 1e12 }],
    ['octets that fall back', { octetsOnce: -9e8 }],
  ])('%s in a single counter sample: nothing is decided, and it passes', async (_, lies) => {
    await settle(QUIET)
    lie(lies)
    for (let i = 0; i < 50; i++) {
      await bench.pass(1)
      expect(bench.report(bench.rtr1).interfaces[0]!.state).toBe('ok')
    }
    expect([decided(), bench.state(bench.rtr1)]).toEqual([[], 'fresh'])
  })

  test('octets that make no sense again and again are silence of the counters', async () => {
    await settle(QUIET)
    const foundAfterS = await bench.pass(60, () => {
      lie({ octetsOnce: bench.nowMs * 1e6 })
      return isSilent()
    })
    expect(foundAfterS).toBeLessThanOrEqual(2 * COUNTERS_EVERY_S + 2)
    expect(bench.report(bench.rtr1).telemetryFaults).toEqual([expect.stringContaining('no believable counters of exit0 for')])
    expect(bench.report(bench.rtr1).interfaces[0]!.traffic.outBps! / 60e6).toBeCloseTo(1, 1)
  })

  test.each([
    ['flows of ten times the truth', { flowFactor: 10 }, [10, 10, 10], COUNTERS_EVERY_S],
    ['flows of ten times the truth on a link that is almost idle', { flowFactor: 10 }, [2, 2, 2], COUNTERS_EVERY_S],
    ['octets of ten times the truth', { octetFactor: 10 }, [3, 3, 3], 2 * COUNTERS_EVERY_S],
    ['octets of a tenth of the truth', { octetFactor: 0.1 }, [20, 20, 20], 2 * COUNTERS_EVERY_S],
  ])('%s: told, nothing is done while it lasts, and the router is steered again when it is over', async (_, lies, mbps, withinS) => {
    await settle(mbps)
    lie(lies)
    expect(await bench.pass(60, () => bench.alarms(bench.rtr1).includes('flows_disagree exit0'))).toBeLessThanOrEqual(withinS)
    const done = [decided(), overrides()]
    await bench.pass(60)
    expect(bench.alarms(bench.rtr1)).toContain('flows_disagree exit0')
    expect([isSilent(), [decided(), overrides()]]).toEqual([true, done])
    expect([bench.state(bench.rtr2), bench.alarms(bench.rtr2)]).toEqual(['fresh', []])
    lie({ flowFactor: 1, octetFactor: 1 })
    await bench.pass(60)
    expect([isSilent(), bench.alarms(bench.rtr1)]).toEqual([false, []])
    bench.rtr1.carry(RUSH)
    await bench.pass(20)
    expect(overrides()[0]).toBeGreaterThan(0)
  })

  test('flows of ten times the truth while detours are in: they stay, and go after withdraw_after, reloads or not', async () => {
    await settle(RUSH)
    lie({ flowFactor: 10 })
    await bench.pass(200)
    await bench.reload()
    expect(overrides()).toEqual([1, 1])
    const goneAfterS = 200 + (await bench.pass(200, () => overrides()[0] === 0))
    expect(goneAfterS).toBeGreaterThan(WITHDRAW_AFTER_S)
    expect(goneAfterS).toBeLessThanOrEqual(WITHDRAW_AFTER_S + SOON)
    expect(overrides()).toEqual([0, 1])
  })

  test('a sampling rate that changes in flight decides nothing', async () => {
    lie({ samplingRate: 10 })
    await settle([22, 22, 22])
    for (const samplingRate of [1000, 10, 1000, 10]) {
      lie({ samplingRate })
      for (let i = 0; i < 45; i++) {
        await bench.pass(1)
        expect(bench.report(bench.rtr1).interfaces[0]!.state).toBe('ok')
      }
    }
    expect([decided(), bench.alarms(bench.rtr1), bench.state(bench.rtr1)]).toEqual([[], [], 'fresh'])
  })

  test.each([
    ['next hops tell', { ifIndexes: [2, 1] as const }],
    ['its speed tells', { withoutNextHops: true, speeds: [1e9, 100e6] as const }],
  ])('ifIndexes renumbered by a reboot, as %s: told, nothing is added, and all goes after withdraw_after', async (_, lies) => {
    await settle(RUSH)
    bench.rtr1.reboot(bench.nowMs)
    lie(lies)
    expect(await bench.pass(60, () => bench.alarms(bench.rtr1).includes('ifindex_mismatch exit0'))).toBeLessThanOrEqual(COUNTERS_EVERY_S)
    expect([isSilent(), decided(), overrides()]).toEqual([true, ['relieve'], [1, 1]])
    const goneAfterS = await bench.pass(WITHDRAW_AFTER_S + SOON, () => overrides()[0] === 0)
    expect(goneAfterS).toBeGreaterThan(WITHDRAW_AFTER_S - SOON)
    expect([decided(), overrides()]).toEqual([['withdraw', 'relieve'], [0, 1]])
    expect([bench.state(bench.rtr2), bench.alarms(bench.rtr2)]).toEqual(['fresh', []])
    lie({ ifIndexes: [1, 2], speeds: [100e6, 100e6] })
    await bench.pass(90, () => overrides()[0]! > 0)
    expect([bench.report(bench.rtr1).telemetryFaults, overrides()[0]! > 0]).toEqual([[], true])
  })

  test('a reboot that renumbers nothing is no lie', async () => {
    await settle(QUIET)
    bench.rtr1.reboot(bench.nowMs)
    await bench.pass(60)
    expect([bench.state(bench.rtr1), bench.alarms(bench.rtr1), decided()]).toEqual(['fresh', [], []])
  })
})
