/** What is measured: Spillway's GoBGP client, a control loop on its routes and a collector, in a process of its own. */
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { createCollector, type Collector } from '../../src/collector/collector.ts'
import { createGobgp, type Gobgp } from '../../src/bgp/gobgp.ts'
import { createController } from '../../src/controller/controller.ts'
import type { CycleReport } from '../../src/controller/report.ts'
import { parseAddress, type Address } from '../../src/model/prefix.ts'
import { parseCommunity } from '../../src/model/route.ts'
import { monotonicClock as clock } from '../../src/process/monotonic-clock.ts'
import { spareMemory } from '../../src/process/spare-memory.ts'
import { loadTopology } from '../topology.ts'
import { findFreePort } from '../../src/simulator/free-port.ts'
import { BenchTraffic, benchRouter } from './bench-traffic.ts'
import { watchLoop, type LoopFigures } from './loop-watch.ts'
import { pickDestinations, readTables } from './prefix-files.ts'

export type ReaderOrder =
  /** Reads the routers of these addresses from the gobgpd. */
  | { readonly kind: 'start'; readonly target: string; readonly addresses: readonly string[] }
  /** Listens for the agents of sflow-load, and reads their traffic as a control loop does; answers with its port. */
  | { readonly kind: 'collect' }
  /** What has been collected since it listens. */
  | { readonly kind: 'collected' }
  /** Answers when it holds so many paths. */
  | { readonly kind: 'await'; readonly paths: number; readonly deadlineS: number }
  | { readonly kind: 'memory' }
  | { readonly kind: 'idle'; readonly seconds: number }
  /** Looks addresses up, in steps that leave the loop to others. */
  | { readonly kind: 'look_up'; readonly seconds: number }
  /** Runs the control loop. */
  | { readonly kind: 'steer'; readonly seconds: number; readonly active: number; readonly overloaded: number }

export interface Awaited extends LoopFigures { readonly seconds: number; readonly changes: number; readonly resyncs: number }
export interface Idled extends LoopFigures { readonly seconds: number }
export interface Collected { readonly datagrams: number; readonly kernelDrops: number; readonly gaps: number }
export interface Memory { readonly rssMb: number; readonly heapMb: number; readonly arraysMb: number; readonly paths: number }
export interface LookedUp extends LoopFigures { readonly ns: number; readonly found: number }
export interface Steered extends LoopFigures {
  readonly cycles: number
  /** Cycles in which GoBGP had told in time what it holds. */
  readonly answered: number
  readonly medianMs: number
  readonly longestMs: number
  /** How much later than its interval a cycle began. */
  readonly latestMs: number
  readonly destinations: number
  readonly overrides: number
}

const INTERVAL_MS = 1000
const FORM = { localPref: 500, marker: parseCommunity('64512:100') }
const POLICY = {
  minHoldMs: 60_000, staleAfterMs: 60_000, withdrawAfterMs: 300_000, minSamples: 30, minPrefixLength: { 4: 8, 6: 16 },
  deny: [], ownPrefixes: [], bogons: [], ixLans: [],
}
spareMemory()
const logger = pino({ level: process.env['LOG_LEVEL'] ?? 'error' })
const tables = readTables(process.argv[2]!)
let gobgp: Gobgp | undefined
let collector: Collector | undefined
let addresses: readonly string[] = []

const paths = (): number =>
  gobgp!.stats().routers.flatMap(({ families }) => families).reduce((sum, family) => sum + family.paths, 0)
const changes = (): number => gobgp!.stats().routers.reduce((sum, router) => sum + router.changes, 0)

async function obey(order: ReaderOrder): Promise<object> {
  switch (order.kind) {
    case 'start':
      addresses = order.addresses
      gobgp = createGobgp({
        target: order.target, clock, logger, ...FORM,
        routers: addresses.map((address, n) => ({ name: `rtr${n + 1}`, address: parseAddress(address) })),
      })
      await gobgp.start()
      return {}
    case 'collect':
      return { port: await collect() }
    case 'collected': {
      const { datagrams, dropped } = collector!.stats
      return { datagrams, kernelDrops: dropped.kernel, gaps: dropped.sequence } satisfies Collected
    }
    case 'await':
      return awaitPaths(order.paths, order.deadlineS)
    case 'memory':
      return memory()
    case 'idle': {
      const watch = watchLoop()
      await sleep(order.seconds * 1000)
      return { seconds: order.seconds, ...watch.stop() } satisfies Idled
    }
    case 'look_up':
      return lookUp(order.seconds)
    case 'steer':
      return steer(order)
  }
}

