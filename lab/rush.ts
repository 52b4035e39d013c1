/** A rush: traffic rises at one step, the service must relieve, it falls again, and all must come home. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { OverrideStyle } from '../src/model/topology.ts'
import { formatRate } from '../src/model/units.ts'
import type { Edge, Loads } from './edge.ts'
import { ISP1, ISP2, PREFIXES } from './edge-network.ts'
import { say, sayDecision, saySuccess } from './say.ts'
import type { Stream } from './sender.ts'
import { LOW_WATERMARK, SPEED_BPS, THRESHOLD_BPS } from './service-config.ts'

export interface RushPlan {
  readonly quiet: readonly Stream[]
  readonly rush: readonly Stream[]
  /** So long the quiet lasts before the step, at least. */
  readonly quietMs: number
}

/** What was there at one moment. */
export interface Look extends Loads {
  /** Routes of the router's kernel that lead to the second ISP. */
  readonly moved: readonly string[]
  /** Prefixes that each knew from the router. */
  readonly customer: readonly string[]
  readonly router2: readonly string[]
}

export interface RushResult {
  readonly before: Look
  readonly during: Look
  readonly after: Look
  /** From the step until the service decided, and until the first and the last change in the router's kernel. */
  readonly decidedMs: number
  readonly firstRouteMs: number
  readonly lastRouteMs: number
  /** From the end of the rush until the last route of the router's kernel was home. */
  readonly homeMs: number
  /** Prefixes that the kernels of both were without at any time. */
  readonly lostByCustomer: readonly string[]
  readonly lostByRouter2: readonly string[]
}

/** A step that did not come true; the message says in words what was missing. */
export class StepFailed extends Error {
  override readonly name = 'StepFailed'
}

/** Sampling is a measurement: relief aims at the target and may miss it by this share of the link. */
const TOLERANCE_BPS = 0.02 * SPEED_BPS
const RELIEVED_BPS = LOW_WATERMARK * SPEED_BPS + TOLERANCE_BPS
const MEASURE_MS = 2_000
const QUIET_TIMEOUT_MS = 10_000
const RELIEF_TIMEOUT_MS = 20_000
const HOME_TIMEOUT_MS = 60_000

/** Rejects with StepFailed. */
export async function playRush(edge: Edge, { quiet, rush, quietMs }: RushPlan): Promise<RushResult> {
  say(`${textOf(quiet)}: what BGP alone sends to isp1 fits`)
  const quietAtMs = await edge.send(quiet)
  await sleep(quietMs)
  const before = await lookUntil(edge, 'the quiet', QUIET_TIMEOUT_MS, (seen) => missingHome(edge, seen, quiet))
  const early = edge.routes.router.changesSince(quietAtMs)
  if (early.length > 0) throw new StepFailed(`routes changed before the rush: ${JSON.stringify(early)}`)
  saySuccess(`${loadsText(before)}, nothing is moved`)

  say(`the rush: ${textOf(rush)}, ${formatRate(sumOf(rush))} in all`)
  const stepMs = await edge.send(rush)
  const during = await lookUntil(edge, 'relief', RELIEF_TIMEOUT_MS, (seen) => missingRelief(seen, rush))
  const changes = edge.routes.router.changesSince(stepMs)
  const decisions = await decisionsSince(edge, stepMs)
  for (const { kind, reason } of decisions) sayDecision(`${kind}: ${reason}`)
  saySuccess(`${loadsText(during)}; moved: ${during.moved.join(', ')}`)

  say(`the rush is over: ${textOf(quiet)}`)
  const fallMs = await edge.send(quiet)
  const after = await lookUntil(edge, 'all home', HOME_TIMEOUT_MS, (seen) => missingHome(edge, seen, quiet))
  const homeMs = edge.routes.router.changesSince(fallMs).at(-1)!.atMs - fallMs
  for (const { kind, reason } of await decisionsSince(edge, fallMs)) sayDecision(`${kind}: ${reason}`)
  saySuccess(`${loadsText(after)}: all is home`)
  return {
    before,
    during,
    after,
    decidedMs: Date.parse(decisions[0]!.at) - stepMs,
    firstRouteMs: changes[0]!.atMs - stepMs,
    lastRouteMs: changes.at(-1)!.atMs - stepMs,
    homeMs,
    lostByCustomer: lost(edge, 'customer', stepMs),
    lostByRouter2: lost(edge, 'router2', stepMs),
  }
}

