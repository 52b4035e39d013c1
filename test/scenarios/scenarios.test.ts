/** Plays every `*.yaml` beside it: a router, its routes and traffic, and the plan that must come of them, step by step. */
import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import type { PlannedOverride } from '../../src/controller/plan/planning.ts'
import { formatPrefix, parseAddress, parsePrefix, type Address } from '../../src/model/prefix.ts'
import type { Path } from '../../src/model/route.ts'
import { makeInterface, makePath, makeRouter, makeRoutes, MBPS, POLICY, World, type Flow } from '../controller/world.ts'

interface Step {
  /** Seconds since the step before. */
  readonly after?: number
  readonly routes?: Routes
  readonly traffic?: Traffic
  readonly expect: {
    /** `PREFIX FROM>TO`, by address. */
    readonly overrides: readonly string[]
    /** Mbps by interface, of those that are named. */
    readonly loads?: Readonly<Record<string, number>>
    /** What decisions of this step say, in part; without any, nothing is decided. */
    readonly reasons?: readonly string[]
  }
}
/** By prefix: interfaces, best first; those in a list of their own tie. */
type Routes = Readonly<Record<string, readonly (string | readonly string[])[]>>
/** By address: Mbps, or more of it. */
type Traffic = Readonly<Record<string, number | { readonly mbps: number; readonly samples?: number; readonly by?: string }>>

interface Scenario {
  readonly title: string
  readonly router?: {
    readonly override?: 'same_length' | 'more_specific'
    readonly max_prefix_length?: { readonly ipv4: number; readonly ipv6: number }
  }
  /** By name; `speed` and `threshold` in Mbps. */
  readonly interfaces: Readonly<Record<string, { readonly speed?: number; readonly threshold?: number; readonly takes_detours?: boolean }>>
  readonly caps?: Partial<World['caps']>
  readonly deny?: readonly string[]
  readonly steps: readonly Step[]
}

const files = globSync(join(import.meta.dirname, '*.yaml')).sort()

const scenarios = files.map((file) => {
  const scenario = parse(readFileSync(file, 'utf8')) as Scenario
  return [`${basename(file, '.yaml')}: ${scenario.title}`, scenario] as const
})

describe('scenarios', () => {
  test.each(scenarios)('%s', (_, scenario) => {
    const world = worldOf(scenario)
    for (const [n, step] of scenario.steps.entries()) {
      world.nowMs += (step.after ?? 0) * 1000
      if (step.routes !== undefined) world.routes = makeRoutes(pathsOf(scenario, step.routes))
      if (step.traffic !== undefined) world.flows = flowsOf(scenario, step.traffic)
      const { decisions } = world.step()
      const { overrides, loads = {}, reasons = [] } = step.expect
      const number = n + 1
      const planned = (): unknown => ({ step: number, overrides: world.planned.map(asText) })
      expect(planned()).toEqual({ step: number, overrides })
      const carried = world.loads()
      const seen = Object.keys(loads).map((name) => [name, carried[indexOf(scenario, name)]! / MBPS] as const)
      expect({ step: number, loads: Object.fromEntries(seen) }).toEqual({ step: number, loads })
      const told = decisions.map(({ reason }) => reason)
      for (const reason of reasons) expect(told).toContainEqual(expect.stringContaining(reason))
      if (reasons.length === 0) expect({ step: number, told }).toEqual({ step: number, told: [] })
      // Nothing is left to do: the same again changes nothing.
      if (scenario.caps?.changes === undefined) {
        world.step()
        expect(planned()).toEqual({ step: number, overrides })
      }
    }
  })
})

const asText = ({ override: o }: PlannedOverride): string =>
  `${formatPrefix(o.prefix)} ${o.fromInterface}>${o.toInterface}`

function worldOf(scenario: Scenario): World {
  const interfaces = Object.entries(scenario.interfaces).map(([name, { speed = 100, threshold = 30, takes_detours = true }], i) =>
    makeInterface(i, { name, nextHops: [nextHop6(i)], speedBps: speed * MBPS, perPrefixThresholdBps: threshold * MBPS, detourTarget: takes_detours }),
  )
  const { router: { max_prefix_length = { ipv4: 28, ipv6: 64 }, override = 'same_length' } = {} } = scenario
  const world = new World(
    makeRouter(interfaces, { override, maxPrefixLength: { 4: max_prefix_length.ipv4, 6: max_prefix_length.ipv6 } }), [], [],
  )
  world.policy = { ...POLICY, deny: (scenario.deny ?? []).map(parsePrefix) }
  world.caps = { ...world.caps, ...scenario.caps }
  return world
}

function pathsOf(scenario: Scenario, routes: Routes): Path[] {
  return Object.entries(routes).flatMap(([prefix, ranks]) =>
    ranks.flatMap((rank, n) =>
      [rank].flat().map((name) => {
        const i = indexOf(scenario, name)
        const settings = { localPref: 300 - n, asPath: [] }
        return makePath(prefix, i, prefix.includes(':') ? { ...settings, nextHop: nextHop6(i) } : settings)
      }),
    ),
  )
}

function flowsOf(scenario: Scenario, traffic: Traffic): Flow[] {
  return Object.entries(traffic).map(([to, flow]): Flow => {
    if (typeof flow === 'number') return { to, bps: flow * MBPS }
    const { mbps, samples = 1000, by } = flow
    return { to, bps: mbps * MBPS, samples, ...(by === undefined ? {} : { tiedTo: indexOf(scenario, by) }) }
  })
}

const nextHop6 = (i: number): Address => parseAddress(`2001:7f8::${i + 1}`)

function indexOf({ interfaces }: Scenario, name: string): number {
  const i = Object.keys(interfaces).indexOf(name)
  if (i < 0) throw new Error(`${name} is no interface of the scenario`)
  return i
}
