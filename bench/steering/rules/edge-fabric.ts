import { comparePrefixes } from '../../../src/model/prefix.ts'
import type { Router } from '../../../src/model/topology.ts'
import type { Detour, SteeringRule } from '../../../src/simulator/steering/steering-rule.ts'
import { piecesOfDemand } from './pieces.ts'

/**
 * Edge Fabric's rule (Schlinker et al., SIGCOMM 2017, section 4): every 30 s, from nothing, all demand is put on its
 * natural exit; where that is more than 95 % of a link, prefixes move until it is not. Prefixes whose alternate
 * comes first in BGP's order go first, ties by address; an alternate without room takes nothing.
 */
export function createEdgeFabric(router: Router, ceiling: number | 'high_watermark' = 0.95): SteeringRule {
  const share = (i: number): number => (ceiling === 'high_watermark' ? router.interfaces[i]!.highWatermark : ceiling)
  return {
    name: ceiling === 'high_watermark' ? 'edge fabric at our mark' : `edge fabric, ${ceiling * 100} %`,
    intervalSeconds: 30,
    decide: (view) => {
      const pieces = piecesOfDemand(router, view)
      const load = router.interfaces.map(() => 0)
      for (const { bps, exits } of pieces) load[exits[0]!.interfaceIndex]! += bps
      const limit = router.interfaces.map(({ speedBps }, i) => share(i) * speedBps!)
      const detours: Detour[] = []
      router.interfaces.forEach((_, i) => {
        if (load[i]! <= limit[i]!) return
        const movable = pieces
          .filter(({ exits }) => exits[0]!.interfaceIndex === i && exits.length > 1)
          .sort((a, b) => preferenceOf(b) - preferenceOf(a) || comparePrefixes(a.prefix, b.prefix))
        for (const { prefix, bps, exits } of movable) {
          if (load[i]! <= limit[i]!) break
          const to = exits.slice(1).find((exit) => load[exit.interfaceIndex]! + bps <= limit[exit.interfaceIndex]!)
          if (to === undefined) continue
          detours.push({ prefix, path: to.path })
          load[i]! -= bps
          load[to.interfaceIndex]! += bps
        }
      })
      return Promise.resolve(detours)
    },
  }
}

function preferenceOf({ exits }: ReturnType<typeof piecesOfDemand>[number]): number {
  return exits[1]?.path.localPref ?? 0
}
