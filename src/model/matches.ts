/** Which prefix each of many destinations belongs to. Pure. */
import type { Address, Prefix } from './prefix.ts'
import type { Rates } from './rates.ts'
import type { Route } from './route.ts'

export const NO_MATCH = -1

export interface Matches {
  /** By row of the rates: number of the longest prefix that holds its destination, or `NO_MATCH`. */
  readonly numbers: Int32Array
  /** By number, each once. Some may hold none of the destinations. */
  readonly prefixes: readonly Prefix[]
}

/** Asks for each destination; the same route must be the same object each time. */
export function matchEach(rates: Rates, longestMatch: (address: Address) => Route | undefined): Matches {
  const prefixes: Prefix[] = []
  const known = new Map<Route, number>()
  const numbers = new Int32Array(rates.length)
  for (let row = 0; row < rates.length; row++) {
    const route = longestMatch(rates.addressAt(row))
    if (route !== undefined && !known.has(route)) known.set(route, prefixes.push(route.prefix) - 1)
    numbers[row] = route === undefined ? NO_MATCH : known.get(route)!
  }
  return { numbers, prefixes }
}
