/** Looks at the edge and judges what is there, by the kernels and by bgpd. */
import { contains, parseAddress, parsePrefix } from '../src/model/prefix.ts'
import { formatRate } from '../src/model/units.ts'
import type { Edge, Loads } from './edge.ts'
import { ISP1, ISP2, PREFIXES } from './edge-network.ts'
import type { Stream } from './sender.ts'
import { LOW_WATERMARK, SPEED_BPS, THRESHOLD_BPS } from './service-config.ts'
import { StepFailed } from './step-failed.ts'

/** What was there at one moment. */
export interface Look extends Loads {
  /** Routes of the router's kernel that lead to the second ISP. */
  readonly moved: readonly string[]
  /** Prefixes that each knew from the router. */
  readonly customer: readonly string[]
  readonly router2: readonly string[]
}

/** Sampling is a measurement: relief aims at the target and may miss it by this share of the link. */
const TOLERANCE_BPS = 0.02 * SPEED_BPS
const RELIEVED_BPS = LOW_WATERMARK * SPEED_BPS + TOLERANCE_BPS
const MEASURE_MS = 2_000

/**
 * Looks until nothing is missing and no route has changed while looking. Rejects with StepFailed and what was
 * missing last.
 */
export async function lookUntil(
  edge: Edge, what: string, withinMs: number, missing: (seen: Look) => string | undefined,
): Promise<Look> {
  const deadlineMs = performance.now() + withinMs
  for (;;) {
    const startMs = Date.now()
    const seen = await look(edge)
    const changed = edge.routes.router.changesSince(startMs).length > 0 ? 'routes are changing' : undefined
    const reason = changed ?? missing(seen)
    if (reason === undefined) return seen
    if (performance.now() > deadlineMs) {
      throw new StepFailed(`${what}: not within ${withinMs / 1000} s: ${reason}`)
    }
  }
}

async function look(edge: Edge): Promise<Look> {
  const loads = await edge.measure(MEASURE_MS)
  const [customer, router2] = await Promise.all([edge.learned('customer'), edge.learned('router2')])
  return { ...loads, moved: edge.routes.router.through(ISP2.name).toSorted(), customer, router2 }
}

/** The first ISP's link is at its target, and what moved is where its routes lead. */
export function missingRelief(seen: Look, rush: readonly Stream[]): string | undefined {
  const { isp1Bps, moved } = seen
  if (isp1Bps > RELIEVED_BPS) return `isp1 has ${formatRate(isp1Bps)}`
  if (moved.length === 0) return 'no route has moved'
  const isIn = (prefix: string, to: string): boolean => contains(parsePrefix(prefix), parseAddress(to))
  const inside = (prefix: string): number => sumOf(rush.filter(({ to }) => isIn(prefix, to)))
  const tooLarge = moved.find((prefix) => inside(prefix) > THRESHOLD_BPS)
  if (tooLarge !== undefined) return `${tooLarge}, with ${formatRate(inside(tooLarge))}, moved as a whole`
  const movedBps = moved.reduce((sum, prefix) => sum + inside(prefix), 0)
  return missingLoads(seen, sumOf(rush) - movedBps, movedBps)
}

/** Everything where BGP alone puts it, and known to everyone. */
export function missingHome(edge: Edge, seen: Look, quiet: readonly Stream[]): string | undefined {
  if (seen.moved.length > 0) return `${seen.moved.join(', ')} lead to isp2`
  const home = edge.routes.router.through(ISP1.name)
  const { customer, router2 } = seen
  for (const [name, prefixes] of Object.entries({ isp1: home, customer, router2 })) {
    if (prefixes.toSorted().join() !== PREFIXES.toSorted().join()) return `${name} has ${prefixes.join(', ')}`
  }
  return missingLoads(seen, sumOf(quiet), 0)
}

function missingLoads(seen: Loads, isp1Bps: number, isp2Bps: number): string | undefined {
  const isClose = (a: number, b: number): boolean => Math.abs(a - b) <= TOLERANCE_BPS
  if (isClose(seen.isp1Bps, isp1Bps) && isClose(seen.isp2Bps, isp2Bps)) return undefined
  return `${loadsText(seen)}, instead of ${loadsText({ isp1Bps, isp2Bps })}`
}

/** bit/s. */
export function sumOf(streams: readonly Stream[]): number {
  return streams.reduce((sum, { bps }) => sum + bps, 0)
}

export function loadsText({ isp1Bps, isp2Bps }: Loads): string {
  return `isp1 has ${formatRate(isp1Bps)}, isp2 ${formatRate(isp2Bps)}`
}
