/** The control loop: observes all routers, has their plans made, acts, reports. It never overlaps itself. */
import type { Logger } from 'pino'
import type { Clock } from '../model/clock.ts'
import type { Decision } from '../model/decision.ts'
import { messageOf } from '../model/error-message.ts'
import type { Mode } from '../model/mode.ts'
import { contains, formatPrefix, type Prefix } from '../model/prefix.ts'
import type { Router, SharedExit } from '../model/topology.ts'
import type { RouterTraffic } from '../model/traffic.ts'
import { reportRouter } from './cycle-report.ts'
import { DecisionLog, type LoggedDecision } from './decision-log.ts'
import type { PrefixFacts } from './explain/prefix-facts.ts'
import {
  findObsolete, HandoverRefused, withdrawObsolete, type Obsolete, type Succession,
} from './obsolete.ts'
import type { Observation } from './observation.ts'
import type { Pin, PinResult } from './plan/pin.ts'
import type { RouterPlan } from './plan/plan.ts'
import type { CycleReport } from './report.ts'
import { RouterSteering, type SteeringHandover, type SteeringParts } from './router-steering.ts'
import type { KeptOut } from './plan/set-aside.ts'
import { surroundingsOf, type RouterView } from './shared-exits.ts'
import { withdrawal, type Verdict } from './verdict.ts'

/** How often the routes that overrides stand on are looked at, whatever the interval. */
const FOOTING_INTERVAL_MS = 100
/**
 * A cycle that they call for waits so many times the duration of the last, lest a flapping route take all
 * time; but no longer than this, as most of a long cycle is waiting for a slow gobgpd.
 */
const REST_FACTOR = 4
const LONGEST_REST_MS = 1000

export interface ControllerSettings {
  /** A cycle begins as often, and sooner when a route that an override stands on changes. */
  readonly intervalMs: number
  readonly limits: {
    readonly maxOverrides: number
    readonly maxOverridesPerRouter: number
    readonly maxChangesPerCycle: number
    readonly maxDetouredShare: number
  }
}

export interface ControllerParts extends SteeringParts {
  readonly routers: readonly Router[]
  readonly sharedExits: readonly SharedExit[]
  readonly settings: ControllerSettings
  readonly clock: Clock
  readonly logger: Logger
  readonly onCycle?: (report: CycleReport) => void
  /** Told of all that is news, before the cycle is. */
  readonly onDecisions?: (decisions: readonly LoggedDecision[]) => void
}

export interface Controller {
  start(): void
  /** Resolves when the running cycle is over. Overrides stay in GoBGP. */
  stop(): Promise<void>
  mode(): Mode
  /** Resolves when a whole cycle has run in the new mode. */
  setMode(mode: Mode): Promise<void>
  /** Resolves with what became of an operator's pin when a whole cycle has run; undefined: it has stopped. */
  pin(router: string, pin: Pin): Promise<PinResult | undefined>
  /** Withdraws an override and keeps it out for a while; resolves when a whole cycle has run. */
  keepOut(router: string, keptOut: KeptOut): Promise<void>
  /** What the last cycle measured of the router; undefined before the first. */
  traffic(router: string): RouterTraffic | undefined
  /** The last cycle; undefined before the first. */
  report(): CycleReport | undefined
  /** The last ones, newest first. */
  decisions(filter: { router?: string | undefined; limit?: number | undefined }): readonly LoggedDecision[]
  /** What is known of a prefix on a router, as of the last cycle; undefined before the first. */
  explain(router: string, prefix: Prefix): PrefixFacts | undefined
  /** Overrides that GoBGP took since start, by router. */
  routeChanges(): ReadonlyMap<string, { readonly add: number; readonly withdraw: number }>
  /**
   * Stops, for the controller of a changed configuration to take over. What that cannot go on with is
   * withdrawn first; when it cannot be, this controller goes on, and the promise rejects with
   * HandoverRefused.
   */
  handOver(successions: readonly Succession[]): Promise<ControllerHandover>
}

export interface ControllerHandover {
  readonly log: DecisionLog
  /** By router. */
  readonly steerings: ReadonlyMap<string, SteeringHandover>
}