async function collect(): Promise<number> {
  const routers = loadTopology()
  const listening = createCollector({
    listen: { host: '127.0.0.1', port: await findFreePort('127.0.0.1') }, windowMs: 30_000, workers: 1, routers, clock, logger,
  })
  await listening.start()
  collector = listening
  let reads = 0
  setInterval(() => listening.traffic(routers[reads++ % routers.length]!.name, clock()), INTERVAL_MS / routers.length)
  return listening.port
}

async function awaitPaths(expected: number, deadlineS: number): Promise<Awaited> {
  const watch = watchLoop()
  const [startedMs, before] = [clock(), changes()]
  while (paths() !== expected || gobgp!.stats().resyncs === 0) {
    if (clock() - startedMs > deadlineS * 1000) throw new Error(`${paths()} of ${expected} paths after ${deadlineS} s`)
    await sleep(20)
  }
  return { seconds: (clock() - startedMs) / 1000, changes: changes() - before, resyncs: gobgp!.stats().resyncs, ...watch.stop() }
}

async function memory(): Promise<Memory> {
  for (let i = 0; i < 3; i++) {
    globalThis.gc?.()
    await sleep(100)
  }
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage()
  return { rssMb: rss / 1e6, heapMb: heapUsed / 1e6, arraysMb: arrayBuffers / 1e6, paths: gobgp === undefined ? 0 : paths() }
}

async function lookUp(seconds: number): Promise<LookedUp> {
  const STEP = 2000
  const destinations = pickDestinations(tables, 100_000)
  const lookAt = (address: Address): boolean => gobgp!.longestMatch('rtr1', address) !== undefined
  destinations.forEach(lookAt)
  const watch = watchLoop()
  const endMs = clock() + seconds * 1000
  let [count, found, usedUs] = [0, 0, 0]
  while (clock() < endMs) {
    const before = process.threadCpuUsage()
    for (let i = 0; i < STEP; i++) if (lookAt(destinations[count++ % destinations.length]!)) found++
    const { user, system } = process.threadCpuUsage(before)
    usedUs += user + system
    await sleep(1)
  }
  return { ns: (usedUs * 1000) / count, found: found / count, ...watch.stop() }
}

async function steer(order: Extract<ReaderOrder, { kind: 'steer' }>): Promise<Steered> {
  const router = benchRouter(addresses[0]!)
  const source = new BenchTraffic(router, gobgp!, pickDestinations(tables, order.active))
  source.overloaded = order.overloaded
  const reports: CycleReport[] = []
  const limits = { maxOverrides: 1000, maxOverridesPerRouter: 1000, maxChangesPerCycle: 50, maxDetouredShare: 0.5 }
  const controller = createController(
    {
      routers: [router], policy: POLICY, settings: { intervalMs: INTERVAL_MS, limits }, form: FORM, windowMs: 30_000,
      traffic: { traffic: (_, nowMs) => source.traffic(nowMs) },
      routes: gobgp!, overrides: gobgp!, sessions: gobgp!, sent: { unsent: () => new Map() }, stories: new Map(), keptOut: new Map(), gates: [], sharedExits: [],
      clock, logger: pino({ level: 'silent' }), onCycle: (report) => void reports.push(report),
    },
    'dry_run',
  )
  const watch = watchLoop()
  controller.start()
  await sleep(order.seconds * 1000)
  await controller.stop()
  const figures = watch.stop()
  // The first ones are made before compilers have seen any.
  const later = reports.slice(3)
  const durations = later.map(({ durationMs }) => durationMs).sort((a, b) => a - b)
  const late = later.slice(1).map(({ startedMs }, i) => startedMs - later[i]!.startedMs - INTERVAL_MS)
  return {
    ...figures,
    cycles: reports.length,
    answered: reports.filter(({ routers }) => routers[0]!.gobgpAnswers).length,
    medianMs: durations[durations.length >> 1] ?? NaN,
    longestMs: durations.at(-1) ?? NaN,
    latestMs: Math.max(...late),
    destinations: source.destinations,
    overrides: reports.at(-1)!.routers[0]!.overrides.length,
  }
}

process.on('message', (order: ReaderOrder) => {
  obey(order).then(
    (done) => process.send!({ done }),
    (error: unknown) => process.send!({ error: error instanceof Error ? error.stack : String(error) }),
  )
})
process.on('disconnect', () => process.exit())
process.send!({ done: {} })
