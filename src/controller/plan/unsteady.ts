/** Alternates that come and go: each return must not bring an override that the next loss ends. Pure. */
import { comparePrefixes, formatPrefix } from '../../model/prefix.ts'
import { exitsOf } from './exits.ts'
import type { PlanInput, PlannedOverride } from './planning.ts'
import { setAside, type SetAside } from './set-aside.ts'

/**
 * Notes the overrides that ended because the route that they followed, or its interface, went. The first time
 * in a while is no reason to wait: the alternate may serve as soon as it is back.
 */
export function noteUnsteady(
  aside: readonly SetAside[],
  { current, router, routes, traffic, routesKnown, nowMs }: PlanInput,
  kept: readonly PlannedOverride[],
): readonly SetAside[] {
  if (!routesKnown) return aside
  const stays = new Set(kept.map(({ override }) => formatPrefix(override.prefix)))
  let noted = aside
  for (const { override } of current) {
    const { prefix, fromInterface, toInterface } = override
    const to = router.interfaces.findIndex(({ name }) => name === toInterface)
    if (to < 0 || stays.has(formatPrefix(prefix))) continue
    const isDown = traffic.interfaces[to]!.operUp === false
    const isKnown = exitsOf(router, routes.covering(prefix)).some((exit) => exit.interfaceIndex === to)
    if (isKnown && !isDown) continue
    const before = aside.find(
      (one) => one.kind === 'unsteady' && one.toInterface === toInterface && comparePrefixes(one.prefix, prefix) === 0,
    )
    const why = `${toInterface} has lost its route for ${formatPrefix(prefix)} ${(before?.times ?? 0) + 1} times of late`
    noted = setAside(noted, { kind: 'unsteady', prefix, fromInterface, toInterface, why }, nowMs)
  }
  return noted
}
