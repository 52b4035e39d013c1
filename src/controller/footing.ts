/** What overrides stand on: the received routes that hold them. Pure. */
import type { Prefix } from '../model/prefix.ts'
import type { Route } from '../model/route.ts'
import type { RouterRoutes } from './plan/exits.ts'
import type { PlannedOverride } from './plan/planning.ts'

interface Foothold {
  readonly prefix: Prefix
  readonly covering: readonly Route[]
}

/** Of each override that is not dry, as the routes are now. */
export type Footing = readonly Foothold[]

export function takeFooting(overrides: readonly PlannedOverride[], routes: RouterRoutes): Footing {
  return overrides
    .filter(({ dry }) => !dry)
    .map(({ override: { prefix } }) => ({ prefix, covering: routes.covering(prefix) }))
}

/**
 * True when a route that an override stands on came, changed or went: each is one object until it changes.
 */
export function hasShifted(footing: Footing, routes: RouterRoutes): boolean {
  return footing.some(({ prefix, covering }) => {
    const now = routes.covering(prefix)
    return now.length !== covering.length || now.some((route, i) => route !== covering[i])
  })
}
