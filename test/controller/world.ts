/** A world in memory for the pure core: one router, its routes and demand, measured without error or delay. */
import { addressBits, contains, formatPrefix, parseAddress, parsePrefix, prefixOf, type Address, type Prefix } from '../../src/model/prefix.ts'
import { matchEach } from '../../src/model/matches.ts'
import { Rates } from '../../src/model/rates.ts'
import { ORIGIN, type Path, type Route } from '../../src/model/route.ts'
import type { EgressInterface, Router } from '../../src/model/topology.ts'
import type { RouterTraffic } from '../../src/model/traffic.ts'
import { rankPaths } from '../../src/controller/plan/best-path.ts'
import { HEEDED } from '../../src/controller/plan/disregard.ts'
import { interfaceIndexOf, type RouterRoutes } from '../../src/controller/plan/exits.ts'
import type { Placement } from '../../src/controller/plan/loads.ts'
import type { Homecoming } from '../../src/controller/plan/restless.ts'
import type { SetAside } from '../../src/controller/plan/set-aside.ts'
import { planRouter, type RouterPlan } from '../../src/controller/plan/plan.ts'
import { ALONE } from '../../src/controller/plan/shared-use.ts'
import type { PlanInput, PlannedOverride, PlanPolicy, Unfinished } from '../../src/controller/plan/planning.ts'

export const MBPS = 1e6

export const POLICY: PlanPolicy = {
  minHoldMs: 60_000,
  minSamples: 30,
  minPrefixLength: { 4: 8, 6: 16 },
  deny: [],
  ownPrefixes: [],
  bogons: [],
  ixLans: [],
}

/** An interface `172.16.I.0/31` with index I + 1; its neighbor is `172.16.I.1`. */
export function makeInterface(i: number, settings: Partial<EgressInterface> = {}): EgressInterface {
  return {
    router: 'rtr1',
    name: `exit${i}`,
    ifIndex: i + 1,
    addresses: [{ address: parseAddress(`172.16.${i}.0`), subnet: parsePrefix(`172.16.${i}.0/31`) }],
    nextHops: [],
    speedBps: 100 * MBPS,
    highWatermark: 0.8,
    lowWatermark: 0.65,
    reliefTarget: 0.65,
    perPrefixThresholdBps: 30 * MBPS,
    monitor: true,
    detourTarget: true,
    dryRun: false,
    ...settings,
  }
}

export function makeRouter(interfaces: readonly EgressInterface[], settings: Partial<Router> = {}): Router {
  return {
    name: 'rtr1',
    address: parseAddress('10.1.4.1'),
    sflowAgents: [parseAddress('10.1.4.1')],
    gobgp: '127.0.0.1:50051',
    override: 'same_length',
    defaultPrefixLength: { 4: 24, 6: 48 },
    maxPrefixLength: { 4: 32, 6: 64 },
    interfaces,
    ...settings,
  }
}

/** A path by `exitI`; LOCAL_PREF falls from 200 with the index unless given. */
export function makePath(prefix: string, i: number, settings: Partial<Path> = {}): Path {
  return {
    prefix: parsePrefix(prefix),
    pathId: i + 1,
    rpki: 'unknown',
    nextHop: parseAddress(`172.16.${i}.1`),
    origin: ORIGIN.igp,
    asPath: [{ kind: 'sequence', asns: [33010 + i] }],
    med: undefined,
    localPref: 200 - 100 * i,
    communities: [],
    largeCommunities: [],
    originatorId: undefined,
    ...settings,
  }
}

/** Routes from paths, by the plainest means. */
export function makeRoutes(paths: readonly Path[]): RouterRoutes {
  const byPrefix = new Map<string, Path[]>()
  for (const path of paths) {
    const key = formatPrefix(path.prefix)
    byPrefix.set(key, [...(byPrefix.get(key) ?? []), path])
  }
  const routes: Route[] = [...byPrefix.values()].map((own) => ({ prefix: own[0]!.prefix, paths: own }))
  const covering = (inner: Prefix): Route[] =>
    routes.filter((r) => contains(r.prefix, inner)).sort((a, b) => b.prefix.length - a.prefix.length)
  const longestMatch = (address: Address): Route | undefined => covering(prefixOf(address, addressBits(address.family)))[0]
  return {
    longestMatch,
    matches: (rates) => matchEach(rates, longestMatch),
    covering,
    nextHops: () => paths.map((p) => p.nextHop),
  }
}

export interface Flow {
  readonly to: string
  readonly bps: number
  readonly samples?: number
  /** The interface that the router shares it to among tied paths; the first of them unless given. */
  readonly tiedTo?: number
}