/** `mode` is the one to start in. The settings and parts may not change while it runs. */
export function createController(
  parts: ControllerParts,
  mode: Mode,
  before?: ControllerHandover,
): Controller {
  const { clock, logger, settings } = parts
  const steerings = parts.routers.map(
    (router) => new RouterSteering(router, parts, clock(), before?.steerings.get(router.name)),
  )
  const log = before?.log ?? new DecisionLog()
  /** The last of each router. */
  const plans = new Map<string, RouterPlan>()
  let report: CycleReport | undefined
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> = Promise.resolve()
  /** The cycle that has been asked for and not begun: it serves all who ask meanwhile. */
  let waiting: Promise<void> | undefined
  let stopped = false

  async function cycle(): Promise<void> {
    const startedMs = clock()
    const firstMode = mode
    const observations = await Promise.all(steerings.map(async (s) => s.observe(clock(), firstMode)))
    // What stops everything holds at once: a service that hung wakes up in its former mode, and hears of it
    // meanwhile.
    const cycleMode = mode === 'off' || mode === 'frozen' ? mode : firstMode
    const verdicts = decideAll(observations, cycleMode)
    const outcomes = await Promise.all(
      steerings.map(async (s, i) => s.act(verdicts[i]!, observations[i]!, clock)),
    )
    const routers = steerings.map(({ router }, i) => {
      const outcome = outcomes[i]!
      for (const { key, action, error } of outcome.failures) {
        logger.warn(
          { router: key.router, prefix: formatPrefix(key.prefix), action, error },
          'GoBGP refused a change',
        )
      }
      // A decision may be about a whole prefix and its overrides about the halves.
      const hasFailed = ({ prefix }: Decision): boolean =>
        prefix !== undefined && outcome.failures.some(({ key }) => contains(prefix, key.prefix))
      record(
        router.name,
        verdicts[i]!.decisions.map((d) => (hasFailed(d) ? { ...d, acted: false } : d)),
      )
      return reportRouter(router, observations[i]!, verdicts[i]!, outcome, steerings[i]!.withoutAlternate(observations[i]!))
    })
    report = { startedMs, durationMs: clock() - startedMs, mode: cycleMode, routers }
    parts.onCycle?.(report)
  }

  /** One router after the other: they share the caps, and may share exits. */
  function decideAll(observations: readonly Observation[], cycleMode: Mode): readonly Verdict[] {
    const { maxOverrides, maxOverridesPerRouter, maxChangesPerCycle, maxDetouredShare } = settings.limits
    const held = steerings.map((steering, i) => steering.held(observations[i]!))
    let total = held.reduce((sum, count) => sum + count, 0)
    let changes = maxChangesPerCycle
    const views = steerings.map(({ router }, i): RouterView => ({
      router, traffic: observations[i]!.traffic, plan: plans.get(router.name), isCurrent: false,
    }))
    return steerings.map((steering, i) => {
      const others = total - held[i]!
      const verdict = steering.decide(observations[i]!, cycleMode, {
        overrides: Math.min(maxOverridesPerRouter, maxOverrides - others),
        changes,
        detouredShare: maxDetouredShare,
      }, surroundingsOf(steering.router.name, views, parts.sharedExits, cycleMode === 'dry_run'))
      plans.set(steering.router.name, verdict.plan)
      views[i] = { ...views[i]!, plan: verdict.plan, isCurrent: true }
      changes -= verdict.changes.add.length
      total = others + verdict.plan.overrides.filter(({ dry }) => !dry).length
      return verdict
    })
  }

  function record(router: string, decisions: readonly Decision[]): void {
    const news = log.record(router, decisions)
    parts.onDecisions?.(news)
    for (const { kind, prefix, fromInterface, toInterface, bps, reason, inputs, acted } of news) {
      logger.info(
        {
          router,
          kind,
          prefix: prefix && formatPrefix(prefix),
          from: fromInterface,
          to: toInterface,
          bps: bps === undefined ? undefined : Math.round(bps),
          acted,
          inputs,
          reason,
        },
        'decision',
      )
    }
  }

  /**
   * Runs a cycle when the one under way is over. A fault in a cycle is a programming error: it ends the
   * process.
   */
  async function runCycle(): Promise<void> {
    if (stopped) return
    clearTimeout(timer)
    if (waiting === undefined) {
      waiting = running.then(() => {
        waiting = undefined
        return cycle()
      })
      running = waiting
      // On its own, so that a fault ends the process even when a caller of ours handles it.
      void running.then(scheduleNext)
    }
    await running
  }

  function scheduleNext(): void {
    clearTimeout(timer)
    if (stopped) return
    const { startedMs, durationMs } = report ?? { startedMs: 0, durationMs: 0 }
    const dueMs = startedMs + settings.intervalMs
    const restedMs = clock() + Math.min(REST_FACTOR * durationMs, LONGEST_REST_MS)
    const waitOrRun = (): void => {
      const nowMs = clock()
      const shifted = nowMs >= restedMs && steerings.some((steering) => steering.hasLostFooting())
      if (nowMs >= dueMs || shifted) void runCycle()
      else timer = setTimeout(waitOrRun, Math.min(dueMs - nowMs, FOOTING_INTERVAL_MS))
    }
    timer = setTimeout(waitOrRun, Math.max(0, Math.min(dueMs - clock(), FOOTING_INTERVAL_MS)))
  }

  const start = (): void => {
    stopped = false
    void runCycle()
  }
  const stop = async (): Promise<void> => {
    stopped = true
    clearTimeout(timer)
    await running
  }

  /** What the successions leave no place for; of what is another's nothing is. */
  function obsolete(successions: readonly Succession[]): readonly Obsolete[] {
    return successions.flatMap((succession) => {
      const { name } = succession.router
      const isOurs = report?.routers.find((r) => r.name === name)?.permission.kind !== 'stand_by'
      return isOurs ? findObsolete(succession, steeringOf(name).handover()) : []
    })
  }
  const steeringOf = (name: string): RouterSteering => steerings.find(({ router }) => router.name === name)!

  async function handOver(successions: readonly Succession[]): Promise<ControllerHandover> {
    const stuck = obsolete(successions).find(
      ({ router }) => report?.routers.find(({ name }) => name === router)?.gobgpAnswers === false,
    )
    if (stuck !== undefined) {
      throw new HandoverRefused(
        `gobgpd of ${stuck.router} does not answer, and an override must be withdrawn first: ${stuck.why}`,
      )
    }
    await stop()
    try {
      for (const { router, prefix, why, mayReturn } of await withdrawObsolete(
        parts.overrides,
        obsolete(successions),
      )) {
        steeringOf(router).noteWithdrawn(prefix, clock(), mayReturn)
        record(router, [withdrawal(router, prefix, `${why}, as the configuration was changed`, clock())])
      }
    } catch (error) {
      start()
      throw new HandoverRefused(messageOf(error), { cause: error })
    }
    // Routers may be renamed, and may even swap their names; one that is gone leaves its memory to its
    // namesake.
    const goneFirst = successions.toSorted(
      (a, b) => Number(a.next !== undefined) - Number(b.next !== undefined),
    )
    const heirs = goneFirst.map(
      ({ router, next }) =>
        [next?.name ?? router.name, steeringOf(router.name).handover(next?.name)] as const,
    )
    return { log, steerings: new Map(heirs) }
  }

  return {
    start,
    stop,
    handOver,
    mode: () => mode,
    setMode: async (next) => {
      mode = next
      await runCycle()
    },
    pin: async (router, pin) => {
      // It may start again, when what was to take over cannot: an order that was refused must not wait for that.
      if (stopped) return undefined
      const order = steeringOf(router).order(pin)
      await runCycle()
      return order.result
    },
    keepOut: async (router, keptOut) => {
      steeringOf(router).keepOut(keptOut)
      await runCycle()
    },
    traffic: (router) => steeringOf(router).traffic,
    report: () => report,
    decisions: (filter) => log.newestFirst(filter),
    explain: (router, prefix) => steeringOf(router).explain(prefix),
    routeChanges: () => new Map(steerings.map((s) => [s.router.name, s.routeChanges])),
  }
}
