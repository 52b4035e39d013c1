/** Single plans of Spillway against the best that there is. */
import type { SteeringView } from '../../src/simulator/steering/steering-rule.ts'
import type { Router } from '../../src/model/topology.ts'
import type { Instance } from './instances.ts'
import { findBound, type Bound } from './rules/exact-bound.ts'
import { createSpillway } from './rules/spillway.ts'

/** Far from the seeds of the traces. */
const FIRST = 100
const INSTANCES = 60
/** bit/s: less counts as nothing. */
const TRIFLE = 1e6

/** What Spillway's plan comes to, in the terms of the bound. */
export async function planOnce(router: Router, view: SteeringView): Promise<Bound> {
  const rule = createSpillway(router)
  await rule.decide(view)
  // It trusts its routes a few seconds after it first saw them.
  const detours = await rule.decide({ ...view, nowMs: view.nowMs + 6_000 })
  const { rates, interfaces } = view.traffic
  const over = interfaces.map(({ outBps = 0 }, i) => outBps > router.interfaces[i]!.highWatermark * router.interfaces[i]!.speedBps!)
  const load = interfaces.map(({ outBps = 0 }) => outBps)
  let detouredBps = 0
  for (const { prefix, path } of detours) {
    const { bps } = rates.towards(prefix)
    detouredBps += bps
    load[path.pathId - 1]! += bps
    load.forEach((_, i) => void (load[i]! -= i === naturalOf(view, prefix) ? bps : 0))
  }
  const missingBps = load.reduce((sum, bps, i) => {
    const { reliefTarget, speedBps } = router.interfaces[i]!
    return over[i]! ? sum + Math.max(0, bps - reliefTarget * speedBps!) : sum
  }, 0)
  return { missingBps, routes: detours.length, detouredBps }
}

function naturalOf({ routes }: SteeringView, prefix: Parameters<SteeringView['routes']['covering']>[0]): number {
  return routes.covering(prefix)[0]!.paths[0]!.pathId - 1
}

/** A few lines: how often, and by how much, a plan is behind the bound. */
export async function compareWithBound(
  title: string,
  make: (seed: number) => Instance,
  instances = INSTANCES,
): Promise<string> {
  const pairs: { ours: Bound; best: Bound }[] = []
  let unsolved = 0
  for (let seed = FIRST; seed < FIRST + instances; seed++) {
    const { router, view } = make(seed)
    const best = await findBound(router, view)
    if (best === undefined) unsolved++
    else pairs.push({ best, ours: await planOnce(router, view) })
  }
  const whole = pairs.filter(({ best }) => best.missingBps < TRIFLE)
  const sum = (of: (pair: (typeof pairs)[number]) => number): string => (pairs.reduce((s, pair) => s + of(pair), 0) / 1e9).toFixed(2)
  const isAsGood = ({ ours, best }: (typeof pairs)[number]): boolean => ours.missingBps < best.missingBps + TRIFLE
  const equal = pairs.filter((pair) => isAsGood(pair) && pair.best.detouredBps > 0)
  return [
    title,
    `  ${pairs.length} instances${unsolved > 0 ? ` (${unsolved} more unsolved)` : ''}, ${whole.length} of them can be relieved wholly: ours relieves ${whole.filter(isAsGood).length}`,
    `  relieved as much as can be: ${pairs.filter(isAsGood).length}; left above relief targets in all: ${sum(({ ours }) => ours.missingBps)} Gbps, at least ${sum(({ best }) => best.missingBps)} Gbps`,
    `  where it is as much: detour over the least ${summarize(equal.map(({ ours, best }) => ours.detouredBps / best.detouredBps))}`,
    `                       routes over the fewest ${summarize(equal.map(({ ours, best }) => ours.routes / best.routes))}`,
    '',
  ].join('\n')
}

/** Mean, median, 95th percentile and maximum. */
function summarize(ratios: readonly number[]): string {
  const sorted = ratios.toSorted((a, b) => a - b)
  const at = (share: number): string => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]?.toFixed(3) ?? '-'
  const mean = ratios.reduce((sum, ratio) => sum + ratio, 0) / Math.max(1, ratios.length)
  return `mean ${mean.toFixed(3)}, median ${at(0.5)}, 95 % ${at(0.95)}, worst ${at(1)}`
}
