/**
 * The alert rules and the dashboard for Grafana: every metric and every label that they use is one that the service
 * exports, Prometheus itself reads their expressions, and the alerts fire when they should.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parser } from '@prometheus-io/lezer-promql'
import { describe, expect, test } from 'vitest'
import { parse as parseYaml } from 'yaml'
import { ALARM_KINDS } from '../src/model/alarm.ts'
import { createFakeView } from './api/fake-view.ts'
import { serve } from './api/served.ts'

const PACKAGING = fileURLToPath(new URL('../packaging', import.meta.url))
const read = (file: string): string => readFileSync(join(PACKAGING, file), 'utf8')

/** Added by Prometheus when it scrapes. */
const SCRAPE_LABELS = ['instance', 'job']

interface Rule {
  readonly alert: string
  readonly expr: string
  readonly annotations: Readonly<Record<string, string>>
}
const rules = (parseYaml(read('prometheus/spillway.rules.yml')) as { groups: { rules: Rule[] }[] }).groups.flatMap((g) => g.rules)
const dashboard = JSON.parse(read('grafana/spillway.json')) as {
  readonly panels: readonly { readonly title: string; readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[] }[]
  readonly templating: { readonly list: readonly { readonly name: string; readonly query: string | { readonly query: string } }[] }
}
/** What Grafana puts in before it asks. */
const fillIn = (expr: string): string => expr.replaceAll('$__rate_interval', '5m')
const panels = dashboard.panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr, legendFormat }) => ({ name: `panel ${title}: ${legendFormat}`, expr: fillIn(expr), text: legendFormat })),
)
const variables = dashboard.templating.list.flatMap(({ name, query }) => {
  const match = /^label_values\((.*), (\w+)\)$/.exec(typeof query === 'string' ? query : query.query)
  return match === null ? [] : [{ name: `variable ${name}`, expr: `sum by (${match[2]}) (${match[1]})`, text: '' }]
})
const expressions = [
  ...rules.map(({ alert, expr, annotations }) => ({ name: `alert ${alert}`, expr, text: JSON.stringify(annotations) })),
  ...panels,
  ...variables,
]

/** The metrics that an expression reads, the labels that it names, and the values that it wants of them. */
function analyse(expr: string) {
  const metrics = new Set<string>()
  const labels = new Set<string>()
  const wanted: { label: string; values: readonly string[] }[] = []
  let label = ''
  parser.parse(expr).iterate({
    enter: ({ name, from, to, type, node }) => {
      const text = expr.slice(from, to)
      if (type.isError) throw new Error(`"${expr}" is no PromQL at ${from}`)
      if (name === 'Identifier' && node.parent?.name === 'VectorSelector') metrics.add(text)
      if (name === 'LabelName') labels.add((label = text))
      if (name === 'StringLiteral' && node.parent?.name.endsWith('LabelMatcher')) {
        wanted.push({ label, values: text.slice(1, -1).split('|').filter((value) => !value.includes('$')) })
      }
    },
  })
  return { metrics, labels, wanted }
}

/** Every metric of a scrape, with the labels that its samples have. */
async function scrape(): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const served = await serve(createFakeView({ topPrefixes: 3 }))
  served.metrics.observeCycle(0.1, 0.1)
  const found = new Map<string, Set<string>>()
  for (const line of (await served.ask('/metrics')).text.split('\n')) {
    const [, name, given] = /^([a-z_]\w*)(?:\{(.*)\})? /.exec(line) ?? []
    if (name === undefined) continue
    const known = found.get(name) ?? new Set()
    for (const [, label] of (given ?? '').matchAll(/(\w+)="/g)) known.add(label!)
    found.set(name, known)
  }
  return found
}

describe('every expression', () => {
  test('there are some', () => expect([rules.length, panels.length, variables.length].every((n) => n > 2)).toBe(true))

  test.each(expressions)('$name: its metrics and labels are exported', async ({ expr, text }) => {
    const exported = await scrape()
    const { metrics, labels, wanted } = analyse(expr)
    expect(metrics.size).toBeGreaterThan(0)
    expect([...metrics].filter((metric) => metric !== 'up' && !exported.has(metric))).toEqual([])
    const known = new Set([...SCRAPE_LABELS, ...[...metrics].flatMap((metric) => [...(exported.get(metric) ?? [])])])
    const shown = [...text.matchAll(/\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}/g)].map(([, label]) => label!)
    expect([...labels, ...shown].filter((label) => !known.has(label))).toEqual([])
    const kinds = wanted.filter(({ label }) => label === 'kind').flatMap(({ values }) => values)
    expect(kinds.filter((kind) => !(ALARM_KINDS as readonly string[]).includes(kind))).toEqual([])
  })

  test('one that is misspelt would be found', async () => {
    const exported = await scrape()
    expect(exported.has('spillway_alarm')).toBe(false)
    expect([...analyse('sum by (knd) (spillway_alarms{kind="x"})').labels]).toEqual(['knd', 'kind'])
    expect(() => analyse('sum by (spillway_alarms')).toThrow('is no PromQL')
  })
})

