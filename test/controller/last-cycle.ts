/** A world's last cycle, as `explain` is given it. */
import type { LastCycle } from '../../src/controller/explain/explain.ts'
import { planRouter } from '../../src/controller/plan/plan.ts'
import { asInstalled } from './fake-edge.ts'
import type { World } from './world.ts'

export function lastCycle(world: World, settings: Partial<LastCycle> = {}): LastCycle {
  const input = world.planInput()
  const installed = world.planned.filter(({ dry }) => !dry).map(({ override }) => asInstalled(override, 1))
  const seen: LastCycle['seen'] = {
    nowMs: world.nowMs, traffic: input.traffic, telemetryState: 'fresh', telemetryFaults: [],
    session: { up: true, synced: true }, installed, gobgpAnswers: true, permission: { kind: 'granted' },
  }
  return { input, plan: planRouter(input), seen, mode: 'active', ...settings }
}
