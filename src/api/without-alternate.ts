/** How much of what an interface carries could leave by no other one. */
import { findWays } from './find-ways.ts'
import { currentRates } from './group-rates.ts'
import type { ApiView } from './view.ts'

/** It takes a look at every prefix with traffic: with 100,000 of them that is no work for each cycle. */
const LOOKED_EVERY_MS = 10_000

interface Looked {
  readonly atMs: number
  /** Bit/s by interface name. */
  readonly bps: ReadonlyMap<string, number>
}

/** By the name of the router. */
const known = new WeakMap<ApiView, Map<string, Looked>>()

/**
 * Traffic of a router's interface (bit/s) whose prefixes have no alternate, those without any received route among
 * them: no relief can move it. It may be 10 s older than the last cycle. Undefined before the first.
 */
export function withoutAlternate(view: ApiView, router: string, interfaceName: string): number | undefined {
  const report = view.report()
  if (report === undefined) return undefined
  let looked = known.get(view)
  if (looked === undefined) known.set(view, (looked = new Map()))
  let last = looked.get(router)
  if (last === undefined || report.startedMs - last.atMs >= LOOKED_EVERY_MS) {
    looked.set(router, (last = { atMs: report.startedMs, bps: sumWithoutAlternate(view, router) }))
  }
  return last.bps.get(interfaceName) ?? 0
}

function sumWithoutAlternate(view: ApiView, name: string): ReadonlyMap<string, number> {
  const router = view.routers().find((one) => one.name === name)!
  const sums = new Map<string, number>()
  for (const rate of currentRates(view, router)) {
    if (findWays(router, view.routes, rate).alternates.length > 0) continue
    sums.set(rate.interface, (sums.get(rate.interface) ?? 0) + rate.bps)
  }
  return sums
}
