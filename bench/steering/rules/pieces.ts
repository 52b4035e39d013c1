/** What the rules that know no splitting of their own have in common. */
import { rankPaths } from '../../../src/controller/plan/best-path.ts'
import { Demand } from '../../../src/controller/plan/demand.ts'
import { exitsOf, type Exit } from '../../../src/controller/plan/exits.ts'
import { splitPrefix } from '../../../src/controller/plan/split.ts'
import type { Prefix } from '../../../src/model/prefix.ts'
import type { Router } from '../../../src/model/topology.ts'
import type { SteeringView } from '../../../src/simulator/steering/steering-rule.ts'
import { POLICY } from './spillway.ts'

export interface DemandPiece {
  readonly prefix: Prefix
  readonly bps: number
  readonly samples: number
  /** Natural exit first. */
  readonly exits: readonly Exit[]
}

/** All demand that has a route, in pieces at or below the split threshold of its natural interface. */
export function piecesOfDemand(router: Router, { traffic, routes }: SteeringView): DemandPiece[] {
  const demand = new Demand(router, traffic.rates, routes)
  return [...demand.prefixes()].flatMap(({ prefix, route, rates }) => {
    if (route === undefined || rankPaths(route.paths).paths.length === 0) return []
    const exits = exitsOf(router, [route])
    const natural = exits[0]
    if (natural === undefined) return []
    const pieces = splitPrefix(prefix, rates, {
      thresholdBps: router.interfaces[natural.interfaceIndex]!.perPrefixThresholdBps,
      longest: router.maxPrefixLength[prefix.family],
      minSamples: POLICY.minSamples,
      taken: [],
    })
    return pieces.map((piece) => ({ prefix: piece.prefix, ...piece.rate, exits }))
  })
}