/** Starts the service, with an edge that has traffic to show. */
export async function startServiceOn(edge: Edge, style: OverrideStyle, streams: readonly Stream[]): Promise<void> {
  await edge.send(streams)
  await edge.startService(style)
}

/**
 * Looks until nothing is missing and no route has changed while looking. Rejects with StepFailed and what was
 * missing last.
 */
async function lookUntil(
  edge: Edge, what: string, withinMs: number, missing: (seen: Look) => string | undefined,
): Promise<Look> {
  const deadlineMs = performance.now() + withinMs
  for (;;) {
    const startMs = Date.now()
    const seen = await look(edge)
    const changed = edge.routes.router.changesSince(startMs).length > 0 ? 'routes are changing' : undefined
    const reason = changed ?? missing(seen)
    if (reason === undefined) return seen
    if (performance.now() > deadlineMs) throw new StepFailed(`${what}: not within ${withinMs / 1000} s: ${reason}`)
  }
}

async function look(edge: Edge): Promise<Look> {
  const loads = await edge.measure(MEASURE_MS)
  const [customer, router2] = await Promise.all([edge.learned('customer'), edge.learned('router2')])
  return { ...loads, moved: edge.routes.router.through(ISP2.name).toSorted(), customer, router2 }
}

function missingRelief({ isp1Bps, isp2Bps, moved }: Look, rush: readonly Stream[]): string | undefined {
  if (isp1Bps > RELIEVED_BPS) return `isp1 has ${formatRate(isp1Bps)}`
  if (moved.length === 0) return 'no route has moved'
  const inside = (prefix: string): number => sumOf(rush.filter(({ to }) => isIn(prefix, to)))
  const tooLarge = moved.find((prefix) => inside(prefix) > THRESHOLD_BPS)
  if (tooLarge !== undefined) return `${tooLarge}, with ${formatRate(inside(tooLarge))}, moved as a whole`
  const movedBps = moved.reduce((sum, prefix) => sum + inside(prefix), 0)
  return missingLoads({ isp1Bps, isp2Bps }, sumOf(rush) - movedBps, movedBps)
}

/** Everything where BGP alone puts it, and known to everyone. */
function missingHome(edge: Edge, seen: Look, quiet: readonly Stream[]): string | undefined {
  if (seen.moved.length > 0) return `${seen.moved.join(', ')} lead to isp2`
  const home = edge.routes.router.through(ISP1.name)
  for (const [name, prefixes] of Object.entries({ isp1: home, customer: seen.customer, router2: seen.router2 })) {
    if (prefixes.toSorted().join() !== PREFIXES.join()) return `${name} has the routes ${prefixes.join(', ')}`
  }
  return missingLoads(seen, sumOf(quiet), 0)
}

function missingLoads(seen: Loads, isp1Bps: number, isp2Bps: number): string | undefined {
  const isClose = (a: number, b: number): boolean => Math.abs(a - b) <= TOLERANCE_BPS
  if (isClose(seen.isp1Bps, isp1Bps) && isClose(seen.isp2Bps, isp2Bps)) return undefined
  return `${loadsText(seen)}, instead of ${loadsText({ isp1Bps, isp2Bps })}`
}

/** Oldest first. */
async function decisionsSince(edge: Edge, ms: number): Promise<Awaited<ReturnType<Edge['rest']['decisions']>>> {
  return (await edge.rest.decisions()).filter(({ at, acted }) => acted && Date.parse(at) >= ms).toReversed()
}

function lost(edge: Edge, who: 'customer' | 'router2', sinceMs: number): readonly string[] {
  const gone = edge.routes[who].changesSince(sinceMs).filter(({ device }) => device === undefined)
  return [...new Set(gone.map(({ prefix }) => prefix))].toSorted()
}

function sumOf(streams: readonly Stream[]): number {
  return streams.reduce((sum, { bps }) => sum + bps, 0)
}

function loadsText({ isp1Bps, isp2Bps }: Loads): string {
  return `isp1 has ${formatRate(isp1Bps)}, isp2 ${formatRate(isp2Bps)}`
}

function textOf(streams: readonly Stream[]): string {
  return streams.map(({ to, bps }) => `${formatRate(bps)} to ${to}`).join(', ')
}

/** True when the IPv4 prefix holds the address. */
function isIn(prefix: string, address: string): boolean {
  const value = (text: string): number => text.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
  const [network = '', length] = prefix.split('/')
  const size = 2 ** (32 - Number(length))
  return Math.floor(value(network) / size) === Math.floor(value(address) / size)
}
