/** docs/metrics.md, from the definitions of the metrics. */
import { describeMetrics, type MetricDescription } from '../src/api/metrics/metrics.ts'
import { markdownTable } from './markdown-table.ts'

export function renderMetricsPage(): string {
  const { own, process } = describeMetrics()
  return `# Metrics

\`GET /metrics\` gives them in Prometheus' text format. No label takes values that grow with prefixes. A metric whose
value is not known, as the load of an interface without telemetry, has no sample.

(This page is made by \`npm run docs\`.)

## Of the edge and of Spillway

${table(own)}

## Of the process

${table(process)}
`
}

function table(metrics: readonly MetricDescription[]): string {
  return markdownTable(
    ['metric', 'kind', 'labels', 'meaning'],
    sortedByName(metrics).map(({ name, kind, labels, help }) => [
      `\`${name}\``,
      kind,
      labels.map((label) => `\`${label}\``).join(', '),
      help,
    ]),
  )
}

function sortedByName(metrics: readonly MetricDescription[]): readonly MetricDescription[] {
  return metrics.toSorted((a, b) => a.name.localeCompare(b.name, 'en'))
}
