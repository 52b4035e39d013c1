/** Which prefixes carry the traffic: destinations grouped the way that they are routed. */
import type { RouteSource } from '../controller/ports.ts'
import type { OverrideReport } from '../controller/report.ts'
import { compareAddresses, comparePrefixes, contains, formatPrefix, prefixOf } from '../model/prefix.ts'
import type { Address, Prefix } from '../model/prefix.ts'
import type { Router } from '../model/topology.ts'
import type { RouterTraffic } from '../model/traffic.ts'

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

/**
 * Rates by interface and prefix, largest first. A destination counts towards the override that holds it, else
 * the longest received route, else the router's default length.
 */
export function topPrefixes(
  router: Router,
  { rates, interfaces }: RouterTraffic,
  routes: Pick<RouteSource, 'longestMatch'>,
  overrides: readonly OverrideReport[],
): PrefixRate[] {
  const groups = interfaces.map(() => new Map<string, Group>())
  const overrideOf = overrideFinder(overrides)
  let last: { address: Address; prefix: Prefix; key: string; override: string | undefined } | undefined
  for (const { address, interfaceIndex, bps, samples } of rates.rows) {
    if (last === undefined || compareAddresses(last.address, address) !== 0) {
      const found = overrideOf(address)
      const prefix =
        found?.override.prefix ??
        routes.longestMatch(router.name, address)?.prefix ??
        prefixOf(address, router.defaultPrefixLength[address.family])
      const known = last !== undefined && comparePrefixes(last.prefix, prefix) === 0 ? last.key : undefined
      last = { address, prefix, key: known ?? formatPrefix(prefix), override: found?.id }
    }
    const { key, prefix, override } = last
    const groupsHere = groups[interfaceIndex]!
    const group = groupsHere.get(key)
    if (group === undefined) {
      const where = { router: router.name, interface: interfaces[interfaceIndex]!.name }
      groupsHere.set(key, { ...where, prefix, bps, samples, override })
    } else {
      group.bps += bps
      group.samples += samples
    }
  }
  return groups.flatMap((byPrefix) => [...byPrefix.values()]).sort(compareRates)
}

/** Largest first; the rest of the order only makes it the same each time. */
export function compareRates(a: PrefixRate, b: PrefixRate): number {
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