/** The router's forwarding: where each flow leaves, given what is installed. */
export class World {
  readonly router: Router
  readonly paths: readonly Path[]
  routes: RouterRoutes
  flows: readonly Flow[]
  policy = POLICY
  nowMs = 1_000_000
  planned: readonly PlannedOverride[] = []
  placements: readonly Placement[] = []
  unfinished: ReadonlyMap<string, Unfinished> = new Map()
  homecomings: readonly Homecoming[] = []
  setAside: readonly SetAside[] = []
  caps = { overrides: 1000, changes: 50, detouredShare: 1 }
  input: Partial<PlanInput> = {}

  constructor(router: Router, paths: readonly Path[], flows: readonly Flow[]) {
    this.router = router
    this.paths = paths
    this.routes = makeRoutes(paths)
    this.flows = flows
  }

  exitOf(address: Address, tiedTo?: number): number | undefined {
    const route = this.routes.longestMatch(address)
    const override = this.planned
      .filter(({ dry, override: o }) => !dry && contains(o.prefix, address) && o.prefix.length >= (route?.prefix.length ?? 0))
      .sort((a, b) => b.override.prefix.length - a.override.prefix.length)[0]
    if (override === undefined && tiedTo !== undefined) return tiedTo
    const nextHop = override?.override.follows.nextHop ?? (route && rankPaths(route.paths).paths[0]?.nextHop)
    return nextHop && interfaceIndexOf(this.router, nextHop)
  }

  /** Load by interface index, bit/s. */
  loads(): number[] {
    const loads = this.router.interfaces.map(() => 0)
    for (const { to, bps, tiedTo } of this.flows) {
      const exit = this.exitOf(parseAddress(to), tiedTo)
      if (exit !== undefined) loads[exit]! += bps
    }
    return loads
  }

  traffic(): RouterTraffic {
    const rows = this.flows.flatMap(({ to, bps, samples = 1000, tiedTo }) => {
      const address = parseAddress(to)
      const interfaceIndex = this.exitOf(address, tiedTo)
      return interfaceIndex === undefined ? [] : [{ address, interfaceIndex, bps, samples }]
    })
    const loads = this.loads()
    return {
      router: this.router.name,
      rates: new Rates(rows),
      interfaces: this.router.interfaces.map(({ name, speedBps }, i) => ({
        name,
        outBps: loads[i],
        errorBps: 0,
        source: 'counters' as const,
        spanStartMs: this.nowMs - 1000,
        spanEndMs: this.nowMs,
        speedBps,
        operUp: true,
        inErrors: 0,
        outErrors: 0,
        inDiscards: 0,
        outDiscards: 0,
        flowScale: 1,
        lastCounterMs: undefined,
        counterIntervalMs: undefined,
        contradictions: [],
      })),
      telemetry: { lastFlowMs: this.nowMs, flowIntervalMs: 1000, lastCounterMs: this.nowMs, counterIntervalMs: 1000, agents: [] },
    }
  }

  planInput(): PlanInput {
    return {
      nowMs: this.nowMs,
      router: this.router,
      policy: this.policy,
      caps: this.caps,
      traffic: this.traffic(),
      routes: this.routes,
      current: this.planned,
      placements: this.placements,
      unfinished: this.unfinished,
      homecomings: this.homecomings,
      setAside: this.setAside,
      pins: [],
      pinObstacle: undefined,
      isFrozen: false,
      unsent: new Map(),
      disregard: HEEDED,
      saturations: new Map(),
      auditBeforeMs: -Infinity,
      windowMs: 30_000,
      dryRun: false,
      surroundings: ALONE,
      routesKnown: true,
      mayChange: true,
      mayRelease: true,
      ...this.input,
    }
  }

  /** Plans, carries the plan out, and lets time pass until all measurements show it. */
  step(elapsedMs = 5000): RouterPlan {
    const plan = planRouter(this.planInput())
    const startMs = this.nowMs
    this.planned = plan.overrides
    this.unfinished = plan.unfinished
    this.homecomings = plan.homecomings
    this.setAside = plan.setAside
    this.placements = plan.overrides
      .filter(({ dry }) => !dry)
      .map(({ override: { prefix, fromInterface, toInterface } }) => ({
        prefix,
        fromInterface,
        toInterface,
        startMs: this.placements.find((p) => formatPrefix(p.prefix) === formatPrefix(prefix))?.startMs ?? startMs,
        endMs: undefined,
      }))
    this.nowMs += elapsedMs
    return plan
  }

  /** `PREFIX from>to` of each override, sorted. */
  overrides(): string[] {
    return this.planned.map(
      ({ override: o, dry }) => `${formatPrefix(o.prefix)} ${o.fromInterface}>${o.toInterface}${dry ? ' dry' : ''}`,
    )
  }
}
