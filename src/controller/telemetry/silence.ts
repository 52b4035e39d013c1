/** Guard 7: silence is not zero, and what contradicts itself is silence. Pure. */
import { formatAddress } from '../../model/prefix.ts'
import type { AgentTelemetry, InterfaceTraffic, RouterTraffic } from '../../model/traffic.ts'
import { findDistrust, tellContradiction } from './distrust.ts'
import type { TelemetryState } from '../report.ts'

export interface SilencePolicy {
  readonly staleAfterMs: number
  readonly withdrawAfterMs: number
}

export interface TelemetryVerdict {
  readonly state: TelemetryState
  /** What is missing or cannot be true, in words; empty when fresh. */
  readonly faults: readonly string[]
}

export interface SilenceInput {
  readonly traffic: RouterTraffic
  readonly nowMs: number
  /** When we began to wait for the first sample. */
  readonly listeningSinceMs: number
  /** Since when something cannot be trusted; undefined while everything can. */
  readonly distrustedSinceMs: number | undefined
  readonly policy: SilencePolicy
}

/** Something that is missing, since when. */
interface Fault {
  readonly sinceMs: number
  readonly what: string
}

/**
 * Exporters batch, networks delay, agents read counters when they find the time: what is late by less is not
 * missed.
 */
const GRACE_MS = 1000
const GRACE_SHARE = 0.1

/** Intervals are learned; until then, and for very chatty exporters, at least this one is expected. */
const SHORTEST_INTERVAL_MS = 1000

/** Below this share of the links' speed a router may well send no samples: it is quiet, not silent. */
const QUIET_SHARE = 0.001

/**
 * How far a router's telemetry can be trusted: `fresh`; `silent` when something missed two expected
 * intervals; `stale` and `lost` when it has for the configured times.
 *
 * It is one state for the whole router, and the worst part decides: the samples, the counters of any
 * interface, any of several agents. Each decision weighs interfaces against each other, as the home or the
 * target of a detour, and a part that keeps its last value would make the others' news look like room that is
 * not there. Other routers are not touched. Not expected are: counters that never came; samples of an agent
 * that sends few; counters of an interface that was down; an agent that did not speak within `stale_after`
 * from the start (its absence is told all the same).
 */
export function judgeTelemetry({
  traffic,
  nowMs,
  listeningSinceMs,
  distrustedSinceMs,
  policy,
}: SilenceInput): TelemetryVerdict {
  const faults = [
    ...findSilence(traffic, nowMs, listeningSinceMs, policy),
    ...findDistrust(traffic.interfaces).map(({ name, contradiction }) => ({
      sinceMs: distrustedSinceMs ?? nowMs,
      what: tellContradiction(name, contradiction),
    })),
  ]
  const gapMs = Math.max(0, ...faults.map(({ sinceMs }) => nowMs - sinceMs))
  const state =
    gapMs > policy.withdrawAfterMs ? 'lost'
    : gapMs > policy.staleAfterMs ? 'stale'
    : faults.length > 0 ? 'silent'
    : 'fresh'
  return { state, faults: faults.map(({ what }) => what) }
}

/** Agents of which nothing was ever heard. */
export function unheardAgents({ agents }: RouterTraffic['telemetry']): readonly AgentTelemetry[] {
  return agents.filter(
    ({ lastFlowMs, lastCounterMs }) => lastFlowMs === undefined && lastCounterMs === undefined,
  )
}

function findSilence(
  { telemetry, interfaces }: RouterTraffic,
  nowMs: number,
  listeningSinceMs: number,
  policy: SilencePolicy,
): Fault[] {
  const { agents } = telemetry
  const isLate = (sinceMs: number | undefined, intervalMs: number | undefined): sinceMs is number =>
    sinceMs !== undefined && late(nowMs - sinceMs, intervalMs, policy)
  const missing = (what: string, sinceMs: number): Fault => ({
    sinceMs,
    what: `no ${what} for ${Math.round((nowMs - sinceMs) / 1000)} s`,
  })
  const faults: Fault[] = []
  const countersLate = isLate(telemetry.lastCounterMs, telemetry.counterIntervalMs)
  const flowsMs = samplesKnownMs(telemetry, interfaces.every(carriesNothing))
  const flowsLate = isLate(flowsMs, telemetry.flowIntervalMs)
  if (flowsMs === undefined) faults.push({ sinceMs: listeningSinceMs, what: 'no samples yet' })
  if (flowsLate) faults.push(missing('samples', flowsMs))
  if (countersLate) faults.push(missing('counters', telemetry.lastCounterMs))
  for (const one of agents.length > 1 ? agents : []) {
    const of = ` of agent ${formatAddress(one.agent)}`
    const ownMs = agentSamplesKnownMs(one, interfaces, policy)
    if (!flowsLate && isLate(ownMs, one.flowIntervalMs)) faults.push(missing(`samples${of}`, ownMs))
    if (!countersLate && isLate(one.lastCounterMs, one.counterIntervalMs)) {
      faults.push(missing(`counters${of}`, one.lastCounterMs))
    }
  }
  const isWaitedFor =
    agents.length > 1 && flowsMs !== undefined && nowMs - listeningSinceMs <= policy.staleAfterMs
  for (const { agent } of isWaitedFor ? unheardAgents(telemetry) : []) {
    faults.push({ sinceMs: listeningSinceMs, what: `nothing of agent ${formatAddress(agent)} yet` })
  }
  for (const { name, lastCounterMs, counterIntervalMs, operUp } of countersLate ? [] : interfaces) {
    if (operUp !== false && isLate(lastCounterMs, counterIntervalMs)) {
      faults.push(missing(`believable counters of ${name}`, lastCounterMs))
    }
  }
  return faults
}

/** When samples last came or, where they are not expected, counters told so. Undefined: never. */
function samplesKnownMs(
  { lastFlowMs, lastCounterMs }: Pick<AgentTelemetry, 'lastFlowMs' | 'lastCounterMs'>,
  mayPause: boolean,
): number | undefined {
  return mayPause && lastCounterMs !== undefined
    ? Math.max(lastFlowMs ?? lastCounterMs, lastCounterMs)
    : lastFlowMs
}

/**
 * The same of one agent. One that has nothing to sample may pause, and one that sends few samples, as a line
 * card with a spare link does.
 */
function agentSamplesKnownMs(
  agent: AgentTelemetry,
  interfaces: readonly InterfaceTraffic[],
  { staleAfterMs }: SilencePolicy,
): number | undefined {
  if (agent.lastFlowMs === undefined) return undefined
  const sendsFew = (agent.flowIntervalMs ?? 0) > staleAfterMs / 2
  const isQuiet = agent.interfaces.length > 0 && agent.interfaces.every((i) => carriesNothing(interfaces[i]!))
  return samplesKnownMs(agent, sendsFew || isQuiet)
}

function late(gapMs: number, intervalMs: number | undefined, policy: SilencePolicy): boolean {
  const expected =
    intervalMs === undefined ? policy.staleAfterMs / 2 : Math.max(intervalMs, SHORTEST_INTERVAL_MS)
  return gapMs > policy.staleAfterMs || gapMs > 2 * expected + Math.max(GRACE_MS, expected * GRACE_SHARE)
}

function carriesNothing({ source, outBps, speedBps }: InterfaceTraffic): boolean {
  return source === 'none' || (source === 'counters' && (outBps ?? 0) < (speedBps ?? 0) * QUIET_SHARE)
}
