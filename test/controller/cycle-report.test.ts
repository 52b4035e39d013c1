import { expect, test } from 'vitest'
import { reportRouter } from '../../src/controller/cycle-report.ts'
import { planRouter } from '../../src/controller/plan/plan.ts'
import { makeWorld } from './fake-edge.ts'

/** States of the peer and the transit, with the traffic as it is or as changed. */
function states(mbps: readonly number[], change: { outBps?: number | undefined; operUp?: boolean } = {}): string[] {
  const world = makeWorld(mbps)
  const traffic = world.traffic()
  const input = { ...world.planInput(), traffic: { ...traffic, interfaces: traffic.interfaces.map((i) => ({ ...i, ...change })) } }
  const plan = planRouter({ ...input, mayChange: false })
  const seen = {
    nowMs: world.nowMs,
    traffic: input.traffic,
    telemetryState: 'fresh' as const,
    telemetryFaults: [],
    session: { up: true, synced: true },
    installed: [],
    gobgpAnswers: true,
    permission: { kind: 'granted' as const },
  }
  const verdict = { plan, changes: { add: [], withdraw: [] }, decisions: [], opens: false }
  const outcome = { installed: new Set<string>(), failures: [] }
  return reportRouter(world.router, seen, verdict, outcome, undefined).interfaces.map(({ state }) => state)
}

test('an interface is high above its watermark, and ok below', () => {
  expect(states([81])).toEqual(['high', 'ok'])
  expect(states([60])).toEqual(['ok', 'ok'])
})

test('one that was never measured is not called ok', () => {
  expect(states([60], { outBps: undefined })).toEqual(['stale', 'stale'])
})

test('one that is down is down, whatever was measured', () => {
  expect(states([81], { operUp: false })).toEqual(['down', 'down'])
})
