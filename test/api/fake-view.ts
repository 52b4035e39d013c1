/** A view of two routers with traffic, routes and overrides; tests change what they need. */
import type { ApiView } from '../../src/api/view.ts'
import type { CycleReport, InterfaceReport, OverrideReport } from '../../src/controller/report.ts'
import type { Decision } from '../../src/model/decision.ts'
import type { Mode } from '../../src/model/mode.ts'
import { overrideId } from '../../src/model/override.ts'
import { contains, parseAddress, parsePrefix, type Address } from '../../src/model/prefix.ts'
import { Rates } from '../../src/model/rates.ts'
import type { Path, Route } from '../../src/model/route.ts'
import type { EgressInterface, Router } from '../../src/model/topology.ts'
import type { InterfaceTraffic, Telemetry } from '../../src/model/traffic.ts'

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
  { ...makeOverride('198.51.100.128/25'), state: 'installed' },
  { ...makeOverride('198.51.7.0/24'), state: 'planned' },
]

const TELEMETRY: Telemetry = {
  lastFlowMs: NOW_MS - 1_500,
  flowIntervalMs: 100,
  lastCounterMs: NOW_MS - 9_000,
  counterIntervalMs: 10_000,
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
    gobgpAnswers: true,
    interfaces: interfaces.map(reportInterface),
    overrides: name === 'edge1' ? REPORTED_OVERRIDES : [],
  })),
}

export const DECISION: Decision = {
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

const RATES = new Rates([
  rate('198.51.100.1', 0, 300e6, 300),
  rate('198.51.100.200', 1, 100e6, 100),
  rate('198.51.7.7', 0, 50e6, 50),
  rate('198.51.8.8', 0, 20e6, 20),
  rate('203.0.113.9', 0, 10e6, 10),
  rate('203.0.113.10', 0, 5e6, 5),
])

const GOBGP_UP = {
  target: '127.0.0.1:50051',
  connected: true,
  version: '3.10.0',
  apiVersion: 'v3',
  lastError: undefined,
}

export const GOBGP_DOWN = {
  target: '127.0.0.1:50052',
  connected: false,
  version: undefined,
  apiVersion: undefined,
  lastError: 'refused',
}

export interface FakeView extends ApiView {
  /** Modes that were set, in order. */
  readonly modes: readonly Mode[]
}

/** Answers like a service in full work; `changes` replaces what a test wants otherwise. */
export function createFakeView(changes: Partial<ApiView> = {}): FakeView {
  const modes: Mode[] = []
  return {
    version: '1.2.3',
    routers: () => ROUTERS,
    overrideAttributes: () => ({ localPref: 500, marker: MARKER }),
    mode: () => modes.at(-1) ?? 'active',
    setMode: async (mode) => void modes.push(mode),
    modes,
    report: () => REPORT,
    traffic: (router) => ({
      router,
      rates: router === 'edge1' ? RATES : Rates.EMPTY,
      interfaces: ROUTERS[0]!.interfaces.map(trafficOf),
      telemetry: router === 'edge1' ? TELEMETRY : noTelemetry(),
    }),
    routes: {
      longestMatch: (_, address) => longest(address),
      covering: () => [],
      nextHops: () => [],
      session: (router) => ({ up: router === 'edge1', synced: router === 'edge1' }),
    },
    gobgp: () => [GOBGP_UP, GOBGP_DOWN],
    decisions: ({ router, limit }) =>
      [DECISION].filter((d) => (router ?? d.router) === d.router).slice(0, limit),
    evaluatePaths: (_, prefix) =>
      (longest(prefix)?.paths ?? []).map((path, i) => ({
        path,
        interface: i === 0 ? 'transit-a' : undefined,
        best: i === 0,
      })),
    stats: () => ({
      sflow: {
        datagrams: 1_000,
        flowSamples: 2_000,
        counterSamples: 30,
        malformed: { too_short: 4 },
        dropped: { kernel: 1, sequence: 2, agent: 3, unknown_agent: 4 },
      },
      routeChanges: new Map([['edge1', { add: 7, withdraw: 5 }]]),
      routeTable: [
        { router: 'edge1', family: 4, routes: 2, paths: 3 },
        { router: 'edge1', family: 6, routes: 0, paths: 0 },
      ],
      alarms: { session_down: 1 },
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
  }
}

function makePath(prefix: string, nextHop: string, asns: readonly number[]): Path {
  return {
    prefix: parsePrefix(prefix),
    pathId: asns.length,
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
  }
}

function rate(address: string, interfaceIndex: number, bps: number, samples: number) {
  return { address: parseAddress(address), interfaceIndex, bps, samples }
}
