import { describe, expect, test } from 'vitest'
import { judgeTelemetry } from '../../../src/controller/telemetry/silence.ts'
import { parseAddress } from '../../../src/model/prefix.ts'
import type { AgentTelemetry, InterfaceTraffic, RouterTraffic, Telemetry } from '../../../src/model/traffic.ts'

const POLICY = { staleAfterMs: 60_000, withdrawAfterMs: 300_000 }
const NOW = 10_000_000

/** State with the last sample and the last counters so many seconds ago. */
function state(flowAgo: number | undefined, counterAgo: number | undefined, settings: Partial<Telemetry & { outBps: number; listening: number }> = {}) {
  const { outBps = 1e6, listening = 1000, ...rest } = settings
  const ago = (s: number | undefined): number | undefined => (s === undefined ? undefined : NOW - s * 1000)
  const telemetry = {
    lastFlowMs: ago(flowAgo), flowIntervalMs: 1000, lastCounterMs: ago(counterAgo), counterIntervalMs: 10_000, agents: [], ...rest,
  }
  const exit = { name: 'swp1', source: 'counters', outBps, speedBps: 1e8, contradictions: [] as InterfaceTraffic['contradictions'] } as InterfaceTraffic
  const traffic = { telemetry, interfaces: [exit] } as unknown as RouterTraffic
  return judgeTelemetry({ traffic, nowMs: NOW, listeningSinceMs: NOW - listening * 1000, distrustedSinceMs: undefined, policy: POLICY }).state
}

describe('guard 7: silence', () => {
  test.each([
    [1, 1, 'fresh'],
    [2.9, 20, 'fresh'],
    [3.1, 1, 'silent'],
    [1, 21.1, 'silent'],
    [61, 1, 'stale'],
    [1, 61, 'stale'],
    [301, 1, 'lost'],
    [1, 301, 'lost'],
  ])('samples %d s ago and counters %d s ago: %s', (flows, counters, expected) => {
    expect(state(flows, counters)).toBe(expected)
  })

  test('a router without counters is judged by its samples alone', () => {
    expect(state(1, undefined)).toBe('fresh')
    expect(state(61, undefined)).toBe('stale')
  })

  test('a router that carries nothing is quiet, not silent, while its counters say so', () => {
    expect(state(400, 1, { outBps: 1000 })).toBe('fresh')
    expect(state(400, 100, { outBps: 1000 })).toBe('stale')
    expect(state(400, 301, { outBps: 1000 })).toBe('lost')
  })

  test('a router not heard yet gets its time', () => {
    expect(state(undefined, undefined, { listening: 1 })).toBe('silent')
    expect(state(undefined, undefined, { listening: 61 })).toBe('stale')
    expect(state(undefined, undefined, { listening: 301 })).toBe('lost')
  })
})

/** An agent heard so many seconds ago. */
const agent = (place: number, flowAgo: number | undefined, counterAgo: number | undefined, settings: Partial<AgentTelemetry> = {}): AgentTelemetry => {
  const ago = (s: number | undefined): number | undefined => (s === undefined ? undefined : NOW - s * 1000)
  return {
    agent: parseAddress(`10.1.4.${place + 1}`), lastFlowMs: ago(flowAgo), flowIntervalMs: 1000, lastCounterMs: ago(counterAgo),
    counterIntervalMs: 10_000, interfaces: [place], ...settings,
  }
}

/** Two interfaces at 1 Mbps of 100; what is told of the router and its agents is recent but for what is given. */
function verdict(
  agents: readonly AgentTelemetry[],
  settings: { interfaces?: readonly Partial<InterfaceTraffic>[]; listening?: number; distrusted?: number } = {},
) {
  const interfaces = ['swp1', 'swp2'].map((name, i) => ({
    name, source: 'counters', outBps: 1e6, speedBps: 1e8, operUp: true, lastCounterMs: NOW - 1000, counterIntervalMs: 10_000,
    contradictions: [], ...settings.interfaces?.[i],
  }))
  const telemetry = { lastFlowMs: NOW - 100, flowIntervalMs: 1000, lastCounterMs: NOW - 1000, counterIntervalMs: 10_000, agents }
  return judgeTelemetry({
    traffic: { telemetry, interfaces } as unknown as RouterTraffic,
    nowMs: NOW,
    listeningSinceMs: NOW - (settings.listening ?? 1000) * 1000,
    distrustedSinceMs: settings.distrusted === undefined ? undefined : NOW - settings.distrusted * 1000,
    policy: POLICY,
  })
}
const FRESH = { state: 'fresh', faults: [] }

