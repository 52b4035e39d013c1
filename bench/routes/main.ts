/**
 * A full table through a real gobgpd into the route table, beside who only takes the bytes: `npm run bench:routes
 * [-- --paths N --routers N --ipv4 N --ipv6 N --active N --sflow N --seconds N --part listed|live --gobgpd COMMAND]`.
 * Needs gcc and gobgpd; `--gobgpd 4` takes the gobgpd 4 that `test/fetch-gobgpd-4` brings. 2.4 million paths take gobgpd
 * 3.10 some 5 GB of memory.
 */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { readUse } from '../receivers.ts'
import type { BareReport } from './bare-process.ts'
import { watchLoop, type LoopFigures } from './loop-watch.ts'
import type { Child } from './child.ts'
import type { Awaited, Collected, Idled, LookedUp, Memory, ReaderOrder, Steered } from './reader-process.ts'
import { makeTables, startRig } from './rig.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const DEADLINE_S = 1800
const QUIET_MS = 5000

const { values } = parseArgs({
  options: {
    ipv4: { type: 'string', default: '1000000' },
    ipv6: { type: 'string', default: '200000' },
    paths: { type: 'string', default: '2' },
    routers: { type: 'string', default: '1' },
    active: { type: 'string', default: '100000' },
    /** Datagrams a second to the collector in the same process, from the first cycle on. */
    sflow: { type: 'string', default: '10000' },
    gobgpd: { type: 'string', default: 'gobgpd' },
    /** `listed` or `live`: only that half. */
    part: { type: 'string', default: 'both' },
    /** Of each look, while nothing changes and amid changes. */
    seconds: { type: 'string', default: '20' },
  },
})
const CHURN = { perSecond: 5000, seconds: Number(values.seconds) }
const gobgpd = values.gobgpd === '4' ? execFileSync(join(ROOT, 'test', 'fetch-gobgpd-4'), { encoding: 'utf8' }).trim() : values.gobgpd
const version = /version 4/.test(execFileSync(gobgpd, ['--version'], { encoding: 'utf8' })) ? 'v4' : 'v3'
const folder = join(ROOT, '.cache', 'bench', `table-${values.ipv4}-${values.ipv6}`)
makeTables(folder, Number(values.ipv4), Number(values.ipv6))
const rig = await startRig({ gobgpd, folder, routers: Number(values.routers), paths: Number(values.paths) })
const { paths, addresses, gobgpd: { pid, api } } = rig
try {
  print(`${version}: ${values.routers} router(s), ${values.ipv4} IPv4 and ${values.ipv6} IPv6 prefixes, ${paths} paths`)
  const floor = values.part === 'live' ? undefined : await measureFloor()
  const reader = await rig.startReader()
  const empty = await reader.ask<Memory>({ kind: 'memory' })
  await reader.ask({ kind: 'start', target: api, addresses })
  if (floor !== undefined) await measureListed(reader, floor.listed, empty)
  if (values.part !== 'listed') await measureLive(reader, floor?.live)
} finally {
  await rig.stop()
}

/** A process that takes the bytes and does nothing with them. */
async function measureFloor(): Promise<{ live: BareReport; listed: BareReport }> {
  print('\nfirst the floor, a process that takes the bytes and does nothing with them:')
  const bare = await rig.startBare()
  await bare.ask({ kind: 'watch', target: api, version })
  const gobgpdBefore = readUse(pid).cpuS
  await announce()
  const live = await untilQuiet(() => bare.ask<BareReport>({ kind: 'report' }))
  const learned = readUse(pid)
  print(`- learning: ${rate(live.seconds)}, ${each(live.cpuS)}, ${mb(live.bytes)} in ${live.messages} messages; ` +
    `gobgpd: ${each(learned.cpuS - gobgpdBefore)}, ${learned.memoryMb.toFixed(0)} MB`)
  await bare.ask({ kind: 'list', target: api, version, addresses })
  const listed = await bare.ask<BareReport>({ kind: 'report' })
  print(`- listing: ${rate(listed.seconds)}, ${each(listed.cpuS)}, ${mb(listed.bytes)}; gobgpd: ` +
    `${each(readUse(pid).cpuS - learned.cpuS)}, ${readUse(pid).memoryMb.toFixed(0)} MB`)
  await bare.stop()
  return { live, listed }
}

