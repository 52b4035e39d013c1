/**
 * What a plan costs: 100,000 destinations on 64 interfaces, 55 of them overloaded, or none. CPU of the main thread, so
 * that what else runs has little part in it. `node bench/routes/plan.ts [--prefixes 25000] [--each 4] [--changes 50]
 * [--transits 4] [--table full] [--paths 2] [--overloaded 0,55,64] [--churn 5000] [--prepared]`;
 * `--each`: destinations of a prefix, 4 at most;
 * `--changes` is the cap on additions: beyond it no link looks for what could move;
 * `--table full`: 1.2 million prefixes by `--paths`, and 100,000 destinations all over them; `--overloaded`: links;
 * `--churn`: routes that change before each plan;
 * `--prepared`: the first plan comes after five cycles in which no link was overloaded.
 * The last figure is a digest of the plans: the same as long as nothing is planned differently.
 */
import { createHash } from 'node:crypto'
import { parseArgs } from 'node:util'
import { planRouter, type RouterPlan } from '../../src/controller/plan/plan.ts'
import { Rates } from '../../src/model/rates.ts'
import { World } from '../../test/controller/world.ts'
import { fullEdges, traceEdges } from './plan-edges.ts'

const ROUNDS = 15
const { values } = parseArgs({
  options: {
    prefixes: { type: 'string', default: '25000' },
    each: { type: 'string', default: '4' },
    changes: { type: 'string', default: '50' },
    transits: { type: 'string', default: '4' },
    table: { type: 'string', default: 'trace' },
    paths: { type: 'string', default: '2' },
    overloaded: { type: 'string', default: '0,55,64' },
    churn: { type: 'string', default: '0' },
    prepared: { type: 'boolean', default: false },
  },
})
const edges = values.table === 'full'
  ? fullEdges(Number(values.paths), values.overloaded.split(',').map(Number))
  : traceEdges({ prefixes: Number(values.prefixes), each: Number(values.each), transits: Number(values.transits) })

for (const { router, table, rows, interfaces: loads, churn } of edges) {
  const world = new World(router, [], [])
  world.caps = { ...world.caps, changes: Number(values.changes) }
  world.routes = {
    longestMatch: (address) => table.longestMatch(address),
    matches: (rates) => table.matches(rates),
    covering: (prefix) => table.covering(prefix),
    nextHops: () => table.nextHops(),
  }
  const input = world.planInput()
  const interfaces = input.traffic.interfaces.map((one, i) => ({ ...one, ...loads[i] }))
  const overloaded = interfaces.filter(({ outBps, speedBps }) => outBps! > 0.8 * speedBps!).length
  const digest = createHash('sha256')
  const prepareMs: number[] = []
  for (let cycle = 0; values.prepared && cycle < 5; cycle++) {
    const rates = new Rates(rows)
    const calm = interfaces.map((one) => ({ ...one, outBps: 0 }))
    planRouter({ ...input, traffic: { ...input.traffic, rates, interfaces: calm } })
    rates.interfaceAt(0)
    const before = process.threadCpuUsage()
    table.prepareMatches(rates, 20_000)
    const { user, system } = process.threadCpuUsage(before)
    prepareMs.push((user + system) / 1000)
  }
  let overrides = 0
  const plans = Array.from({ length: ROUNDS }, () => {
    churn(Number(values.churn))
    const traffic = { ...input.traffic, rates: new Rates(rows), interfaces }
    const before = process.threadCpuUsage()
    const plan = planRouter({ ...input, traffic })
    const { user, system } = process.threadCpuUsage(before)
    digest.update(textOf(plan))
    overrides = plan.overrides.length
    return (user + system) / 1000
  })
  const [first] = plans
  const median = plans.toSorted((a, b) => a - b)[ROUNDS >> 1]!
  process.stdout.write(
    `${rows.length} destinations, ${overloaded} of ${interfaces.length} interfaces overloaded: a plan takes ` +
      `${median.toFixed(1)} ms of CPU, the first one ${first!.toFixed(0)} ms (${overrides} overrides, ${digest.digest('hex').slice(0, 8)})` +
      (values.prepared ? `; to prepare: ${prepareMs.map((ms) => ms.toFixed(0)).join(', ')} ms\n` : '\n'),
  )
}

function textOf({ overrides, decisions, planned }: RouterPlan): string {
  return JSON.stringify({ overrides, decisions, planned })
}
