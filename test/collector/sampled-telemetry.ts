/** Telemetry that is fed sample by sample: what a batch of one does. */
import type { Router } from '../../src/model/topology.ts'
import { RouterTelemetry } from '../../src/collector/telemetry/router-telemetry.ts'
import type { FlowSample } from '../../src/collector/sflow/samples.ts'

export class SampledTelemetry extends RouterTelemetry {
  readonly #indexOf: ReadonlyMap<number, number>

  constructor(router: Router, windowMs: number, maxDestinations: number, seed: number) {
    super(router, windowMs, maxDestinations, seed)
    this.#indexOf = new Map(router.interfaces.map(({ ifIndex }, i) => [ifIndex, i]))
  }

  flow(sample: FlowSample, nowMs: number, agent = 0): 'counted' | 'elsewhere' | 'absurd' {
    const { egressIfIndex, frameLength, samplingRate, sourceType, sourceIndex, family, w0, w1, w2, w3 } = sample
    const i = this.#indexOf.get(egressIfIndex)
    const bytes = frameLength * samplingRate
    if (i !== undefined && bytes > this.mostBytes(i)) return 'absurd'
    this.hearFlows(agent, nowMs)
    if (i === undefined) return 'elsewhere'
    const isEgress = sourceType === 0 && sourceIndex === egressIfIndex
    this.addFlows(i, isEgress, { bytes, squares: bytes * bytes, samples: 1 })
    if (family !== 0) this.addDestination(i, isEgress, family, w0, w1, w2, w3, bytes, 1)
    this.addNextHop(i, sample.nextHop, 1)
    return 'counted'
  }
}
