/** What a plan costs: by ratio to a loop over the same rows, as machines differ. */
import { expect, test } from 'vitest'
import { planRouter } from '../../../src/controller/plan/plan.ts'
import { compareAddresses, formatAddress } from '../../../src/model/prefix.ts'
import { Rates } from '../../../src/model/rates.ts'
import { makeTrace } from '../../../src/simulator/steering/make-trace.ts'
import { TraceRoutes } from '../../../src/simulator/steering/trace-routes.ts'
import { World } from '../world.ts'

const timed = (work: () => unknown): number => {
  const startedMs = performance.now()
  work()
  return performance.now() - startedMs
}
const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!

test.each([
  { prefixes: 10_000, each: 4, times: 20 },
  { prefixes: 40_000, each: 1, times: 40 },
])('a plan for 40,000 destinations of $prefixes prefixes on 64 interfaces, most of them overloaded, costs no more than sorting them $times times', ({ prefixes, each, times }) => {
  const trace = makeTrace({ peers: 60, transits: 4, prefixes, load: 0.9 }, { name: 'full', seconds: 1 }, 3)
  const load = trace.router.interfaces.map(() => 0)
  const rows = trace.prefixes.flatMap(({ paths, destinations }, n) =>
    destinations.slice(0, each).map(({ address, share }) => {
      const interfaceIndex = paths[0]!.pathId - 1
      const bps = trace.demandBps(n, 0) * (each === 1 ? 1 : share)
      load[interfaceIndex]! += bps
      return { address, interfaceIndex, bps, samples: 1000 }
    }),
  )
  const world = new World(trace.router, [], [])
  world.routes = new TraceRoutes(trace.prefixes, () => true)
  const input = world.planInput()
  const interfaces = input.traffic.interfaces.map((one, i) => ({ ...one, outBps: load[i] }))
  const plan = (): number => {
    const traffic = { ...input.traffic, rates: new Rates(rows), interfaces }
    return timed(() => expect(planRouter({ ...input, traffic }).overrides.length).toBeGreaterThan(0))
  }
  const sort = (): number => timed(() => rows.toSorted((a, b) => b.bps - a.bps || compareAddresses(a.address, b.address)))
  const rounds = [1, 2, 3, 4, 5].map(() => ({ planMs: plan(), sortMs: sort() }))
  expect(median(rounds.map(({ planMs }) => planMs)) / median(rounds.map(({ sortMs }) => sortMs))).toBeLessThan(times)
})

test('links with more prefixes than a plan looks at are relieved, by a plan or by the next ones', () => {
  const trace = makeTrace({ peers: 8, transits: 4, prefixes: 20_000, load: 0.85 }, { name: 'many', seconds: 1 }, 5)
  const flows = trace.prefixes.map(({ destinations }, n) => ({ to: formatAddress(destinations[0]!.address), bps: trace.demandBps(n, 0) }))
  const world = new World(trace.router, [], flows)
  world.routes = new TraceRoutes(trace.prefixes, () => true)
  const overloaded = (): number => world.loads().filter((bps, i) => bps > 0.8 * trace.router.interfaces[i]!.speedBps!).length
  expect(overloaded()).toBeGreaterThan(2)
  for (let steps = 0; steps < 4 && overloaded() > 0; steps++) world.step()
  expect(overloaded()).toBe(0)
})
