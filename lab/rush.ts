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
const LOOK_MS = 500
const RELIEF_TIMEOUT_MS = 20_000
const HOME_TIMEOUT_MS = 60_000

/** Rejects with StepFailed. */
export async function playRush(edge: Edge, { quiet, rush, quietMs }: RushPlan): Promise<RushResult> {
  say(`${textOf(quiet)}: what BGP alone sends to isp1 fits`)
  const quietAtMs = await edge.send(quiet)
  await sleep(quietMs)
  const before = await look(edge)
  expectLoads('before the rush', before, sumOf(quiet), 0)
  expectHome(edge, before)
  const early = edge.routes.router.changesSince(quietAtMs)
  if (early.length > 0) throw new StepFailed(`routes changed before the rush: ${JSON.stringify(early)}`)
  saySuccess(`isp1 has ${formatRate(before.isp1Bps)}, isp2 ${formatRate(before.isp2Bps)}, nothing is moved`)

  say(`the rush: ${textOf(rush)}, ${formatRate(sumOf(rush))} in all`)
  const stepMs = await edge.send(rush)
  await until('both are relieved', RELIEF_TIMEOUT_MS, async () => missingRelief(edge, await edge.measure(LOOK_MS), rush))
  const settledMs = Date.now()
  const during = await look(edge)
  const missing = missingRelief(edge, during, rush)
  if (missing !== undefined) throw new StepFailed(`relief did not last: ${missing}`)
  const late = edge.routes.router.changesSince(settledMs)
  if (late.length > 0) throw new StepFailed(`routes went on changing: ${JSON.stringify(late)}`)
  const changes = edge.routes.router.changesSince(stepMs)
  const decisions = await decisionsSince(edge, stepMs)
  for (const { kind, reason } of decisions) sayDecision(`${kind}: ${reason}`)
  saySuccess(`isp1 has ${formatRate(during.isp1Bps)}, isp2 ${formatRate(during.isp2Bps)}: ${during.moved.join(', ')} moved`)

  say(`the rush is over: ${textOf(quiet)}`)
  const fallMs = await edge.send(quiet)
  await until('all is home', HOME_TIMEOUT_MS, () => Promise.resolve(missingHome(edge)))
  const homeMs = edge.routes.router.changesSince(fallMs).at(-1)!.atMs - fallMs
  for (const { kind, reason } of await decisionsSince(edge, fallMs)) sayDecision(`${kind}: ${reason}`)
  const after = await look(edge)
  expectLoads('after the rush', after, sumOf(quiet), 0)
  expectHome(edge, after)
  saySuccess(`isp1 has ${formatRate(after.isp1Bps)}, isp2 ${formatRate(after.isp2Bps)}: all is home`)
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

async function look(edge: Edge): Promise<Look> {
  const loads = await edge.measure(MEASURE_MS)
  const [customer, router2] = await Promise.all([edge.learned('customer'), edge.learned('router2')])
  return { ...loads, moved: edge.routes.router.through(ISP2.name).toSorted(), customer, router2 }
}

function missingRelief(edge: Edge, { isp1Bps, isp2Bps }: Loads, rush: readonly Stream[]): string | undefined {
  if (isp1Bps > RELIEVED_BPS) return `isp1 has ${formatRate(isp1Bps)}`
  if (isp2Bps > RELIEVED_BPS) return `isp2 has ${formatRate(isp2Bps)}`
  if (isp1Bps + isp2Bps < sumOf(rush) - TOLERANCE_BPS) return `only ${formatRate(isp1Bps + isp2Bps)} arrive`
  const moved = edge.routes.router.through(ISP2.name)
  if (moved.length === 0) return 'no route has moved'
  for (const prefix of moved) {
    const bps = sumOf(rush.filter(({ to }) => isIn(prefix, to)))
    if (bps > THRESHOLD_BPS) return `${prefix}, with ${formatRate(bps)}, moved as a whole`
  }
  const movedBps = sumOf(rush.filter(({ to }) => moved.some((prefix) => isIn(prefix, to))))
  if (Math.abs(isp2Bps - movedBps) <= TOLERANCE_BPS) return undefined
  return `isp2 has ${formatRate(isp2Bps)}; the routes that moved have ${formatRate(movedBps)}`
}

function missingHome(edge: Edge): string | undefined {
  const moved = edge.routes.router.through(ISP2.name)
  if (moved.length > 0) return `${moved.join(', ')} still lead to isp2`
  const home = edge.routes.router.through(ISP1.name).toSorted()
  return home.join() === PREFIXES.join() ? undefined : `isp1 has the routes ${home.join(', ')}`
}

function expectHome(edge: Edge, { customer, router2 }: Look): void {
  const missing = missingHome(edge)
  if (missing !== undefined) throw new StepFailed(missing)
  for (const [name, learned] of Object.entries({ customer, router2 })) {
    if (learned.join() !== PREFIXES.join()) throw new StepFailed(`${name} knows ${learned.join(', ')}`)
  }
}

function expectLoads(when: string, { isp1Bps, isp2Bps }: Loads, isp1: number, isp2: number): void {
  if (Math.abs(isp1Bps - isp1) <= TOLERANCE_BPS && Math.abs(isp2Bps - isp2) <= TOLERANCE_BPS) return
  const seen = `isp1 has ${formatRate(isp1Bps)}, isp2 ${formatRate(isp2Bps)}`
  throw new StepFailed(`${when} ${seen}, instead of ${formatRate(isp1)} and ${formatRate(isp2)}`)
}

/** Oldest first. */
async function decisionsSince(edge: Edge, ms: number): Promise<Awaited<ReturnType<Edge['rest']['decisions']>>> {
  return (await edge.rest.decisions()).filter(({ at, acted }) => acted && Date.parse(at) >= ms).toReversed()
}

function lost(edge: Edge, who: 'customer' | 'router2', sinceMs: number): readonly string[] {
  const gone = edge.routes[who].changesSince(sinceMs).filter(({ device }) => device === undefined)
  return [...new Set(gone.map(({ prefix }) => prefix))].toSorted()
}

async function until(what: string, withinMs: number, missing: () => Promise<string | undefined>): Promise<void> {
  const deadlineMs = performance.now() + withinMs
  for (;;) {
    const reason = await missing()
    if (reason === undefined) return
    if (performance.now() > deadlineMs) throw new StepFailed(`${what}: not within ${withinMs / 1000} s: ${reason}`)
    await sleep(LOOK_MS / 5)
  }
}

function sumOf(streams: readonly Stream[]): number {
  return streams.reduce((sum, { bps }) => sum + bps, 0)
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