describe('one of several agents', () => {
  const other = agent(1, 1, 1)

  test.each([
    [2.9, 20, FRESH],
    [3.1, 1, { state: 'silent', faults: ['no samples of agent 10.1.4.1 for 3 s'] }],
    [1, 21.1, { state: 'silent', faults: ['no counters of agent 10.1.4.1 for 21 s'] }],
    [61, 61, { state: 'stale', faults: ['no samples of agent 10.1.4.1 for 61 s', 'no counters of agent 10.1.4.1 for 61 s'] }],
    [301, 1, { state: 'lost', faults: ['no samples of agent 10.1.4.1 for 301 s'] }],
  ])('samples %d s ago and counters %d s ago: the other one does not hide it', (flows, counters, expected) => {
    expect(verdict([agent(0, flows, counters), other])).toEqual(expected)
  })

  test('that never spoke is waited for until stale_after from the start, and not for ever', () => {
    const unheard = agent(0, undefined, undefined)
    expect(verdict([unheard, other], { listening: 59 })).toEqual({ state: 'silent', faults: ['nothing of agent 10.1.4.1 yet'] })
    expect(verdict([unheard, other], { listening: 61 })).toEqual(FRESH)
  })

  test('that sends few samples, or has nothing to sample, may pause while its counters come', () => {
    const spare = agent(0, 200, 1, { flowIntervalMs: 40_000 })
    expect(verdict([spare, other])).toEqual(FRESH)
    expect(verdict([{ ...spare, lastCounterMs: NOW - 22_000 }, other])).toEqual({ state: 'silent', faults: ['no counters of agent 10.1.4.1 for 22 s'] })
    expect(verdict([agent(0, 200, 1), other], { interfaces: [{ outBps: 1000 }] })).toEqual(FRESH)
    expect(verdict([agent(0, 200, 1, { interfaces: [] }), other]).state).toBe('stale')
  })
})

describe('one of several interfaces', () => {
  const counters = (ago: number, of: Partial<InterfaceTraffic> = {}) => [{ lastCounterMs: NOW - ago * 1000, ...of }]

  test.each([
    [20, FRESH],
    [21.1, { state: 'silent', faults: ['no believable counters of swp1 for 21 s'] }],
    [301, { state: 'lost', faults: ['no believable counters of swp1 for 301 s'] }],
  ])('whose counters came %d s ago speaks for the router', (ago, expected) => {
    expect(verdict([], { interfaces: counters(ago) })).toEqual(expected)
  })

  test('is not missed when it never had counters, or was down', () => {
    expect(verdict([], { interfaces: [{ lastCounterMs: undefined }] })).toEqual(FRESH)
    expect(verdict([], { interfaces: counters(400, { operUp: false }) })).toEqual(FRESH)
  })
})

describe('telemetry that contradicts itself counts as silence', () => {
  const lies = (isTrusted: boolean) => [{ contradictions: [{ kind: 'flows_disagree' as const, countersBps: 8e6, flowsBps: 80e6, isTrusted }] }]

  test.each([[0, 'silent'], [59, 'silent'], [61, 'stale'], [301, 'lost']])('for %d s: %s', (distrusted, expected) => {
    expect(verdict([], { interfaces: lies(false), distrusted })).toEqual({ state: expected, faults: ['counters of swp1 say 8.0 Mbps, flows 80.0 Mbps'] })
  })

  test('but not when the difference is one that the scale makes up for', () => {
    expect(verdict([], { interfaces: lies(true) })).toEqual(FRESH)
  })

  test('ifIndexes of another interface are told with what to compare', () => {
    const contradictions = [{ kind: 'ifindex_mismatch' as const, evidence: 'samples leave by ifIndex 3 to 172.16.1.1, which swp2 has' }]
    expect(verdict([], { interfaces: [{ contradictions }], distrusted: 1 })).toEqual({
      state: 'silent',
      faults: ["swp1: samples leave by ifIndex 3 to 172.16.1.1, which swp2 has; compare the ifIndexes of the configuration with the router's"],
    })
  })
})
