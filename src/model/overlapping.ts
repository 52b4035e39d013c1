/** Prefixes in a row that share addresses with another, found by bisection. Pure. */
import { comparePrefixes, contains, type Prefix } from './prefix.ts'

/** Those that share addresses with the prefix; `sorted` by `comparePrefixes`, and none lies in another. */
export function overlapping(sorted: readonly Prefix[], prefix: Prefix): readonly Prefix[] {
  if (sorted.length === 0) return sorted
  let first = 0
  let end = sorted.length
  while (first < end) {
    const middle = (first + end) >>> 1
    if (comparePrefixes(sorted[middle]!, prefix) >= 0) end = middle
    else first = middle + 1
  }
  const before = sorted[first - 1]
  if (before !== undefined && contains(before, prefix)) return [before]
  while (end < sorted.length && contains(prefix, sorted[end]!)) end++
  return sorted.slice(first, end)
}

/** The prefixes that lie in no other, sorted: they hold the same addresses. */
export function outermost(prefixes: readonly Prefix[]): readonly Prefix[] {
  const all: Prefix[] = []
  for (const prefix of prefixes.toSorted(comparePrefixes)) {
    const last = all.at(-1)
    if (last === undefined || !contains(last, prefix)) all.push(prefix)
  }
  return all
}
