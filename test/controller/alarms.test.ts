import { describe, expect, test } from 'vitest'
import { findAlarms, keepAlarms } from '../../src/controller/alarms.ts'
import type { CycleReport, RouterReport } from '../../src/controller/report.ts'
import type { Finding } from '../../src/model/alarm.ts'
import { parseAddress } from '../../src/model/prefix.ts'
import type { Contradiction } from '../../src/model/traffic.ts'
import { REPORT } from '../api/fake-view.ts'

const [edge1] = REPORT.routers as [RouterReport, RouterReport]
const healthy: RouterReport = { ...edge1, setAside: [], interfaces: edge1.interfaces.map((i) => ({ ...i, state: 'ok' })) }
const reportOf = (changes: Partial<RouterReport>): CycleReport => ({ ...REPORT, routers: [{ ...healthy, ...changes }] })
const inState = (state: 'high' | 'down'): Partial<RouterReport> => ({
  interfaces: healthy.interfaces.map((i, n) => (n === 0 ? { ...i, state } : i)),
})

describe('what a cycle shows to be wrong', () => {
  test('is nothing when all is well', () => expect(findAlarms(reportOf({}))).toEqual([]))

  test.each([
    ['session_down', null, { session: { up: false, synced: false } }, 'GoBGP has no BGP session with edge1: no route of it is known'],
    ['telemetry_silent', null, { telemetryState: 'silent', telemetryFaults: ['no samples for 9 s', 'no counters for 30 s'] }, 'telemetry of edge1 is silent (no samples for 9 s; no counters for 30 s): its rates keep their last value, and nothing is added or released'],
    ['telemetry_silent', null, { telemetryState: 'lost', telemetryFaults: ['no counters for 301 s'] }, 'telemetry of edge1 is lost (no counters for 301 s): all its overrides are withdrawn'],
    ['interface_overloaded', 'transit-a', inState('high'), 'transit-a of edge1 is planned to carry 850 Mbps: its high watermark is 80 % of 1.0 Gbps'],
    ['interface_down', 'transit-a', inState('down'), 'transit-a of edge1 is down, as its counters say'],
  ] as const)('is told in words: %s', (kind, of, changes, message) => {
    const [found, ...rest] = findAlarms(reportOf(changes))
    expect(rest).toEqual([])
    expect(found).toMatchObject({ kind, router: 'edge1', interface: of ?? undefined })
    expect(found!.message).toBe(message)
  })
})

describe('telemetry that cannot be true', () => {
  const disagree = { kind: 'flows_disagree' as const, countersBps: 8e6, flowsBps: 80e6 }
  const mismatch = { kind: 'ifindex_mismatch' as const, evidence: 'samples leave by ifIndex 1 to 192.0.2.4, which transit-b has' }
  const found = (...contradictions: readonly Contradiction[]): (string | undefined)[][] =>
    findAlarms(
      reportOf({ interfaces: healthy.interfaces.map((i, n) => (n === 0 ? { ...i, traffic: { ...i.traffic, contradictions } } : i)) }),
    ).map(({ kind, interface: name, message }) => [kind, name, message])

  test('is told with both figures and what follows', () => {
    expect(found({ ...disagree, isTrusted: true })).toEqual([
      ['flows_disagree', 'transit-a', 'counters of transit-a say 8.0 Mbps, flows 80.0 Mbps, on edge1: the rates of its prefixes are scaled to the counters'],
    ])
    expect(found({ ...disagree, isTrusted: false })[0]![2]).toMatch(/, on edge1: nothing is added or released$/)
    expect(found(mismatch)).toEqual([
      ['ifindex_mismatch', 'transit-a', "transit-a: samples leave by ifIndex 1 to 192.0.2.4, which transit-b has; compare the ifIndexes of the configuration with the router's, on edge1: nothing is added or released"],
    ])
  })

  test('is told once of a kind, the worse one', () => {
    const excess = { ...disagree, countersBps: undefined, isTrusted: false }
    const message = 'flows of transit-a claim 80.0 Mbps, more than it could be offered, on edge1: nothing is added or released'
    for (const both of [[{ ...disagree, isTrusted: true }, excess], [excess, { ...disagree, isTrusted: true }]]) {
      expect(found(...both)).toEqual([['flows_disagree', 'transit-a', message]])
    }
  })

  test('a LAG that is measured without a member says which', () => {
    const [first] = healthy.interfaces
    const without = (missingMembers: number[]) =>
      findAlarms(reportOf({ interfaces: [{ ...first!, traffic: { ...first!.traffic, missingMembers } }] })).filter((one) => one.kind === 'lag_member_missing')
    expect(without([])).toEqual([])
    expect(without([11, 12])[0]).toMatchObject({
      router: 'edge1', interface: 'transit-a', message: expect.stringContaining('transit-a of edge1 is measured without its members 11, 12 (ifIndex)'),
    })
  })

  test('an agent that never spoke is told by its address, unless none did', () => {
    const [spoke] = healthy.telemetry.agents
    const unheard = { ...spoke!, agent: parseAddress('10.0.0.2'), lastFlowMs: undefined, lastCounterMs: undefined }
    const withAgents = (...agents: RouterReport['telemetry']['agents']) => findAlarms(reportOf({ telemetry: { ...healthy.telemetry, agents } }))
    expect(withAgents(spoke!, unheard)).toEqual([
      { kind: 'agent_unheard', router: 'edge1', interface: undefined, message: 'edge1 has sent nothing as 10.0.0.2, which is among its sflow_agent addresses' },
    ])
    expect(withAgents(unheard)).toEqual([])
  })
})

test('an alarm knows since when, whatever its figures, until it ends', () => {
  const silent = (message: string): Finding => ({ kind: 'telemetry_silent', router: 'edge1', interface: undefined, message })
  const down: Finding = { kind: 'interface_down', router: 'edge1', interface: 'swp1', message: '' }
  const first = keepAlarms([], [silent('12 s ago')], 1000)
  expect(first.alarms).toEqual([{ ...silent('12 s ago'), sinceMs: 1000 }])
  expect(first.begun).toEqual(first.alarms)
  const second = keepAlarms(first.alarms, [silent('13 s ago'), down], 2000)
  expect(second.alarms).toEqual([{ ...silent('13 s ago'), sinceMs: 1000 }, { ...down, sinceMs: 2000 }])
  expect([second.begun, second.ended]).toEqual([[{ ...down, sinceMs: 2000 }], []])
  const third = keepAlarms(second.alarms, [down], 3000)
  expect(third.ended).toEqual([{ ...silent('13 s ago'), sinceMs: 1000 }])
  expect(keepAlarms(third.alarms, [down, silent('')], 4000).alarms[1]).toMatchObject({ sinceMs: 4000 })
})
