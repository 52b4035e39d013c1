/**
 * Route tables alone, of several routers: what they hold and what they take.
 * `node --expose-gc bench/routes/in-memory.ts [--routers 3] [--paths 3] [--ipv4 N] [--ipv6 N]`; needs gcc.
 */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { RouteTable } from '../../src/bgp/table/route-table.ts'
import { compareAddresses } from '../../src/model/prefix.ts'
import { Rates } from '../../src/model/rates.ts'
import { EXITS } from './bench-traffic.ts'
import { fillTable } from './fill-table.ts'
import { FullFeed } from './full-feed.ts'
import { pickDestinations, readTables } from './prefix-files.ts'
import { makeTables } from './rig.ts'

const { values } = parseArgs({
  options: {
    ipv4: { type: 'string', default: '1000000' },
    ipv6: { type: 'string', default: '200000' },
    paths: { type: 'string', default: '3' },
    routers: { type: 'string', default: '3' },
  },
})
const folder = join(import.meta.dirname, '..', '..', '.cache', 'bench', `table-${values.ipv4}-${values.ipv6}`)
makeTables(folder, Number(values.ipv4), Number(values.ipv6))
const paths = Number(values.paths)
const prefixes = readTables(folder)
const feeds = prefixes.map((table) => new FullFeed(table, { paths, exits: EXITS, prefixesPerGroup: 6 }))
const destinations = pickDestinations(prefixes, 100_000)

const cpuMs = (): number => {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}
const used = (): number => {
  globalThis.gc?.()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

const tables: RouteTable[] = []
const before = used()
for (let router = 0; router < Number(values.routers); router++) {
  const table = new RouteTable()
  tables.push(table)
  const startedMs = cpuMs()
  const count = fillTable(table, feeds, paths)
  const tookMs = cpuMs() - startedMs
  const total = tables.reduce((sum, one) => sum + one.paths, 0)
  process.stdout.write(
    `${router + 1} router(s), ${total} paths: ${((used() - before) / total).toFixed(0)} bytes a path, ` +
      `${(process.memoryUsage().rss / 1e6).toFixed(0)} MB in all; ${((tookMs * 1e6) / count).toFixed(0)} ns to announce one\n`,
  )
}
const table = tables[0]!
const inOrder = destinations.toSorted(compareAddresses)
for (const [how, addresses] of [['at random', destinations], ['in order, as a plan does', inOrder]] as const) {
  const tookNs = [1, 2, 3].map(() => {
    const startedMs = cpuMs()
    for (const destination of addresses) table.longestMatch(destination)
    return Math.round(((cpuMs() - startedMs) * 1e6) / addresses.length)
  })
  process.stdout.write(`longest match of ${addresses.length} addresses, ${how}: ${tookNs.join(', then ')} ns\n`)
}
const rows = destinations.map((address) => ({ address, interfaceIndex: 0, bps: 1, samples: 1 }))
const tookMs = [1, 2, 3].map(() => {
  const rates = new Rates(rows)
  rates.interfaceAt(0)
  const startedMs = cpuMs()
  table.matches(rates)
  return (cpuMs() - startedMs).toFixed(1)
})
process.stdout.write(`the prefixes of ${rows.length} sorted addresses: ${tookMs.join(', then ')} ms\n`)
const startedMs = cpuMs()
table.clear()
process.stdout.write(`a router's paths dropped in ${(cpuMs() - startedMs).toFixed(1)} ms\n`)
