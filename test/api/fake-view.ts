/** A view of two routers with traffic, routes and overrides; tests change what they need. */
import type { ApiView, GobgpView, PinWish } from '../../src/api/view.ts'
import type { LoggedDecision } from '../../src/controller/decision-log.ts'
import { explainPrefix } from '../../src/controller/explain/explain.ts'
import { HEEDED } from '../../src/controller/plan/disregard.ts'
import type { CycleReport, InterfaceReport, OverrideReport } from '../../src/controller/report.ts'
import type { SetAside } from '../../src/controller/plan/set-aside.ts'
import type { HistoryQuestions } from '../../src/history/records.ts'
import type { Alarm } from '../../src/model/alarm.ts'
import type { LogLevel } from '../../src/model/log-level.ts'
import type { Mode } from '../../src/model/mode.ts'
import { overrideId } from '../../src/model/override.ts'
import { matchEach } from '../../src/model/matches.ts'
import { contains, parseAddress, parsePrefix, type Address } from '../../src/model/prefix.ts'
import { Rates } from '../../src/model/rates.ts'
import type { Path, Route } from '../../src/model/route.ts'
import type { EgressInterface, Router } from '../../src/model/topology.ts'
import type { InterfaceTraffic, Telemetry } from '../../src/model/traffic.ts'
import { lastCycle } from '../controller/last-cycle.ts'
import { makeInterface as makeExit, makePath as makeExitPath, makeRouter as makeEdge, MBPS, World } from '../controller/world.ts'

export const NOW_MS = Date.UTC(2030, 0, 2, 3, 4, 5)
export const MARKER = 64_512 * 65_536 + 100

export const ROUTERS: readonly Router[] = [makeRouter('edge1'), makeRouter('edge2')]

const PATHS = [
  makePath('198.51.100.0/24', '192.0.2.2', [64_501]),
  makePath('198.51.100.0/24', '192.0.2.4', [64_502, 64_501]),
]
const ROUTES: readonly Route[] = [
  { prefix: parsePrefix('198.51.0.0/16'), paths: [makePath('198.51.0.0/16', '192.0.2.2', [64_501])] },
  { prefix: parsePrefix('198.51.100.0/24'), paths: PATHS },
]

const OVERRIDE = { router: 'edge1', prefix: parsePrefix('198.51.100.128/25') }
export const OVERRIDE_ID = overrideId(OVERRIDE)

const REPORTED_OVERRIDES: readonly OverrideReport[] = [
  { ...makeOverride('198.51.100.128/25'), state: 'installed', movedShare: 0.75 },
  { ...makeOverride('198.51.7.0/24'), state: 'planned' },
]

const DETOUR = { fromInterface: 'transit-a', toInterface: 'transit-b' }
const SET_ASIDE: readonly SetAside[] = [
  {
    kind: 'without effect',
    prefix: parsePrefix('198.51.9.0/24'),
    ...DETOUR,
    why: 'it does nothing',
    times: 1,
    untilMs: NOW_MS + 1_800_000,
    forgottenMs: NOW_MS + 3_600_000,
  },
  {
    kind: 'refused',
    prefix: parsePrefix('198.51.10.0/24'),
    ...DETOUR,
    why: 'only once so far',
    times: 1,
    untilMs: NOW_MS - 10_000,
    forgottenMs: NOW_MS + 290_000,
  },
]

const TELEMETRY: Telemetry = {
  lastFlowMs: NOW_MS - 1_500,
  flowIntervalMs: 100,
  lastCounterMs: NOW_MS - 9_000,
  counterIntervalMs: 10_000,
  agents: [
    {
      agent: parseAddress('10.0.0.1'),
      lastFlowMs: NOW_MS - 1_500,
      flowIntervalMs: 100,
      lastCounterMs: NOW_MS - 9_000,
      counterIntervalMs: 10_000,
      interfaces: [0],
    },
  ],
}

