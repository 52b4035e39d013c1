/** Guards 5 and 6: an override lives only as long as the route that it follows. Pure. */
import { compareAddresses, formatAddress, formatPrefix } from '../../model/prefix.ts'
import type { Override } from '../../model/override.ts'
import { formatAsPath, type Path, type PathAttributes, type Route } from '../../model/route.ts'
import { rankPaths } from './best-path.ts'
import { busiestInterface } from './demand.ts'
import { exitsOf, interfaceIndexOf, naturalInterface } from './exits.ts'
import { decide, type PlannedOverride, type Planning } from './planning.ts'

/** A plan in the making, before anything is wanted. */
export type Following = Omit<Planning, 'wanted' | 'ended' | 'restless'>

/**
 * The current overrides that may stay, with what routes say of them today: parent prefix, natural interface
 * and followed attributes. Those whose route, exit or permission went are left out, each with its decision.
 */
export function followRoutes(planning: Following): PlannedOverride[] {
  if (!planning.routesKnown) return [...planning.current]
  const kept: PlannedOverride[] = []
  for (const { override, dry } of planning.current) {
    const verdict = follow(planning, override)
    const about = {
      prefix: override.prefix,
      from: override.fromInterface,
      to: override.toInterface,
      bps: planning.demand.movedBy(override.prefix).bps,
      dry,
    }
    if (typeof verdict === 'string') {
      decide(planning, 'withdraw', about, `${formatPrefix(override.prefix)} is withdrawn: ${verdict}`)
      continue
    }
    if (!sameFollowed(verdict.follows, override.follows)) {
      decide(
        planning,
        'replace',
        { ...about, to: verdict.toInterface },
        `${formatPrefix(override.prefix)} follows its route: next hop ${formatAddress(verdict.follows.nextHop)},` +
          ` AS path ${formatAsPath(verdict.follows.asPath)}`,
      )
    }
    kept.push({ override: verdict, dry })
  }
  return kept
}

/** True when an override made from one is the same route as made from the other. */
export function sameFollowed(a: PathAttributes, b: PathAttributes): boolean {
  return (
    compareAddresses(a.nextHop, b.nextHop) === 0 &&
    a.origin === b.origin &&
    (a.med ?? 0) === (b.med ?? 0) &&
    formatAsPath(a.asPath) === formatAsPath(b.asPath)
  )
}

/** The override as it should be now, or why it must go. */
export function follow(
  { router, routes, traffic, guard, demand }: Following,
  override: Override,
): Override | string {
  const covering = routes.covering(override.prefix)
  const parent = covering[0]
  if (parent === undefined) return 'no received route covers it any more'
  const refusal = guard.refusal(override.prefix)
  if (refusal !== undefined) return `it ${refusal}`
  if (router.override === 'more_specific' && parent.prefix.length >= override.prefix.length) {
    return 'the router now learns this very prefix, which more_specific must keep in place'
  }
  const to = interfaceIndexOf(router, override.follows.nextHop)
  if (to === undefined) {
    return `its next hop ${formatAddress(override.follows.nextHop)} leaves by no configured interface`
  }
  if (traffic.interfaces[to]!.operUp === false) return `${router.interfaces[to]!.name} is down`
  if (!router.interfaces[to]!.detourTarget) return `${router.interfaces[to]!.name} takes no detours any more`
  const path =
    followedPath(override, covering) ?? exitsOf(router, covering).find((e) => e.interfaceIndex === to)?.path
  if (path === undefined) {
    const hasInvalid = covering.some(({ paths }) =>
      paths.some((p) => interfaceIndexOf(router, p.nextHop) === to),
    )
    const why = hasInvalid ? 'has only paths that the RPKI calls invalid' : 'no longer has a route for it'
    return `${router.interfaces[to]!.name} ${why}`
  }
  const observed = busiestInterface(demand.of(parent.prefix))
  const recorded = router.interfaces.findIndex((i) => i.name === override.fromInterface)
  const from = naturalInterface(router, parent, [recorded < 0 ? undefined : recorded, observed])
  if (from === to) return `BGP itself now leads it to ${router.interfaces[to]!.name}`
  if (from === undefined) return 'its natural exit is no configured interface any more'
  const fromInterface = router.interfaces[from]!
  if (!fromInterface.monitor) return `${fromInterface.name} is not steered away from any more`
  return {
    ...override,
    parentPrefix: parent.prefix,
    fromInterface: fromInterface.name,
    toInterface: router.interfaces[to]!.name,
    follows: path,
  }
}

/**
 * The best path to follow with the override's own next hop, from the longest covering prefix that has one.
 */
function followedPath({ follows }: Override, covering: readonly Route[]): Path | undefined {
  for (const route of covering) {
    const path = rankPaths(route.paths).paths.find(
      (p) => p.rpki !== 'invalid' && compareAddresses(p.nextHop, follows.nextHop) === 0,
    )
    if (path !== undefined) return path
  }
  return undefined
}
