/**
 * What a plan costs: 100,000 destinations on 64 interfaces, 55 of them overloaded, or none. CPU of the main thread, so
 * that what else runs has little part in it. `node bench/routes/plan.ts [--prefixes 25000] [--each 4] [--changes 50] [--transits 4]`;
 * `--each`: destinations of a prefix, 4 at most;
 * `--changes` is the cap on additions: beyond it no link looks for what could move.
 */
import { parseArgs } from 'node:util'
import { packAttributes } from '../../src/bgp/wire/packed-attributes.ts'
import { RouteTable } from '../../src/bgp/table/route-table.ts'
import { planRouter } from '../../src/controller/plan/plan.ts'
import { Rates } from '../../src/model/rates.ts'
import { makeTrace } from '../../src/simulator/steering/make-trace.ts'
import { World } from '../../test/controller/world.ts'

const ROUNDS = 15
const { values } = parseArgs({
  options: {
    prefixes: { type: 'string', default: '25000' },
    each: { type: 'string', default: '4' },
    changes: { type: 'string', default: '50' },
    transits: { type: 'string', default: '4' },
  },
})
const transits = Number(values.transits)
const each = Number(values.each)

for (const load of [0.5, 0.9, 1.2]) {
  const trace = makeTrace({ peers: 64 - transits, transits, prefixes: Number(values.prefixes), load }, { name: 'full', seconds: 1 }, 3)
  const loads = trace.router.interfaces.map(() => 0)
  const rows = trace.prefixes.flatMap(({ paths, destinations }, n) =>
    destinations.slice(0, each).map(({ address, share }) => {
      const interfaceIndex = paths[0]!.pathId - 1
      const bps = trace.demandBps(n, 0) * (each === 1 ? 1 : share)
      loads[interfaceIndex]! += bps
      return { address, interfaceIndex, bps, samples: 1000 }
    }),
  )
  const table = new RouteTable()
  for (const { paths } of trace.prefixes) {
    for (const path of paths) table.announce(path.prefix, path.pathId, packAttributes(path))
  }
  const world = new World(trace.router, [], [])
  world.caps = { ...world.caps, changes: Number(values.changes) }
  world.routes = {
    longestMatch: (address) => table.longestMatch(address),
    covering: (prefix) => table.covering(prefix),
    nextHops: () => table.nextHops(),
  }
  const input = world.planInput()
  const interfaces = input.traffic.interfaces.map((one, i) => ({ ...one, outBps: loads[i] }))
  const overloaded = interfaces.filter(({ outBps, speedBps }) => outBps! > 0.8 * speedBps!).length
  let overrides = 0
  const plans = Array.from({ length: ROUNDS }, () => {
    const traffic = { ...input.traffic, rates: new Rates(rows), interfaces }
    const before = process.threadCpuUsage()
    overrides = planRouter({ ...input, traffic }).overrides.length
    const { user, system } = process.threadCpuUsage(before)
    return (user + system) / 1000
  })
  const [first] = plans
  const median = plans.toSorted((a, b) => a - b)[ROUNDS >> 1]!
  process.stdout.write(
    `${rows.length} destinations, ${overloaded} of ${interfaces.length} interfaces overloaded: a plan takes ` +
      `${median.toFixed(1)} ms of CPU, the first one ${first!.toFixed(0)} ms (${overrides} overrides)\n`,
  )
}