/** Two interfaces each; edge1 carries 900 Mbit/s of 1 Gbit/s on transit-a. */
export const REPORT: CycleReport = {
  startedMs: NOW_MS - 2_000,
  durationMs: 12.5,
  mode: 'active',
  routers: ROUTERS.map(({ name, interfaces }) => ({
    name,
    session: { up: name === 'edge1', synced: name === 'edge1' },
    telemetry: name === 'edge1' ? TELEMETRY : noTelemetry(),
    telemetryState: name === 'edge1' ? 'fresh' : 'lost',
    telemetryFaults: name === 'edge1' ? [] : ['no samples yet'],
    gobgpAnswers: true,
    permission: { kind: 'granted' as const },
    interfaces: interfaces.map(reportInterface),
    overrides: name === 'edge1' ? REPORTED_OVERRIDES : [],
    effects: [],
    setAside: name === 'edge1' ? SET_ASIDE : [],
    disregard: HEEDED,
  })),
}

export const DECISION: LoggedDecision = {
  id: (NOW_MS - 4_000) * 1000,
  atMs: NOW_MS - 4_000,
  router: 'edge1',
  kind: 'relieve',
  prefix: OVERRIDE.prefix,
  fromInterface: 'transit-a',
  toInterface: 'transit-b',
  bps: 100e6,
  reason: 'transit-a is above its high watermark',
  inputs: { plannedBps: 900e6, highWatermark: 0.8 },
  acted: true,
}

/** What the history answers, whatever is asked. */
export const HISTORY: { readonly [Q in keyof HistoryQuestions]: HistoryQuestions[Q]['answer'] } = {
  decisions: [],
  overrides: [
    {
      id: OVERRIDE_ID, router: 'edge1', prefix: '198.51.100.128/25', parentPrefix: '198.51.100.0/24', from: 'transit-a',
      to: 'transit-b', nextHop: '192.0.2.4', addedMs: NOW_MS - 60_000, addedReason: 'transit-a is too full', addedBps: 100e6,
      withdrawnMs: NOW_MS - 1_000, withdrawnReason: 'transit-a has room again', withdrawnBps: 50e6, row: 7,
    },
  ],
  alarms: [
    {
      kind: 'session_down', router: 'edge2', interface: null, message: 'GoBGP has no BGP session with edge2',
      begunMs: NOW_MS - 60_000, endedMs: null, row: 3,
    },
  ],
  modes: [{ atMs: NOW_MS - 60_000, mode: 'active' }],
  loads: {
    stepMs: 60_000,
    startMs: NOW_MS - 120_000,
    steps: 2,
    interfaces: ['transit-b', 'transit-a'].map((name) => ({
      router: 'edge1',
      interface: name,
      out: Float64Array.of(900e6 + 0.4, NaN),
      outMax: Float64Array.of(950e6, NaN),
      natural: Float64Array.of(950e6, NaN),
      naturalMax: Float64Array.of(990e6, NaN),
      planned: Float64Array.of(850e6, NaN),
    })),
  },
}

const ALARM: Alarm = {
  kind: 'session_down',
  router: 'edge2',
  interface: undefined,
  sinceMs: NOW_MS - 60_000,
  message: 'GoBGP has no BGP session with edge2',
}

const RATES = new Rates([
  rate('198.51.100.1', 0, 300e6, 300),
  rate('198.51.100.200', 1, 100e6, 100),
  rate('198.51.7.7', 0, 50e6, 50),
  rate('198.51.8.8', 0, 20e6, 20),
  rate('203.0.113.9', 0, 10e6, 10),
  rate('203.0.113.10', 0, 5e6, 5),
])

const GOBGP_UP: GobgpView = {
  target: '127.0.0.1:50051',
  connected: true,
  version: '3.10.0',
  apiVersion: 'v3',
  lastError: undefined,
  leaks: [],
  doubts: ['the import default is accept'],
  lease: { state: 'held', owner: '00c0ffeefeedbeef', isOurs: true, durationMs: 60_000, unchangedMs: 250 },
  watchdog: { seen: true, silentMs: 500 },
}

export const GOBGP_DOWN: GobgpView = {
  target: '127.0.0.1:50052',
  connected: false,
  version: undefined,
  apiVersion: undefined,
  lastError: 'refused',
  leaks: ['neighbor 192.0.2.9 is none of our routers'],
  doubts: [],
  lease: undefined,
  watchdog: { seen: false, silentMs: Infinity },
}

/** 198.51.100.0/24 is moved in part, and its rest could follow. */
const EXPLAINED = new World(
  makeEdge([makeExit(0), makeExit(1)], { name: 'edge1' }),
  ['198.51.100.0/24', '198.51.0.0/16'].flatMap((prefix) => [makeExitPath(prefix, 0), makeExitPath(prefix, 1)]),
  [1, 65, 129, 193].map((host) => ({ to: `198.51.100.${host}`, bps: 22 * MBPS })),
)
EXPLAINED.step()

