/** What a controller sees and wants: the same for every rule that is compared. */
import type { RouterRoutes } from '../../controller/plan/exits.ts'
import type { Prefix } from '../../model/prefix.ts'
import type { Path } from '../../model/route.ts'
import type { RouterTraffic } from '../../model/traffic.ts'

export interface Detour {
  readonly prefix: Prefix
  /** The received path that it follows. */
  readonly path: Path
}

export interface SteeringView {
  readonly nowMs: number
  readonly traffic: RouterTraffic
  readonly routes: RouterRoutes
  /** What GoBGP holds: what the rule last wanted. */
  readonly installed: readonly Detour[]
}

export interface SteeringRule {
  readonly name: string
  /** How often it decides. */
  readonly intervalSeconds: number
  /** All detours that should be from now on. */
  decide(view: SteeringView): Promise<readonly Detour[]>
}