test('the alerts take up every kind of alarm once', () => {
  const matchers = rules.flatMap(({ expr }) =>
    [...expr.matchAll(/spillway_alarms\{kind(=|=~|!~)"([^"]*)"\}/g)].map(([, how, kinds]) => ({ how, kinds: kinds!.split('|') })),
  )
  for (const kind of ALARM_KINDS) {
    const taken = matchers.filter(({ how, kinds }) => kinds.includes(kind) === (how !== '!~'))
    expect({ kind, alerts: taken.length }).toEqual({ kind, alerts: 1 })
  }
})

const hasPromtool = spawnSync('promtool', ['--version']).status === 0
describe.skipIf(!hasPromtool)('promtool (of the Debian package prometheus)', () => {
  const promtool = (args: readonly string[], input = ''): { status: number | null; output: string } => {
    const { status, stdout, stderr } = spawnSync('promtool', args, { input, encoding: 'utf8', timeout: 20_000 })
    return { status, output: stdout + stderr }
  }

  test('takes the rules and the configuration that reads them', () => {
    expect(promtool(['check', 'config', join(PACKAGING, 'prometheus/scrape.yml')])).toMatchObject({ status: 0 })
  })

  test('sees the alerts fire when they should, and not else', () => {
    expect(promtool(['test', 'rules', join(PACKAGING, 'prometheus/spillway.rules.test.yml')])).toMatchObject({ status: 0 })
    const tested = read('prometheus/spillway.rules.test.yml')
    expect(rules.filter(({ alert }) => !tested.includes(`alertname: ${alert}`))).toEqual([])
  })

  test('reads every expression of the dashboard', () => {
    const folder = mkdtempSync(join(tmpdir(), 'spillway-promtool-'))
    const file = join(folder, 'dashboard.json')
    // JSON is YAML.
    const recorded = panels.map(({ expr }, i) => ({ record: `panel:${i}`, expr }))
    writeFileSync(file, JSON.stringify({ groups: [{ name: 'dashboard', rules: recorded }] }))
    expect(promtool(['check', 'rules', file])).toMatchObject({ status: 0 })
    rmSync(folder, { recursive: true })
  })

  test('finds nothing to object to in the metrics, but for names that others build on', async () => {
    const served = await serve(createFakeView({ topPrefixes: 3 }))
    served.metrics.observeCycle(0.1, 0.1)
    const { output } = promtool(['check', 'metrics'], (await served.ask('/metrics')).text)
    const objections = output.split('\n').filter((line) => line !== '')
    expect(objections.filter((line) => !ALLOWED.some((allowed) => line.startsWith(`${allowed} `)))).toEqual([])
  })

  /** Network engineers count in bit/s, and a counter sample is a thing of sFlow, not a kind of metric. */
  const ALLOWED = [
    'spillway_interface_out_bits_per_second',
    'spillway_interface_natural_bits_per_second',
    'spillway_interface_planned_bits_per_second',
    'spillway_interface_speed_bits_per_second',
    'spillway_interface_without_alternate_bits_per_second',
    'spillway_detoured_bits_per_second',
    'spillway_top_prefix_bits_per_second',
    'spillway_sflow_counter_samples_total',
  ]
})
