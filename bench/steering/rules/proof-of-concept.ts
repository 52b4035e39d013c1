import { comparePrefixes, formatPrefix } from '../../../src/model/prefix.ts'
import { formatAddress } from '../../../src/model/prefix.ts'
import type { Router } from '../../../src/model/topology.ts'
import { interfaceIndexOf } from '../../../src/controller/plan/exits.ts'
import type { Detour, SteeringRule } from '../../../src/simulator/steering/steering-rule.ts'
import { piecesOfDemand } from './pieces.ts'

/** Prefixes that are looked at for one interface in one cycle. */
const TOP = 5

/**
 * The proof of concept's rule: watermarks on measured load. Above the high one, the five prefixes that carry most
 * move to their first alternate, until the interface is below it again; below the low one, they come back while
 * that keeps it below. An alternate that has no room below its own high watermark takes nothing.
 */
export function createProofOfConcept(router: Router, intervalSeconds = 90): SteeringRule {
  const detours = new Map<string, Detour & { readonly from: number; readonly bps: number }>()
  return {
    name: `proof of concept, ${intervalSeconds} s`,
    intervalSeconds,
    decide: (view) => {
      const { interfaces } = view.traffic
      const load = interfaces.map(({ outBps }) => outBps ?? 0)
      const high = router.interfaces.map((i) => i.highWatermark * i.speedBps!)
      const low = router.interfaces.map((i) => i.lowWatermark * i.speedBps!)
      const pieces = piecesOfDemand(router, view)
      for (const [key, { prefix, path }] of detours) {
        const held = view.routes.covering(prefix)[0]?.paths.some((p) => formatAddress(p.nextHop) === formatAddress(path.nextHop))
        if (held !== true) detours.delete(key)
      }
      router.interfaces.forEach((_, i) => {
        if (load[i]! > high[i]!) {
          const top = pieces
            .filter(({ prefix, exits }) => exits[0]!.interfaceIndex === i && !detours.has(formatPrefix(prefix)))
            .sort((a, b) => b.bps - a.bps || comparePrefixes(a.prefix, b.prefix))
            .slice(0, TOP)
          for (const { prefix, bps, exits } of top) {
            const alternate = exits[1]
            if (load[i]! <= high[i]! || alternate === undefined) continue
            const to = alternate.interfaceIndex
            if (load[to]! + bps > high[to]!) continue
            detours.set(formatPrefix(prefix), { prefix, path: alternate.path, from: i, bps })
            load[i]! -= bps
            load[to]! += bps
          }
        } else if (load[i]! < low[i]!) {
          for (const [key, { from, bps, path }] of detours) {
            if (from !== i || load[i]! + bps > low[i]!) continue
            detours.delete(key)
            load[i]! += bps
            const to = interfaceIndexOf(router, path.nextHop)
            if (to !== undefined) load[to]! -= bps
          }
        }
      })
      return Promise.resolve([...detours.values()].map(({ prefix, path }) => ({ prefix, path })))
    },
  }
}