/** Spillway comes to a gobgpd that has all paths. */
async function measureListed(reader: Child<ReaderOrder>, floor: BareReport, empty: Memory): Promise<void> {
  print('\nSpillway:')
  const beside = watchLoop()
  const listed = await reader.ask<Awaited>({ kind: 'await', paths, deadlineS: DEADLINE_S })
  print(`- listing, with the start: ${rate(listed.seconds)} (floor / ours: ${(floor.seconds / listed.seconds).toFixed(2)}), ` +
    `${each(listed.cpuS)} (ours / floor: ${(listed.cpuS / floor.cpuS).toFixed(1)})`)
  printLoop(listed, beside.stop())
  await printMemory(reader, empty)
  const still = await reader.ask<LookedUp>({ kind: 'look_up', seconds: CHURN.seconds / 2 })
  print(`- longest match: ${still.ns.toFixed(0)} ns (of CPU, the route at hand; ${(still.found * 100).toFixed(1)} % found)`)
  const [changed, amid] = await Promise.all([churn(), reader.ask<LookedUp>({ kind: 'look_up', seconds: CHURN.seconds })])
  print(`- longest match amid ${perSecond(changed)} changes a second: ${amid.ns.toFixed(0)} ns`)
  printLoop(amid)
  await measureFlap(reader)
}

/** Spillway is there when all paths come, with a collector beside, and steers while they change. */
async function measureLive(reader: Child<ReaderOrder>, floor: BareReport | undefined): Promise<void> {
  print('\nSpillway with sFlow:')
  await reader.ask<Awaited>({ kind: 'await', paths: 0, deadlineS: DEADLINE_S })
  const { port } = await reader.ask<{ port: number }>({ kind: 'collect' })
  rig.startSflow(port, Number(values.sflow))
  await sleep(QUIET_MS)
  let before = await reader.ask<Collected>({ kind: 'collected' })
  const idle = await reader.ask<Idled>({ kind: 'idle', seconds: QUIET_MS / 1000 })
  const printCollected = async (): Promise<void> => {
    const now = await reader.ask<Collected>({ kind: 'collected' })
    print(`  - collector: ${now.datagrams - before.datagrams} datagrams, ${now.kernelDrops - before.kernelDrops} dropped by the ` +
      `kernel, ${now.gaps - before.gaps} missing in their numbering`)
    before = now
  }
  await printCollected()
  const empty = await reader.ask<Memory>({ kind: 'memory' })

  const gobgpdUsedS = readUse(pid).cpuS
  const beside = watchLoop()
  const [live] = await Promise.all([reader.ask<Awaited>({ kind: 'await', paths, deadlineS: DEADLINE_S }), announce()])
  const ownS = live.cpuS - (live.seconds * idle.cpuS) / idle.seconds
  print(`- all learned after ${live.seconds.toFixed(0)} s: ${rate(live.seconds)}, ${each(ownS)} without the collector's` +
    (floor === undefined ? '' : ` (floor: ${rate(floor.seconds)} from its first message; ours / floor: ${(ownS / floor.cpuS).toFixed(1)})`) +
    `; gobgpd: ${each(readUse(pid).cpuS - gobgpdUsedS)}, ${readUse(pid).memoryMb.toFixed(0)} MB`)
  printLoop(live, beside.stop())
  await printCollected()
  await printMemory(reader, empty)

  for (const overloaded of [0, 55]) {
    const order = { kind: 'steer', seconds: CHURN.seconds, active: Number(values.active), overloaded } as const
    printCycles(await reader.ask<Steered>(order), overloaded > 0 ? '55 of 64 links overloaded' : 'no link overloaded')
    await printCollected()
    const [told, steered] = await Promise.all([churn(), reader.ask<Steered>(order)])
    printCycles(steered, `the same amid ${perSecond(told)} changes a second`)
    await printCollected()
  }
  await measureFlap(reader)
  await printCollected()
}

