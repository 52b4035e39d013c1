/** Sorts all destinations out by received prefix, in columns: most of them nobody looks at. Pure. */
import { NO_MATCH, type Matches } from '../../model/matches.ts'
import { contains, prefixOf, type Prefix } from '../../model/prefix.ts'
import { Rates } from '../../model/rates.ts'
import type { Router } from '../../model/topology.ts'

export interface SortedOut {
  /** Prefixes with traffic, in the order of their first destinations. */
  readonly prefixes: readonly Prefix[]
  /** By prefix: 1 where it is received, 0 where no received route covers its destinations. */
  readonly isReceived: Uint8Array
  /** The rows that are a prefix's own. */
  readonly rowsOf: (prefix: number) => Rates
  /** By interface: the prefixes of which some traffic leaves there, and how much that is, bit/s. */
  readonly leaving: readonly {
    readonly groups: readonly number[]
    readonly prefixes: readonly Prefix[]
    readonly bps: readonly number[]
  }[]
}

export function sortOut(router: Router, rates: Rates, matches: Matches): SortedOut {
  const { length } = rates
  const { prefixes, isReceived, groups } = groupRows(router, rates, matches)
  // Rows by group: those of one lie side by side, but for where a more specific prefix lies between.
  const starts = new Int32Array(prefixes.length + 1)
  for (let row = 0; row < length; row++) starts[groups[row]! + 1]!++
  for (let group = 0; group < prefixes.length; group++) starts[group + 1]! += starts[group]!
  const ends = starts.slice(0, prefixes.length)
  const rows = new Int32Array(length)
  for (let row = 0; row < length; row++) rows[ends[groups[row]!]!++] = row

  const leaving = router.interfaces.map(() => ({ groups: [] as number[], prefixes: [] as Prefix[], bps: [] as number[] }))
  for (let group = 0; group < prefixes.length; group++) {
    for (let at = starts[group]!; at < starts[group + 1]!; at++) {
      const row = rows[at]!
      const among = leaving[rates.interfaceAt(row)]
      if (among === undefined) continue
      const last = among.groups.length - 1
      if (among.groups[last] === group) {
        among.bps[last]! += rates.bpsAt(row)
      } else {
        among.groups.push(group)
        among.prefixes.push(prefixes[group]!)
        among.bps.push(rates.bpsAt(row))
      }
    }
  }
  const rowsOf = (group: number): Rates => {
    const [start, end] = [starts[group]!, starts[group + 1]!]
    const [first, last] = [rows[start]!, rows[end - 1]!]
    if (last - first === end - 1 - start) return rates.slice(first, last + 1)
    return new Rates(Array.from(rows.subarray(start, end), (row) => rates.slice(row, row + 1).rows[0]!))
  }
  return { prefixes, isReceived, rowsOf, leaving }
}

/** By row the number of its prefix among those with traffic. */
function groupRows(
  router: Router, rates: Rates, matches: Matches,
): { readonly prefixes: readonly Prefix[]; readonly isReceived: Uint8Array; readonly groups: Int32Array } {
  const prefixes: Prefix[] = []
  const isReceived = new Uint8Array(rates.length)
  const groups = new Int32Array(rates.length)
  const known = new Int32Array(matches.prefixes.length).fill(NO_MATCH)
  /** Of those that are not received, the last: addresses come in their order. */
  let unreceived = NO_MATCH
  for (let row = 0; row < rates.length; row++) {
    const number = matches.numbers[row]!
    if (number !== NO_MATCH) {
      if (known[number] === NO_MATCH) {
        known[number] = prefixes.push(matches.prefixes[number]!) - 1
        isReceived[known[number]] = 1
      }
      groups[row] = known[number]!
      continue
    }
    const address = rates.addressAt(row)
    if (unreceived === NO_MATCH || !contains(prefixes[unreceived]!, address)) {
      unreceived = prefixes.push(prefixOf(address, router.defaultPrefixLength[address.family])) - 1
    }
    groups[row] = unreceived
  }
  return { prefixes, isReceived, groups }
}