export interface FakeView extends ApiView {
  /** Log levels that were set, in order. */
  readonly levels: readonly LogLevel[]
  /** Modes that were set, in order. */
  readonly modes: readonly Mode[]
  /** What was asked for by hand, in order. */
  readonly pins: readonly PinWish[]
  readonly withdrawals: readonly { readonly id: string; readonly forMs: number; readonly by: string }[]
}

/** Answers like a service in full work; `changes` replaces what a test wants otherwise. */
export function createFakeView(changes: Partial<ApiView> = {}): FakeView {
  const modes: Mode[] = []
  const pins: PinWish[] = []
  const levels: LogLevel[] = []
  const withdrawals: FakeView['withdrawals'][number][] = []
  return {
    version: '1.2.3',
    intervalMs: 1_000,
    topPrefixes: 0,
    logLevel: () => levels.at(-1) ?? 'info',
    setLogLevel: (level) => void levels.push(level),
    levels,
    routers: () => ROUTERS,
    overrideAttributes: () => ({ localPref: 500, marker: MARKER }),
    mode: () => modes.at(-1) ?? 'active',
    setMode: async (mode) => {
      modes.push(mode)
      return { applied: true, left: [] }
    },
    modes,
    pins,
    pin: async (wish) => {
      pins.push(wish)
      return { kind: 'made', override: REPORTED_OVERRIDES[0]! }
    },
    withdrawals,
    withdraw: async (id, forMs, by) => {
      if (id !== OVERRIDE_ID) return undefined
      withdrawals.push({ id, forMs, by })
      return { kind: 'withdrawn', untilMs: NOW_MS + forMs }
    },
    report: () => REPORT,
    traffic: (router) => ({
      router,
      rates: router === 'edge1' ? RATES : Rates.EMPTY,
      interfaces: ROUTERS[0]!.interfaces.map(trafficOf),
      telemetry: router === 'edge1' ? TELEMETRY : noTelemetry(),
    }),
    routes: {
      longestMatch: (_, address) => longest(address),
      matches: (_, rates) => matchEach(rates, longest),
      prepareMatches: () => {},
      covering: (_, prefix) => [longest(prefix)].filter((route) => route !== undefined),
      pathsTowards: () => {},
      nextHops: () => [],
      session: (router) => ({ up: router === 'edge1', synced: router === 'edge1' }),
    },
    gobgp: () => [GOBGP_UP, GOBGP_DOWN],
    alarms: () => [ALARM],
    decisions: async ({ router, limit }) =>
      [DECISION].filter((d) => (router ?? d.router) === d.router).slice(0, limit),
    history: async (question) => HISTORY[question],
    evaluatePaths: (_, prefix) =>
      (longest(prefix)?.paths ?? []).map((path, i) => ({
        path,
        interface: i === 0 ? 'transit-a' : undefined,
        best: i === 0,
      })),
    explain: (_, prefix) => explainPrefix(lastCycle(EXPLAINED), prefix),
    stats: () => ({
      sflow: {
        datagrams: 1_000,
        flowSamples: 2_000,
        counterSamples: 30,
        malformed: { too_short: 4 },
        dropped: { kernel: 1, sequence: 2, agent: 3, unknown_agent: 4 },
        restarts: 5,
        crowded: { folded: 6, evicted: 7 },
        agents: [
          { router: 'edge1', agent: parseAddress('10.0.0.1'), datagrams: 900, lost: 2, duplicates: 1, restarts: 5, dropped: 3, lostSamples: 14 },
        ],
        reception: {
          way: 'threads',
          workers: 1,
          datagrams: [1_000],
          receiveBuffer: { wantedBytes: 4_194_304, grantedBytes: 212_992, remedy: 'sysctl -w net.core.rmem_max=4194304' },
        },
      },
      decisions: new Map([['edge1', { relieve: 3, release: 2 }]]),
      gobgp: [
        {
          target: '127.0.0.1:50051',
          connected: true,
          calls: { calls: 100, underWay: 1, failed: new Map([['UNAVAILABLE', 2]]), seconds: 1.5 },
          waitingAdditions: 3,
          resyncs: 1,
        },
      ],
      history: { bytes: 40_960, writeFailures: 1, lost: 2, lastWriteSeconds: 0.004 },
      routeChanges: new Map([['edge1', { add: 7, withdraw: 5 }]]),
      routeTable: [
        { router: 'edge1', family: 4, routes: 2, paths: 3 },
        { router: 'edge1', family: 6, routes: 0, paths: 0 },
      ],
    }),
    ...changes,
  }
}

