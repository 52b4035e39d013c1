/** Which prefixes carry the traffic: destinations grouped the way that they are routed. */
import type { RouteSource } from '../controller/ports.ts'
import type { OverrideReport } from '../controller/report.ts'
import { compareAddresses, comparePrefixes, contains, prefixOf } from '../model/prefix.ts'
import type { Address, Prefix } from '../model/prefix.ts'
import type { Rates } from '../model/rates.ts'
import type { Router } from '../model/topology.ts'
import type { RouterTraffic } from '../model/traffic.ts'
import type { ApiView } from './view.ts'

export interface PrefixRate {
  readonly router: string
  readonly interface: string
  readonly prefix: Prefix
  readonly bps: number
  readonly samples: number
  /** Identifier of the override that holds it. */
  readonly override: string | undefined
}

type Group = { -readonly [Key in keyof PrefixRate]: PrefixRate[Key] }

interface OpenPrefix {
  readonly prefix: Prefix
  readonly override: string | undefined
  readonly byInterface: (Group | undefined)[]
}

/** Of rates that many requests ask for until the next cycle. */
const known = new WeakMap<Rates, { overrides: readonly OverrideReport[]; groups: readonly PrefixRate[] }>()

/** Those of a router as of the last cycle. */
export function currentRates(view: ApiView, router: Router): readonly PrefixRate[] {
  const overrides = view.report()?.routers.find(({ name }) => name === router.name)?.overrides ?? []
  return groupRates(router, view.traffic(router.name), view.routes, overrides)
}

/**
 * Rates by interface and prefix, in no order. A destination counts towards the override that holds it, else
 * the longest received route, else the router's default length.
 */
export function groupRates(
  router: Router,
  { rates, interfaces }: RouterTraffic,
  routes: Pick<RouteSource, 'matches'>,
  overrides: readonly OverrideReport[],
): readonly PrefixRate[] {
  const before = known.get(rates)
  if (before?.overrides === overrides) return before.groups
  const groups: Group[] = []
  known.set(rates, { overrides, groups })
  const overrideOf = overrideFinder(overrides)
  /** Prefixes that hold the address at hand. Addresses ascend, so a prefix left behind never comes back. */
  let open: OpenPrefix[] = []
  let last: { address: Address; in: OpenPrefix } | undefined
  const { numbers, prefixes } = routes.matches(router.name, rates)
  for (const [row, { address, interfaceIndex, bps, samples }] of rates.rows.entries()) {
    if (last === undefined || compareAddresses(last.address, address) !== 0) {
      const found = overrideOf(address)
      const prefix =
        found?.override.prefix ??
        prefixes[numbers[row]!] ??
        prefixOf(address, router.defaultPrefixLength[address.family])
      open = open.filter((holder) => contains(holder.prefix, address))
      let holder = open.find((known) => comparePrefixes(known.prefix, prefix) === 0)
      if (holder === undefined) open.push((holder = { prefix, override: found?.id, byInterface: [] }))
      last = { address, in: holder }
    }
    const { prefix, override, byInterface } = last.in
    const group = byInterface[interfaceIndex]
    if (group === undefined) {
      const where = { router: router.name, interface: interfaces[interfaceIndex]!.name }
      groups.push((byInterface[interfaceIndex] = { ...where, prefix, bps, samples, override }))
    } else {
      group.bps += bps
      group.samples += samples
    }
  }
  return groups
}

/** The `limit` largest, largest first. Far cheaper than to sort all: few of many ever enter the list. */
export function largestRates(rates: Iterable<PrefixRate>, limit: number): PrefixRate[] {
  const largest: PrefixRate[] = []
  for (const rate of rates) {
    if (largest.length === limit && compareRates(rate, largest[limit - 1]!) >= 0) continue
    let [low, high] = [0, largest.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (compareRates(rate, largest[middle]!) < 0) high = middle
      else low = middle + 1
    }
    largest.splice(low, 0, rate)
    if (largest.length > limit) largest.pop()
  }
  return largest
}

/** Largest first; the rest of the order only makes it the same each time. */
function compareRates(a: PrefixRate, b: PrefixRate): number {
  return b.bps - a.bps || comparePrefixes(a.prefix, b.prefix) || (a.interface < b.interface ? -1 : 1)
}

type FindOverride = (address: Address) => OverrideReport | undefined

/** Answers which override holds an address, asked in ascending order: overrides never nest. */
function overrideFinder(overrides: readonly OverrideReport[]): FindOverride {
  const sorted = [...overrides].sort((a, b) => comparePrefixes(a.override.prefix, b.override.prefix))
  let next = 0
  return (address) => {
    for (; next < sorted.length; next++) {
      const { prefix } = sorted[next]!.override
      if (contains(prefix, address)) return sorted[next]
      if (compareAddresses(prefix, address) > 0) return undefined
    }
    return undefined
  }
}
