/** What the service measures of itself and of the edge, in Prometheus' text format. */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import { METRIC_FAMILIES } from './metric-families.ts'
import type { ApiView } from './view.ts'

export interface Metrics {
  /** To be called after each cycle of the control loop. */
  observeCycle(seconds: number): void
  /** All metrics as of now. */
  render(): Promise<string>
  readonly contentType: string
}

/**
 * What prom-client tells of the process. One for all: its observers never end, and would keep each service that was
 * before a reload.
 */
const processRegistry = new Registry()
let observesProcess = false

/** A registry of its own for the families and the loop's histogram, beside that of the process. */
export function createMetrics(view: ApiView): Metrics {
  if (!observesProcess) collectDefaultMetrics({ register: processRegistry })
  observesProcess = true
  const registry = new Registry()
  for (const { kind, name, help, labels, read } of METRIC_FAMILIES) {
    const options = { name, help, labelNames: labels, registers: [registry] }
    const metric =
      kind === 'gauge'
        ? new Gauge({ ...options, collect: () => refill((of, value) => metric.inc(of, value)) })
        : new Counter({ ...options, collect: () => refill((of, value) => metric.inc(of, value)) })
    const refill = (add: (labels: Readonly<Record<string, string>>, value: number) => void): void => {
      metric.reset()
      for (const [of, value] of read(view)) if (value !== undefined) add(of, value)
    }
  }
  const cycles = new Histogram({
    name: 'spillway_cycle_duration_seconds',
    help: 'Duration of one cycle of the control loop.',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers: [registry],
  })
  return {
    observeCycle: (seconds) => cycles.observe(seconds),
    render: async () => `${await processRegistry.metrics()}\n${await registry.metrics()}`,
    contentType: registry.contentType,
  }
}
