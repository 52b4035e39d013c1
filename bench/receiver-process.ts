/**
 * Our collector in a process of its own, with a full table: the agents of sflow-load, and a reader of traffic as the
 * control loop is. `receiver-process.ts PORT WORKERS RECEIVE_BUFFER_BYTES` runs until SIGTERM and prints what it counted
 * as JSON; the table is that of TABLE_DIR.
 */
import { pino } from 'pino'
import { createCollector } from '../src/collector/collector.ts'
import { Demand } from '../src/controller/plan/demand.ts'
import { loadTable } from './load-table.ts'
import { loadTopology } from './topology.ts'
import { monotonicClock as clock } from '../src/process/monotonic-clock.ts'
import { spareMemory } from '../src/process/spare-memory.ts'

/** Every router's traffic is read once a second, and in every fifth of these sorted out by received prefix. */
const READ_EVERY_MS = 1000
const PLAN_EVERY = 5

spareMemory()
const [port, workers, receiveBufferBytes] = process.argv.slice(2)
const routers = loadTopology()
const table = loadTable(process.env['TABLE_DIR'] ?? '.')
const collector = createCollector({
  listen: { host: '127.0.0.1', port: Number(port) },
  windowMs: 30_000,
  workers: Number(workers),
  receiveBufferBytes: Number(receiveBufferBytes),
  routers,
  clock,
  logger: pino({ level: 'error' }),
})
await collector.start()

const destinations = routers.map(() => 0)
/** CPU of this thread for each read of one router, ms: as the loop reads them, and as a plan does, which sorts them. */
const spentMs = { read: [] as number[], planned: [] as number[] }
let longestReadMs = 0
let reads = 0
const reader = setInterval(() => {
  const n = reads++ % routers.length
  const router = routers[n]!
  const isPlanned = Math.floor(reads / routers.length) % PLAN_EVERY === n % PLAN_EVERY
  const [startMs, startCpu] = [performance.now(), process.threadCpuUsage()]
  const { rates } = collector.traffic(router.name, clock())
  if (isPlanned && rates.length > 0) rates.interfaceAt(0)
  const { user, system } = process.threadCpuUsage(startCpu)
  spentMs[isPlanned ? 'planned' : 'read'].push((user + system) / 1000)
  longestReadMs = Math.max(longestReadMs, performance.now() - startMs)
  destinations[n] = rates.length
  // What a plan begins with where something may have to move.
  if (isPlanned) new Demand(router, rates, table).leavingBy(0)
}, READ_EVERY_MS / routers.length)

/** Of all routers together, by the median of one. */
function forAll(ms: readonly number[]): number | undefined {
  const one = ms.toSorted((a, b) => a - b)[ms.length >> 1]
  return one === undefined ? undefined : one * routers.length
}

process.once('SIGTERM', () => {
  clearInterval(reader)
  const { datagrams, flowSamples: samples, dropped, malformed, foldedKeys, evictedKeys, reception } = collector.stats
  const memory = process.memoryUsage()
  const line = {
    datagrams, samples, destinations: destinations.reduce((sum, some) => sum + some), dropped, malformed,
    snapshotCpuMs: forAll(spentMs.read), plannedSnapshotCpuMs: forAll(spentMs.planned), longestReadMs,
    datagramsOfThreads: reception?.datagrams, routes: table.paths, foldedKeys, evictedKeys, memory,
  }
  process.stdout.write(`${JSON.stringify(line)}\n`)
  void collector.stop()
})
