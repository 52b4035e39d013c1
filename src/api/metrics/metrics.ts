/** What the service measures of itself and of the edge, in Prometheus' text format. */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry, type Metric } from 'prom-client'
import type { ApiView, Stats } from '../view.ts'
import { EDGE_FAMILIES } from './edge-families.ts'
import { SELF_FAMILIES } from './self-families.ts'
import { SFLOW_FAMILIES } from './sflow-families.ts'

export interface Metrics {
  /** To be called after each cycle of the control loop, with how long it took and how late it began. */
  observeCycle(seconds: number, lateSeconds: number): void
  /** All metrics as of now. */
  render(): Promise<string>
  readonly contentType: string
}

const METRIC_FAMILIES = [...SFLOW_FAMILIES, ...EDGE_FAMILIES, ...SELF_FAMILIES]

const CYCLE_DURATION = {
  name: 'spillway_cycle_duration_seconds',
  help: 'Duration of one cycle of the control loop.',
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
}
const CYCLE_LATENESS = {
  name: 'spillway_cycle_lateness_seconds',
  help: 'How late a cycle of the control loop began, after the interval was over.',
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
}

/**
 * What prom-client tells of the process. One for all: its observers never end, and would keep each service
 * that was before a reload.
 */
const processRegistry = new Registry()
let observesProcess = false

function observeProcess(): void {
  if (observesProcess) return
  collectDefaultMetrics({ register: processRegistry })
  // Sums that any query makes, under names that only a counter may have.
  for (const what of ['handles', 'requests', 'resources']) {
    processRegistry.removeSingleMetric(`nodejs_active_${what}_total`)
  }
  observesProcess = true
}

/** A registry of its own for the families and the loop's histograms, beside that of the process. */
export function createMetrics(view: ApiView): Metrics {
  observeProcess()
  const registry = new Registry()
  // Asked once for all that is read of it at a scrape.
  let stats: Stats | undefined
  const scraped: ApiView = { ...view, stats: () => (stats ??= view.stats()) }
  for (const { kind, name, help, labels, read } of METRIC_FAMILIES) {
    const options = { name, help, labelNames: labels, registers: [registry] }
    const metric =
      kind === 'gauge'
        ? new Gauge({ ...options, collect: () => refill((of, value) => metric.inc(of, value)) })
        : new Counter({ ...options, collect: () => refill((of, value) => metric.inc(of, value)) })
    const refill = (add: (labels: Readonly<Record<string, string>>, value: number) => void): void => {
      metric.reset()
      // Without labels there would be a 0, and what is not known has no sample.
      if (labels.length === 0) metric.remove()
      for (const [of, value] of read(scraped)) if (value !== undefined) add(of, value)
    }
  }
  const [durations, lateness] = [CYCLE_DURATION, CYCLE_LATENESS].map(
    (of) => new Histogram({ ...of, registers: [registry] }),
  )
  return {
    observeCycle: (seconds, lateSeconds) => {
      durations!.observe(seconds)
      lateness!.observe(lateSeconds)
    },
    render: async () => {
      stats = undefined
      return `${await processRegistry.metrics()}\n${await registry.metrics()}`
    },
    contentType: registry.contentType,
  }
}

export interface MetricDescription {
  readonly name: string
  readonly kind: string
  readonly labels: readonly string[]
  readonly help: string
}

/** Every metric that `render` can give: those of Spillway, and those of the process. */
export function describeMetrics(): {
  readonly own: readonly MetricDescription[]
  readonly process: readonly MetricDescription[]
} {
  observeProcess()
  const histograms = [CYCLE_DURATION, CYCLE_LATENESS].map((of) => ({ ...of, kind: 'histogram', labels: [] }))
  const own = [...METRIC_FAMILIES, ...histograms]
  return { own, process: processRegistry.getMetricsAsArray().map((metric) => describe(metric)) }
}

function describe({ name, help, type }: { name: string; help: string; type: unknown }): MetricDescription {
  const { labelNames } = processRegistry.getSingleMetric(name) as Metric & { labelNames?: readonly string[] }
  return { name, kind: String(type), labels: labelNames ?? [], help }
}