function noTelemetry(): Telemetry {
  return {
    lastFlowMs: undefined,
    flowIntervalMs: undefined,
    lastCounterMs: undefined,
    counterIntervalMs: undefined,
    agents: [],
  }
}

function longest(address: Address): Route | undefined {
  return ROUTES.findLast(({ prefix }) => contains(prefix, address))
}

function makeRouter(name: string): Router {
  return {
    name,
    address: parseAddress('10.0.0.1'),
    sflowAgents: [parseAddress('10.0.0.1')],
    gobgp: '127.0.0.1:50051',
    override: 'more_specific',
    defaultPrefixLength: { 4: 24, 6: 48 },
    maxPrefixLength: { 4: 28, 6: 64 },
    interfaces: ['transit-a', 'transit-b'].map((i, n) => makeInterface(name, i, n + 1)),
  }
}

function makeInterface(router: string, name: string, ifIndex: number): EgressInterface {
  return {
    router,
    name,
    ifIndex,
    addresses: [],
    nextHops: [parseAddress(`192.0.2.${ifIndex * 2}`)],
    speedBps: undefined,
    highWatermark: 0.8,
    lowWatermark: 0.65,
    reliefTarget: 0.65,
    perPrefixThresholdBps: 100e6,
    monitor: true,
    detourTarget: true,
    dryRun: false,
  }
}

function reportInterface(i: EgressInterface): InterfaceReport {
  const isMeasured = i.router === 'edge1' && i.ifIndex === 1
  const traffic = trafficOf(i)
  return {
    ...i,
    speedBps: traffic.speedBps,
    traffic,
    naturalBps: isMeasured ? 950e6 : undefined,
    plannedBps: isMeasured ? 850e6 : undefined,
    withoutAlternateBps: isMeasured ? 85e6 : i.router === 'edge1' ? 0 : undefined,
    state: isMeasured ? 'high' : 'ok',
  }
}

function trafficOf({ name }: EgressInterface): InterfaceTraffic {
  const isMeasured = name === 'transit-a'
  return {
    name,
    outBps: isMeasured ? 900e6 + 0.4 : undefined,
    errorBps: 0,
    source: isMeasured ? 'counters' : 'none',
    spanStartMs: NOW_MS - 10_000,
    spanEndMs: NOW_MS,
    speedBps: isMeasured ? 1e9 : undefined,
    operUp: isMeasured ? true : undefined,
    inErrors: 1,
    outErrors: 2,
    inDiscards: 3,
    outDiscards: 4,
    flowScale: 1,
    lastCounterMs: isMeasured ? NOW_MS - 9_000 : undefined,
    counterIntervalMs: isMeasured ? 10_000 : undefined,
    contradictions: [],
  }
}

function makePath(prefix: string, nextHop: string, asns: readonly number[]): Path {
  return {
    prefix: parsePrefix(prefix),
    pathId: asns.length,
    rpki: 'not_found',
    nextHop: parseAddress(nextHop),
    origin: 0,
    asPath: [{ kind: 'sequence', asns }],
    med: asns.length === 1 ? undefined : 30,
    localPref: 100,
    communities: [64_501 * 65_536 + 7],
    largeCommunities: [],
    originatorId: undefined,
  }
}

function makeOverride(prefix: string): Omit<OverrideReport, 'state'> {
  const key = { router: 'edge1', prefix: parsePrefix(prefix) }
  return {
    id: overrideId(key),
    override: {
      ...key,
      parentPrefix: parsePrefix('198.51.100.0/24'),
      fromInterface: 'transit-a',
      toInterface: 'transit-b',
      follows: PATHS[1]!,
      sinceMs: NOW_MS - 60_000,
      reason: 'transit-a is too full',
    },
    bps: 100e6,
    movedShare: undefined,
  }
}

function rate(address: string, interfaceIndex: number, bps: number, samples: number) {
  return { address: parseAddress(address), interfaceIndex, bps, samples }
}
