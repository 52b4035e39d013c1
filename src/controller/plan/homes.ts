/** Whether traffic can come home: to its natural exit, or to all that the router shares it over. Pure. */
import type { Override } from '../../model/override.ts'
import type { Prefix } from '../../model/prefix.ts'
import { relativeError, type Rate } from '../../model/rates.ts'
import { rankPaths } from './best-path.ts'
import { interfaceIndexOf } from './exits.ts'
import type { PlannedLoads } from './loads.ts'
import type { Planning } from './planning.ts'
import { hiddenShare } from './saturation.ts'

/**
 * True when its home has room for all of the prefix's demand, with its error. Where a router shares a prefix
 * over several best paths (ECMP), which flows go where is not known before they are back: its home must have
 * room for all, as nothing tells that the shares are even, and each of the others for an even share. Where nothing was
 * measured, nothing comes back, and it takes no room.
 */
export function hasRoomAtHome(
  { router, routes, traffic }: Planning,
  loads: PlannedLoads,
  home: number,
  prefix: Prefix,
  { bps, errorBps }: { readonly bps: number; readonly errorBps: number },
): boolean {
  if (traffic.interfaces[home]!.operUp === false) return false
  if (bps === 0) return true
  if (!loads.hasRoom(home, bps + errorBps)) return false
  const route = routes.covering(prefix)[0]
  if (route === undefined) return true
  const { paths, tied } = rankPaths(route.paths)
  const shared = new Set(paths.slice(0, tied).map((path) => interfaceIndexOf(router, path.nextHop)))
  if (!shared.has(home)) return true
  return [...shared].every(
    (i) => i === undefined || i === home || loads.hasRoom(i, bps / shared.size + errorBps),
  )
}

/**
 * The same for what an override, or a piece of it, carries: with its sampling error, or with what may be hidden where it
 * was measured on a full link, if that is more.
 */
export function fitsAtHome(
  planning: Planning, loads: PlannedLoads, home: number, override: Override, { bps, samples }: Rate,
): boolean {
  const errorBps = bps * Math.max(relativeError(samples), hiddenShare(planning, override.toInterface))
  return hasRoomAtHome(planning, loads, home, override.parentPrefix, { bps, errorBps })
}
