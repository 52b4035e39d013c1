/** A rush: traffic rises at one step, the service must relieve, it falls again, and all must come home. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { RestDecision } from '../src/demo/rest-client.ts'
import type { OverrideStyle } from '../src/model/topology.ts'
import { formatRate } from '../src/model/units.ts'
import type { Edge, Watched } from './edge.ts'
import { PREFIXES } from './edge-network.ts'
import { loadsText, lookUntil, missingHome, missingRelief, sumOf, type Look } from './look.ts'
import { say, sayDecision, saySuccess } from './say.ts'
import type { Stream } from './sender.ts'
import { StepFailed } from './step-failed.ts'

export interface RushPlan {
  readonly quiet: readonly Stream[]
  readonly rush: readonly Stream[]
  /** So long the quiet lasts before the step, at least. */
  readonly quietMs: number
}

export interface RushResult {
  readonly before: Look
  readonly during: Look
  readonly after: Look
  /** From the step until the service decided, and until the router's kernel changed first and last. */
  readonly decidedMs: number
  readonly firstRouteMs: number
  readonly lastRouteMs: number
  /** From the end of the rush until the last route of the router's kernel was home. */
  readonly homeMs: number
  /** Prefixes that the kernels of both were without at any time. */
  readonly lostByCustomer: readonly string[]
  readonly lostByRouter2: readonly string[]
}

const QUIET_TIMEOUT_MS = 10_000
const RELIEF_TIMEOUT_MS = 20_000
const HOME_TIMEOUT_MS = 60_000

/** Rejects with StepFailed. */
export async function playRush(edge: Edge, { quiet, rush, quietMs }: RushPlan): Promise<RushResult> {
  say(`${textOf(quiet)}: what BGP alone sends to isp1 fits`)
  const quietAtMs = await edge.send(quiet)
  await sleep(quietMs)
  const home = (seen: Look): string | undefined => missingHome(edge, seen, quiet)
  const before = await lookUntil(edge, 'the quiet', QUIET_TIMEOUT_MS, home)
  const early = edge.routes.router.changesSince(quietAtMs)
  if (early.length > 0) throw new StepFailed(`routes changed before the rush: ${JSON.stringify(early)}`)
  saySuccess(`${loadsText(before)}, nothing is moved`)

  say(`the rush: ${textOf(rush)}, ${formatRate(sumOf(rush))} in all`)
  const stepMs = await edge.send(rush)
  const relieved = (seen: Look): string | undefined => missingRelief(seen, rush)
  const during = await lookUntil(edge, 'relief', RELIEF_TIMEOUT_MS, relieved)
  const changes = edge.routes.router.changesSince(stepMs)
  failWhenGone(edge, stepMs)
  const decisions = await decisionsSince(edge, stepMs)
  if (decisions.length === 0) throw new StepFailed('routes have moved, and the service tells of no decision')
  for (const { kind, reason } of decisions) sayDecision(`${kind}: ${reason}`)
  saySuccess(`${loadsText(during)}; moved: ${during.moved.join(', ')}`)

  say(`the rush is over: ${textOf(quiet)}`)
  const fallMs = await edge.send(quiet)
  const after = await lookUntil(edge, 'all home', HOME_TIMEOUT_MS, home)
  failWhenGone(edge, fallMs)
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
export async function startServiceOn(
  edge: Edge, style: OverrideStyle, streams: readonly Stream[],
): Promise<void> {
  await edge.send(streams)
  await edge.startService(style)
}

/** Oldest first. */
async function decisionsSince(edge: Edge, ms: number): Promise<RestDecision[]> {
  const decisions = await edge.rest.decisions()
  return decisions.filter(({ at, acted }) => acted && Date.parse(at) >= ms).toReversed()
}

/** What was received is replaced in the router's kernel at one stroke: packets find a route at any time. */
function failWhenGone(edge: Edge, sinceMs: number): void {
  const gone = lost(edge, 'router', sinceMs).filter((prefix) => PREFIXES.includes(prefix))
  if (gone.length > 0) throw new StepFailed(`the router's kernel was without ${gone.join(', ')} for a moment`)
}

/** Prefixes that the kernel was without at any time. */
function lost(edge: Edge, who: Watched, sinceMs: number): readonly string[] {
  const gone = edge.routes[who].changesSince(sinceMs).filter(({ device }) => device === undefined)
  return [...new Set(gone.map(({ prefix }) => prefix))].toSorted()
}

function textOf(streams: readonly Stream[]): string {
  return streams.map(({ to, bps }) => `${formatRate(bps)} to ${to}`).join(', ')
}
