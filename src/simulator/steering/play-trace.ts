/** Plays a trace under a rule and keeps score. Virtual time only. */
import { formatAddress, formatPrefix } from '../../model/prefix.ts'
import { Meter } from './meter.ts'
import type { Detour, SteeringRule } from './steering-rule.ts'
import type { Trace } from './trace.ts'
import { VirtualEdge } from './virtual-edge.ts'

export interface Score {
  readonly rule: string
  readonly trace: string
  readonly seed: number
  /** What did not fit through its link, or had no route, bytes. */
  readonly droppedBytes: number
  /** Seconds in which an interface was above its high watermark, summed over all interfaces. */
  readonly overloadSeconds: number
  /** Share (of 1) of the traffic that did not leave by its natural exit. */
  readonly detouredShare: number
  /** Overrides that came, went, or changed their exit, per hour. */
  readonly changesPerHour: number
  /**
   * Overrides that came again, or changed their exit, soon after their prefix last changed; per prefix ever
   * detoured and hour.
   */
  readonly flapsPerPrefixHour: number
  /** The fullest that any link was, as a share of its speed; what did not fit counts. */
  readonly worstExit: number
}

/** Going home is no flap; leaving again so soon after it is one. */
const FLAP_SECONDS = 600
/** The meter fills up; nothing is scored. */
const WARM_UP_SECONDS = 60

export async function playTrace(trace: Trace, rule: SteeringRule): Promise<Score> {
  const edge = new VirtualEdge(trace)
  const meter = new Meter(trace)
  const { interfaces } = trace.router
  let installed: readonly Detour[] = []
  const lastChange = new Map<string, number>()
  let droppedBits = 0
  let overloadSeconds = 0
  let detouredBits = 0
  let bits = 0
  let changes = 0
  let flaps = 0
  let worstExit = 0
  for (let second = 0; second < trace.seconds; second++) {
    const now = edge.pass(second)
    meter.take(second, now)
    if (second >= WARM_UP_SECONDS) {
      droppedBits += now.lostBps
      detouredBits += now.detouredBps
      interfaces.forEach(({ speedBps = Infinity, highWatermark }, i) => {
        const offered = now.offeredBps[i]!
        droppedBits += Math.max(0, offered - speedBps)
        if (offered > speedBps * highWatermark) overloadSeconds++
        worstExit = Math.max(worstExit, offered / speedBps)
        bits += offered
      })
    }
    if (second % rule.intervalSeconds !== 0 || second < WARM_UP_SECONDS / 2) continue
    const view = { nowMs: (second + 1) * 1000, traffic: meter.traffic(), routes: edge.routes, installed }
    const wanted = await rule.decide(view)
    const changed = differences(installed, wanted)
    if (changed.length === 0) continue
    for (const prefix of changed) {
      changes++
      const last = lastChange.get(prefix)
      const isThere = wanted.some((detour) => formatPrefix(detour.prefix) === prefix)
      if (isThere && last !== undefined && second - last < FLAP_SECONDS) flaps++
      lastChange.set(prefix, second)
    }
    installed = wanted
    edge.install(wanted, second + 1)
  }
  const hours = (trace.seconds - WARM_UP_SECONDS) / 3600
  return {
    rule: rule.name,
    trace: trace.name,
    seed: trace.seed,
    droppedBytes: droppedBits / 8,
    overloadSeconds,
    detouredShare: detouredBits / Math.max(1, bits),
    changesPerHour: changes / hours,
    flapsPerPrefixHour: flaps / Math.max(1, lastChange.size) / hours,
    worstExit,
  }
}

/** Prefixes whose override came, went or changed its exit. */
function differences(before: readonly Detour[], after: readonly Detour[]): string[] {
  const exits = (detours: readonly Detour[]): Map<string, string> =>
    new Map(detours.map(({ prefix, path }) => [formatPrefix(prefix), formatAddress(path.nextHop)]))
  const [old, next] = [exits(before), exits(after)]
  return [...new Set([...old.keys(), ...next.keys()])].filter((key) => old.get(key) !== next.get(key))
}
