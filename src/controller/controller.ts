/** The control loop: observes all routers, has their plans made, acts, reports. It never overlaps itself. */
import type { Logger } from 'pino'
import type { Clock } from '../model/clock.ts'
import type { Decision } from '../model/decision.ts'
import type { Mode } from '../model/mode.ts'
import { contains, formatPrefix } from '../model/prefix.ts'
import type { Router } from '../model/topology.ts'
import { reportRouter } from './cycle-report.ts'
import { DecisionLog } from './decision-log.ts'
import type { CycleReport } from './report.ts'
import {
  RouterSteering,
  type Observation,
  type SteeringHandover,
  type SteeringParts,
  type Verdict,
} from './router-steering.ts'

export interface ControllerSettings {
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
  /** Routers for which nothing may be sent, whatever the mode. */
  readonly dryRunOnly: ReadonlySet<string>
  readonly settings: ControllerSettings
  readonly clock: Clock
  readonly logger: Logger
  readonly onCycle?: (report: CycleReport) => void
}

export interface Controller {
  start(): void
  /** Resolves when the running cycle is over. Overrides stay in GoBGP. */
  stop(): Promise<void>
  mode(): Mode
  /** Resolves when a whole cycle has run in the new mode. */
  setMode(mode: Mode): Promise<void>
  /** The last cycle; undefined before the first. */
  report(): CycleReport | undefined
  decisions(filter: { router?: string | undefined; limit?: number | undefined }): readonly Decision[]
  /** Overrides that GoBGP took since start, by router. */
  routeChanges(): ReadonlyMap<string, { readonly add: number; readonly withdraw: number }>
  /** For the controller that takes over after `stop`, as after a change of the configuration. */
  handover(): ControllerHandover
}

export interface ControllerHandover {
  readonly log: DecisionLog
  /** By router. */
  readonly steerings: ReadonlyMap<string, SteeringHandover>
}

/** `mode` is the one to start in. The settings and parts may not change while it runs. */
export function createController(parts: ControllerParts, mode: Mode, before?: ControllerHandover): Controller {
  const { clock, logger, settings } = parts
  const steerings = parts.routers.map(
    (r) => new RouterSteering(r, parts, parts.dryRunOnly.has(r.name), clock(), before?.steerings.get(r.name)),
  )
  const log = before?.log ?? new DecisionLog()
  let report: CycleReport | undefined
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> = Promise.resolve()
  /** The cycle that has been asked for and not begun: it serves all who ask meanwhile. */
  let waiting: Promise<void> | undefined
  let stopped = false

  async function cycle(): Promise<void> {
    const startedMs = clock()
    const cycleMode = mode
    const observations = await Promise.all(steerings.map(async (s) => s.observe(clock())))
    const verdicts = decideAll(observations, cycleMode)
    const outcomes = await Promise.all(steerings.map(async (s, i) => s.act(verdicts[i]!, observations[i]!, clock)))
    const routers = steerings.map(({ router }, i) => {
      const outcome = outcomes[i]!
      for (const { key, action, error } of outcome.failures) {
        logger.warn({ router: key.router, prefix: formatPrefix(key.prefix), action, error }, 'GoBGP refused a change')
      }
      // A decision may be about a whole prefix and its overrides about the halves.
      const hasFailed = ({ prefix }: Decision): boolean =>
        prefix !== undefined && outcome.failures.some(({ key }) => contains(prefix, key.prefix))
      record(
        router.name,
        verdicts[i]!.decisions.map((d) => (hasFailed(d) ? { ...d, acted: false } : d)),
      )
      return reportRouter(router, observations[i]!, verdicts[i]!, outcome)
    })
    report = { startedMs, durationMs: clock() - startedMs, mode: cycleMode, routers }
    parts.onCycle?.(report)
  }

  /** One router after the other: they share the caps. */
  function decideAll(observations: readonly Observation[], cycleMode: Mode): readonly Verdict[] {
    const { maxOverrides, maxOverridesPerRouter, maxChangesPerCycle, maxDetouredShare } = settings.limits
    const held = steerings.map((steering, i) => steering.held(observations[i]!))
    let total = held.reduce((sum, count) => sum + count, 0)
    let changes = maxChangesPerCycle
    return steerings.map((steering, i) => {
      const others = total - held[i]!
      const verdict = steering.decide(observations[i]!, cycleMode, {
        overrides: Math.min(maxOverridesPerRouter, maxOverrides - others),
        changes,
        detouredShare: maxDetouredShare,
      })
      changes -= verdict.changes.add.length
      total = others + verdict.plan.overrides.filter(({ dry }) => !dry).length
      return verdict
    })
  }

  function record(router: string, decisions: readonly Decision[]): void {
    for (const { kind, prefix, fromInterface, toInterface, bps, reason, inputs, acted } of log.record(router, decisions)) {
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

  /** Runs a cycle when the one under way is over. A fault in a cycle is a programming error: it ends the process. */
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
    const nextMs = Math.max(0, (report?.startedMs ?? 0) + settings.intervalMs - clock())
    timer = setTimeout(() => void runCycle(), nextMs)
  }

  return {
    start: () => void runCycle(),
    stop: async () => {
      stopped = true
      clearTimeout(timer)
      await running
    },
    mode: () => mode,
    setMode: async (next) => {
      mode = next
      await runCycle()
    },
    report: () => report,
    decisions: (filter) => log.newestFirst(filter),
    handover: () => ({ log, steerings: new Map(steerings.map((s) => [s.router.name, s.handover()])) }),
    routeChanges: () => new Map(steerings.map((s) => [s.router.name, s.routeChanges])),
  }
}
