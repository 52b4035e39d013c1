import { describe, expect, test } from 'vitest'
import { telemetryState } from '../../src/controller/silence.ts'
import type { InterfaceTraffic, Telemetry } from '../../src/model/traffic.ts'

const POLICY = { staleAfterMs: 60_000, withdrawAfterMs: 300_000 }
const NOW = 10_000_000

/** State with the last sample and the last counters so many seconds ago. */
function state(flowAgo: number | undefined, counterAgo: number | undefined, settings: Partial<Telemetry & { outBps: number; listening: number }> = {}) {
  const { outBps = 1e6, listening = 1000, ...rest } = settings
  const ago = (s: number | undefined): number | undefined => (s === undefined ? undefined : NOW - s * 1000)
  const telemetry = {
    lastFlowMs: ago(flowAgo), flowIntervalMs: 1000, lastCounterMs: ago(counterAgo), counterIntervalMs: 10_000, ...rest,
  }
  const exit = { source: 'counters', outBps, speedBps: 1e8 } as InterfaceTraffic
  return telemetryState(telemetry, [exit], NOW, NOW - listening * 1000, POLICY)
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
    expect(state(400, 100, { outBps: 1000 })).toBe('lost')
  })

  test('a router not heard yet gets its time', () => {
    expect(state(undefined, undefined, { listening: 1 })).toBe('silent')
    expect(state(undefined, undefined, { listening: 61 })).toBe('stale')
    expect(state(undefined, undefined, { listening: 301 })).toBe('lost')
  })
})
