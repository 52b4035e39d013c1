/** Single moments of small edges, to compare one plan with the least detour. */
import { makeTrace } from '../../src/simulator/steering/make-trace.ts'
import { Meter } from '../../src/simulator/steering/meter.ts'
import type { SteeringView } from '../../src/simulator/steering/steering-rule.ts'
import type { Router } from '../../src/model/topology.ts'
import { VirtualEdge } from '../../src/simulator/steering/virtual-edge.ts'

export interface Instance {
  readonly router: Router
  readonly view: SteeringView
}

const SECONDS = 60

/** An edge of four peers and a transit, some of them above their mark, after a minute without detours. */
export function makeInstance(seed: number): Instance {
  const shape = { peers: 4, transits: 1, prefixes: 60, load: 0.62 + 0.04 * (seed % 6), samplingRate: 1000, noise: 0 }
  const trace = makeTrace(shape, { name: 'instance', seconds: SECONDS, demand: () => 1.25 }, seed)
  const edge = new VirtualEdge(trace)
  const meter = new Meter(trace)
  for (let second = 0; second < SECONDS; second++) meter.take(second, edge.pass(second))
  return {
    router: trace.router,
    view: { nowMs: SECONDS * 1000, traffic: meter.traffic(), routes: edge.routes, installed: [] },
  }
}
