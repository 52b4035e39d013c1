/** Edges to plan for: what a router has told, and where its traffic goes. */
import { join } from 'node:path'
import { RouteTable } from '../../src/bgp/table/route-table.ts'
import { packAttributes } from '../../src/bgp/wire/packed-attributes.ts'
import type { DestinationRate } from '../../src/model/rates.ts'
import type { Router } from '../../src/model/topology.ts'
import type { InterfaceTraffic } from '../../src/model/traffic.ts'
import { makeTrace } from '../../src/simulator/steering/make-trace.ts'
import { BenchTraffic, benchRouter, EXITS } from './bench-traffic.ts'
import { announceGroup, fillTable, withdrawGroup } from './fill-table.ts'
import { FullFeed } from './full-feed.ts'
import { pickDestinations, readTables } from './prefix-files.ts'
import { makeTables } from './rig.ts'

export interface PlanEdge {
  readonly router: Router
  readonly table: RouteTable
  readonly rows: readonly DestinationRate[]
  /** What each interface carries; where it says no more, the rest is the router's own. */
  readonly interfaces: readonly Pick<InterfaceTraffic, 'outBps'>[]
  /** Changes so many routes. */
  readonly churn: (changes: number) => void
}

export interface TraceShape {
  readonly prefixes: number
  /** Destinations of a prefix, 4 at most. */
  readonly each: number
  readonly transits: number
}

/** Tables in which every prefix has traffic: no link overloaded, some of 64, most of them. */
export function* traceEdges({ prefixes, each, transits }: TraceShape): Generator<PlanEdge> {
  for (const load of [0.5, 0.9, 1.2]) {
    const trace = makeTrace({ peers: 64 - transits, transits, prefixes, load }, { name: 'full', seconds: 1 }, 3)
    const interfaces = trace.router.interfaces.map(() => ({ outBps: 0 }))
    const rows = trace.prefixes.flatMap(({ paths, destinations }, n) =>
      destinations.slice(0, each).map(({ address, share }) => {
        const interfaceIndex = paths[0]!.pathId - 1
        const bps = trace.demandBps(n, 0) * (each === 1 ? 1 : share)
        interfaces[interfaceIndex]!.outBps += bps
        return { address, interfaceIndex, bps, samples: 1000 }
      }),
    )
    const table = new RouteTable()
    const announce = (n: number, med?: number): void => {
      for (const path of trace.prefixes[n]!.paths) {
        table.announce(path.prefix, path.pathId, packAttributes(med === undefined ? path : { ...path, med }))
      }
    }
    trace.prefixes.forEach((_, n) => announce(n))
    let version = 0
    const churn = (changes: number): void => {
      for (let n = 0; n < changes; n++) announce((++version * 7919) % prefixes, version)
    }
    yield { router: trace.router, table, rows, interfaces, churn }
  }
}

/**
 * 1.2 million prefixes by so many paths, and 100,000 destinations all over them; of the 64 links so many are overloaded.
 * Where all are, nothing fits anywhere. The first time it needs gcc.
 */
export function* fullEdges(paths: number, counts: readonly number[]): Generator<PlanEdge> {
  const folder = join(import.meta.dirname, '..', '..', '.cache', 'bench', 'table-1000000-200000')
  makeTables(folder, 1_000_000, 200_000)
  const prefixes = readTables(folder)
  const destinations = pickDestinations(prefixes, 100_000)
  for (const overloaded of counts) {
    const feeds = prefixes.map((table) => new FullFeed(table, { paths, exits: EXITS, prefixesPerGroup: 6 }))
    const table = new RouteTable()
    fillTable(table, feeds, paths)
    const router = benchRouter('10.1.4.1')
    const traffic = new BenchTraffic(router, { longestMatch: (_, address) => table.longestMatch(address) }, destinations)
    traffic.overloaded = overloaded
    // Who plans first has not looked anything up before.
    table.forgetUnasked()
    table.forgetUnasked()
    const { rates, interfaces } = traffic.traffic(0)
    yield { router, table, rows: rates.rows, interfaces, churn: churnOf(table, feeds, paths) }
  }
}

/** Groups in turn: one path of each gets other attributes; every eighth goes, and comes back. */
function churnOf(table: RouteTable, feeds: readonly FullFeed[], paths: number): (changes: number) => void {
  let version = 0
  return (changes) => {
    for (let made = 0; made < changes;) {
      version++
      const feed = feeds[version % 6 === 0 ? 1 : 0]!
      const group = (version * 7919) % feed.groups
      const path = version % paths
      if (version % 8 === 0) made += withdrawGroup(table, feed, group, path)
      made += announceGroup(table, feed, group, path, version)
    }
  }
}
