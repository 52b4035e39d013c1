import { readFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { createMetrics } from '../../src/api/metrics/metrics.ts'
import { ALARM_KINDS } from '../../src/model/alarm.ts'
import { DECISION_KINDS } from '../../src/model/decision.ts'
import { createFakeView } from './fake-view.ts'
import { serve } from './served.ts'

/** The names, labels and kinds that others build on. */
const CONTRACT = {
  spillway_sflow_datagrams_total: 'counter',
  spillway_sflow_flow_samples_total: 'counter',
  spillway_sflow_counter_samples_total: 'counter',
  spillway_sflow_malformed_total: 'counter reason',
  spillway_sflow_dropped_total: 'counter where',
  spillway_interface_out_bits_per_second: 'gauge interface,router',
  spillway_interface_natural_bits_per_second: 'gauge interface,router',
  spillway_interface_planned_bits_per_second: 'gauge interface,router',
  spillway_interface_speed_bits_per_second: 'gauge interface,router',
  spillway_overrides: 'gauge from,router,to',
  spillway_route_changes_total: 'counter action,router',
  spillway_cycle_duration_seconds: 'histogram',
  spillway_bgp_session_up: 'gauge router',
  spillway_routes: 'gauge family,router',
  spillway_paths: 'gauge family,router',
  spillway_alarms: 'gauge kind',
}

test('every metric of the contract is there with its kind and its labels', async () => {
  const metrics = createMetrics(createFakeView())
  metrics.observeCycle(0.2, 0)
  const families = parse(await metrics.render())
  const found = Object.keys(CONTRACT).map((name) => {
    const { kind, samples } = families.get(name) ?? { kind: 'missing', samples: [] }
    const labels = new Set(samples.flatMap((sample) => Object.keys(sample.labels)))
    labels.delete('le')
    return [name, `${kind} ${[...labels].sort().join(',')}`.trim()]
  })
  expect(Object.fromEntries(found)).toEqual(CONTRACT)
})

test('values come from the view', async () => {
  const text = await createMetrics(createFakeView()).render()
  const all = text.split('\n').filter((line) => line.startsWith('spillway_') && !line.startsWith('spillway_cycle_'))
  const isByKind = (line: string): boolean => /^spillway_(alarms|decisions_total)\{/.test(line)
  const lines = all.filter((line) => !isByKind(line))
  const wanted = readFileSync(new URL('fake-view.prom', import.meta.url), 'utf8').trimEnd().split('\n')
  expect(lines).toEqual(wanted)
  expect(all.filter(isByKind)).toEqual([
    ...ALARM_KINDS.map((kind) => `spillway_alarms{kind="${kind}"} ${kind === 'session_down' ? 1 : 0}`),
    ...['edge1', 'edge2'].flatMap((router) =>
      DECISION_KINDS.map((kind) => {
        const counts: Partial<Record<string, number>> = router === 'edge1' ? { relieve: 3, release: 2 } : {}
        return `spillway_decisions_total{router="${router}",kind="${kind}"} ${counts[kind] ?? 0}`
      }),
    ),
  ])
})

test('a second scrape counts nothing twice, and what is gone is gone', async () => {
  const view = createFakeView()
  let report = view.report()
  const metrics = createMetrics({ ...view, report: () => report })
  const first = await metrics.render()
  expect(await ours(metrics)).toBe(first.split('\n').filter(isOurs).join('\n'))
  report = undefined
  expect(await ours(metrics)).not.toMatch(/spillway_(overrides|interface_\w+)\{/)
})

test('the loop is observed in seconds', async () => {
  const metrics = createMetrics(createFakeView())
  for (const seconds of [0.002, 0.2, 20]) metrics.observeCycle(seconds, 0)
  const { samples } = parse(await metrics.render()).get('spillway_cycle_duration_seconds')!
  const value = (name: string, le?: string) =>
    samples.find((s) => s.name.endsWith(name) && s.labels['le'] === le)?.value
  expect([value('_count'), value('_sum')]).toEqual([3, 20.202])
  expect([value('_bucket', '0.25'), value('_bucket', '+Inf')]).toEqual([2, 3])
})

test('are served as Prometheus text, with those of the process', async () => {
  const { ask } = await serve()
  const answer = await ask('/metrics')
  expect(answer.status).toBe(200)
  expect(answer.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8')
  const families = parse(answer.text)
  const wanted = ['process_cpu_seconds_total', 'nodejs_eventloop_lag_seconds', 'spillway_info']
  expect([...families.keys()]).toEqual(expect.arrayContaining(wanted))
})

test('names with quotes, backslashes and ends of lines are escaped', async () => {
  const routeChanges = new Map([['a"b\\c\nd', { add: 1, withdraw: 0 }]])
  const view = createFakeView()
  const text = await createMetrics({ ...view, stats: () => ({ ...view.stats(), routeChanges }) }).render()
  expect(text).toContain('spillway_route_changes_total{router="a\\"b\\\\c\\nd",action="add"} 1')
})

const isOurs = (line: string): boolean => line.startsWith('spillway_')

test('metrics do not keep a service that has gone, as after a reload', async () => {
  setFlagsFromString('--expose-gc')
  const collectGarbage = runInNewContext('gc') as () => void
  const gone = Array.from({ length: 3 }, () => {
    const view = createFakeView()
    createMetrics(view)
    return new WeakRef(view)
  })
  await expect.poll(() => {
    collectGarbage()
    return gone.filter((view) => view.deref() !== undefined).length
  }).toBe(0)
})

async function ours(metrics: { render(): Promise<string> }): Promise<string> {
  return (await metrics.render()).split('\n').filter(isOurs).join('\n')
}

interface Family {
  readonly kind: string
  readonly samples: { name: string; labels: Record<string, string>; value: number }[]
}

/** Reads the text format strictly: HELP, TYPE, then samples of that family; anything else throws. */
function parse(text: string): Map<string, Family> {
  const families = new Map<string, Family>()
  let current: { name: string; family: Family } | undefined
  for (const line of text.split('\n').filter((l) => l !== '')) {
    const type = /^# TYPE ([a-z_]\w*) (counter|gauge|histogram|summary)$/.exec(line)
    if (type !== null) {
      const [, name = '', kind = ''] = type
      if (families.has(name)) throw new Error(`${name} comes twice`)
      current = { name, family: { kind, samples: [] } }
      families.set(name, current.family)
    } else if (!line.startsWith('# HELP ')) {
      const sample = /^([a-z_]\w*)(?:\{(.*)\})? (-?[\d.]+(?:e[+-]?\d+)?|[Nn]a[Nn]|[+-]Inf)$/.exec(line)
      const isOfFamily = sample?.[1]?.startsWith(current?.name ?? '?') ?? false
      if (sample === null || !isOfFamily) throw new Error(`what is "${line}"?`)
      const pairs = (sample[2] ?? '').matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)
      const labels = Object.fromEntries([...pairs].map((pair) => [pair[1]!, pair[2]!]))
      current?.family.samples.push({ name: sample[1]!, labels, value: Number(sample[3]) })
    }
  }
  return families
}
