/** So many of a list that come to the least that suffices. Pure. */
interface Sized {
  readonly bps: number
}

/** What a search found, and what it took. */
export interface LeastSum<T> {
  readonly items: readonly T[] | undefined
  /** Items looked at. */
  readonly steps: number
}

/**
 * Exactly `count` of the items that come to the least of at least `needBps`, or the best that was seen when `mostSteps` were
 * taken; `sorted`: the largest first. Undefined when none suffice.
 */
export function leastSum<T extends Sized>(
  sorted: readonly T[], needBps: number, count: number, mostSteps: number,
): LeastSum<T> {
  // What the first so many come to.
  const sums = new Float64Array(sorted.length + 1)
  for (const [i, { bps }] of sorted.entries()) sums[i + 1] = sums[i]! + bps
  const smallestBps = (k: number): number => sums[sorted.length]! - sums[sorted.length - k]!
  let steps = 0
  let best: readonly T[] | undefined
  let bestBps = Infinity
  const offer = (items: readonly T[], bps: number): void => {
    if (bps >= needBps && bps < bestBps) [best, bestBps] = [items, bps]
  }
  const search = (chosen: readonly T[], chosenBps: number, from: number, left: number): void => {
    if (left === 2) {
      // From both ends towards each other.
      for (let [large, small] = [from, sorted.length - 1]; large < small && steps < mostSteps; steps++) {
        const bps = chosenBps + sorted[large]!.bps + sorted[small]!.bps
        if (bps >= needBps && bps < bestBps) offer([...chosen, sorted[large]!, sorted[small]!], bps)
        if (bps < needBps) small--
        else large++
      }
      return
    }
    for (let i = from; i + left <= sorted.length && steps < mostSteps; i++) {
      steps++
      if (chosenBps + sums[i + left]! - sums[i]! < needBps) return
      const { bps } = sorted[i]!
      if (left === 1) offer([...chosen, sorted[i]!], chosenBps + bps)
      else if (chosenBps + bps + smallestBps(left - 1) < bestBps) search([...chosen, sorted[i]!], chosenBps + bps, i + 1, left - 1)
    }
  }
  if (count <= sorted.length) search([], 0, 0, count)
  return { items: best, steps }
}