async function measureFlap(reader: Child<ReaderOrder>): Promise<void> {
  const gobgpdUsedS = readUse(pid).cpuS
  await Promise.all(rig.feeders.map((feeder) => feeder.ask({ kind: 'drop' })))
  const gone = await reader.ask<Awaited>({ kind: 'await', paths: 0, deadlineS: DEADLINE_S })
  print(`- all sessions go: all paths gone ${gone.seconds.toFixed(2)} s after that; gobgpd: ${each(readUse(pid).cpuS - gobgpdUsedS)}; ` +
    `${gone.resyncs - 1} times read anew`)
  printLoop(gone)
}

async function announce(): Promise<void> {
  await Promise.all(rig.feeders.map(async (_, router) => rig.connect(router)))
  await Promise.all(rig.feeders.map((feeder) => feeder.ask({ kind: 'announce' })))
}

async function churn(): Promise<readonly { changes: number }[]> {
  return Promise.all(rig.feeders.map((feeder) => feeder.ask<{ changes: number }>({ kind: 'churn', ...CHURN })))
}

function rate(seconds: number): string {
  return `${(paths / seconds / 1000).toFixed(1)}k paths/s`
}

function each(cpuS: number): string {
  return `${((cpuS / paths) * 1e6).toFixed(2)} µs of CPU a path`
}

async function printMemory(reader: Child<ReaderOrder>, empty: Memory): Promise<void> {
  const full = await reader.ask<Memory>({ kind: 'memory' })
  const bytes = ((full.heapMb + full.arraysMb - empty.heapMb - empty.arraysMb) * 1e6) / paths
  print(`- memory: ${bytes.toFixed(0)} bytes a path (heap and arrays), ${(((full.rssMb - empty.rssMb) * 1e6) / paths).toFixed(0)} by RSS: ` +
    `${full.rssMb.toFixed(0)} MB with all of them, ${empty.rssMb.toFixed(0)} MB before`)
}

/** The last report, when nothing has come for a while. */
async function untilQuiet(report: () => Promise<BareReport>): Promise<BareReport> {
  for (let before = await report(); ;) {
    await sleep(QUIET_MS)
    const now = await report()
    if (now.messages > 0 && now.messages === before.messages) return before
    before = now
  }
}

function printLoop({ p99Ms, maxMs, longestTurnMs }: LoopFigures, beside?: LoopFigures): void {
  const idle = beside === undefined ? '' : ` (an idle process beside: ${beside.p99Ms.toFixed(0)} and ${beside.maxMs.toFixed(0)} ms)`
  print(`  - event loop late by p99 ${p99Ms.toFixed(0)} ms, at most ${maxMs.toFixed(0)} ms${idle}; longest turn ${longestTurnMs.toFixed(0)} ms of CPU`)
}

function printCycles(steered: Steered, when: string): void {
  const { medianMs, longestMs, latestMs, destinations, overrides, cycles, answered } = steered
  print(`- cycle, ${destinations} active destinations, ${when}: median ${medianMs.toFixed(0)} ms, longest ${longestMs.toFixed(0)} ms, ` +
    `begun ${latestMs.toFixed(0)} ms late at most (${cycles} cycles, in ${answered} GoBGP had answered; ${overrides} overrides planned)`)
  printLoop(steered)
}

function perSecond(told: readonly { changes: number }[]): string {
  return (told.reduce((sum, { changes }) => sum + changes, 0) / CHURN.seconds).toFixed(0)
}

function mb(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
