import { RouterSteering, type SteeringParts } from '../../../src/controller/router-steering.ts'
import type { InstalledOverride, Override } from '../../../src/model/override.ts'
import { formatPrefix } from '../../../src/model/prefix.ts'
import { NO_EXPORT, type Path } from '../../../src/model/route.ts'
import type { Router } from '../../../src/model/topology.ts'
import type { SteeringRule, SteeringView } from '../../../src/simulator/steering/steering-rule.ts'

const FORM = { localPref: 500, marker: 64512 * 65536 + 100 }
const ROOM = { overrides: 1000, changes: 50, detouredShare: 0.5 }
export const POLICY = {
  minHoldMs: 60_000,
  minSamples: 30,
  minPrefixLength: { 4: 8, 6: 16 },
  deny: [],
  ownPrefixes: [],
  bogons: [],
  ixLans: [],
  staleAfterMs: 60_000,
  withdrawAfterMs: 300_000,
} as const

/** The service's own steering, with its defaults but for the interval, over a GoBGP in memory. */
export function createSpillway(router: Router, intervalSeconds = 5): SteeringRule {
  const installed = new Map<string, { readonly found: InstalledOverride; readonly path: Path }>()
  let view: SteeringView | undefined
  const now = (): SteeringView => {
    if (view === undefined) throw new Error('nothing is seen yet')
    return view
  }
  const parts: SteeringParts = {
    policy: POLICY,
    windowMs: 30_000,
    form: FORM,
    gates: [],
    stories: new Map(),
    keptOut: new Map(),
    sent: { unsent: () => new Map() },
    sessions: { open: () => Promise.resolve() },
    traffic: { traffic: () => now().traffic },
    routes: {
      longestMatch: (_, address) => now().routes.longestMatch(address),
      matches: (_, rates) => now().routes.matches(rates),
      prepareMatches: () => {},
      covering: (_, prefix) => now().routes.covering(prefix),
      pathsTowards: () => {},
      nextHops: () => now().routes.nextHops(),
      session: () => ({ up: true, synced: true }),
    },
    overrides: {
      list: () => Promise.resolve([...installed.values()].map(({ found }) => found)),
      add: (override, fromIfIndex) => {
        installed.set(formatPrefix(override.prefix), { found: asInstalled(override, fromIfIndex), path: pathOf(override) })
        return Promise.resolve()
      },
      withdraw: ({ prefix }) => {
        installed.delete(formatPrefix(prefix))
        return Promise.resolve()
      },
    },
  }
  let steering: RouterSteering | undefined
  return {
    name: `spillway, ${intervalSeconds} s`,
    intervalSeconds,
    decide: async (seen) => {
      view = seen
      steering ??= new RouterSteering(router, parts, seen.nowMs)
      const observation = await steering.observe(seen.nowMs, 'active')
      const verdict = steering.decide(observation, 'active', ROOM)
      await steering.act(verdict, observation, () => seen.nowMs)
      return [...installed.values()].map(({ found: { prefix }, path }) => ({ prefix, path }))
    },
  }
}

function asInstalled({ router, prefix, follows, sinceMs }: Override, fromIfIndex: number): InstalledOverride {
  const attributes = { ...follows, localPref: FORM.localPref, communities: [FORM.marker, NO_EXPORT] }
  return { router, prefix, attributes, fromIfIndex, sinceMs }
}

function pathOf({ prefix, follows }: Override): Path {
  return { ...follows, prefix, pathId: 0, rpki: 'unknown' }
}
