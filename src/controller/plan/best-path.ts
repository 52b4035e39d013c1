/** BGP's choice among the paths of one prefix (RFC 4271, section 9.1.2), as far as attributes tell it. */
import { compareAddresses } from '../../model/prefix.ts'
import type { AsSegment, Path } from '../../model/route.ts'

/** LOCAL_PREF of a path that carries none. */
const DEFAULT_LOCAL_PREF = 100

/** The paths in BGP's order, and how many of the first ones attributes alone cannot tell apart. */
export interface RankedPaths {
  readonly paths: readonly Path[]
  readonly tied: number
}

/**
 * Ranks by LOCAL_PREF, AS_PATH length, ORIGIN, and MED among paths of one neighboring AS. What remains equal
 * is `tied`: the router decides it by what we cannot see (eBGP over iBGP, IGP cost, age, router id) or shares
 * the load. Ties are ordered by next hop, so that equal input gives equal output.
 */
export function rankPaths(paths: readonly Path[]): RankedPaths {
  let ranked = known.get(paths)
  if (ranked === undefined) known.set(paths, (ranked = rank(paths)))
  return ranked
}

/** A route's paths are one object until they change, and are asked for in every cycle. */
const known = new WeakMap<readonly Path[], RankedPaths>()

function rank(paths: readonly Path[]): RankedPaths {
  const beaten = new Set(paths.filter((p) => paths.some((q) => sameClass(p, q) && beatsByMed(q, p))))
  const ranked = [...paths].sort(
    (p, q) =>
      compareClass(p, q) ||
      Number(beaten.has(p)) - Number(beaten.has(q)) ||
      compareAddresses(p.nextHop, q.nextHop) ||
      p.pathId - q.pathId,
  )
  const first = ranked[0]
  const tied = first === undefined ? 0 : ranked.filter((p) => sameClass(first, p) && !beaten.has(p)).length
  return { paths: ranked, tied }
}

/** AS_PATH length for comparison: a set counts 1 (RFC 4271, 9.1.2.2), confederations 0 (RFC 5065, 5.3). */
export function asPathLength(asPath: readonly AsSegment[]): number {
  return asPath.reduce((sum, { kind, asns }) => {
    switch (kind) {
      case 'sequence':
        return sum + asns.length
      case 'set':
        return sum + 1
      case 'confed_sequence':
      case 'confed_set':
        return sum
    }
  }, 0)
}

function compareClass(p: Path, q: Path): number {
  return (
    (q.localPref ?? DEFAULT_LOCAL_PREF) - (p.localPref ?? DEFAULT_LOCAL_PREF) ||
    asPathLength(p.asPath) - asPathLength(q.asPath) ||
    p.origin - q.origin
  )
}

function sameClass(p: Path, q: Path): boolean {
  return compareClass(p, q) === 0
}

function beatsByMed(p: Path, q: Path): boolean {
  const neighbor = neighborAs(p)
  return neighbor !== undefined && neighbor === neighborAs(q) && (p.med ?? 0) < (q.med ?? 0)
}

function neighborAs(path: Path): number | undefined {
  return path.asPath.find(({ kind }) => kind === 'sequence')?.asns[0]
}
