/** The map of the system: builds the parts and joins them. */
import type { Logger } from 'pino'
import { createApi } from '../api/api.ts'
import { createLiveEvents } from '../api/live-events.ts'
import { createMetrics } from '../api/metrics/metrics.ts'
import { createBgp } from '../bgp/bgp.ts'
import { createSpreadWatch } from '../bgp/leaks/spread-watch.ts'
import { createLeakGuard } from '../bgp/leaks/leak-guard.ts'
import { createCollector } from '../collector/collector.ts'
import type { Config } from '../config/config.ts'
import { createController } from '../controller/controller.ts'
import { findAlarms } from '../controller/alarms.ts'
import type { CycleReport } from '../controller/report.ts'
import { findFullExits } from '../controller/shared-exits.ts'
import { createHistory, type History } from '../history/history.ts'
import type { LeaseSelf } from '../lease/judge-lease.ts'
import { createLeases } from '../lease/leases.ts'
import type { WatchdogChild } from '../lease/ports.ts'
import { createModeFile } from '../state/mode-file.ts'
import { createAlarmWatch, findUnreachable } from './alarm-watch.ts'
import { whatIsKept, whatWasKept, type Handover, type Kept } from './handover.ts'
import { createModeSwitch, startingMode } from './mode-switch.ts'
import type { Mode } from '../model/mode.ts'
import { monotonicClock as clock } from '../process/monotonic-clock.ts'
import { createByHand } from './by-hand.ts'
import { createView } from './create-view.ts'
import type { ProcessLog } from '../process/process-log.ts'
import { within } from '../process/within.ts'
import { createOverrideFile } from '../state/override-file.ts'
import { countDecisions, type DecisionCounts } from './counts.ts'
import { findSuccessions } from './successions.ts'
import { createUnownedSweep } from './unowned-sweep.ts'

export { HandoverRefused } from '../controller/obsolete.ts'

export interface Service {
  /** Rejects when an address cannot be listened on; all that had started is stopped again, what was handed over is not. */
  start(): Promise<void>
  /** Stops in order. Overrides stay in GoBGP. */
  stop(): Promise<void>
  /**
   * Stops, but for what the service of a changed configuration goes on with. Overrides that it cannot go on
   * with are withdrawn first; when that cannot be done this service goes on, and the promise rejects with
   * HandoverRefused.
   */
  handOver(next: Config): Promise<Handover>
  mode(): Mode
  /** Where REST answers; after `start`. */
  readonly apiPort: number
}

export interface ServiceOptions {
  /** Who this service is towards others that use the same gobgpd. */
  readonly identity: Pick<LeaseSelf, 'owner' | 'incarnation'>
  readonly watchdog: WatchdogChild
  /** Where the mode is kept from one start to the next. */
  readonly modeFile: string
  /** Where the story of every override is kept; the service does without when it must. */
  readonly overrideFile: string
  readonly version: string
  readonly log: ProcessLog
  /** Called after every cycle. */
  readonly onCycle?: () => void
}

/** A gobgpd that hangs must not hold up the end; what is not released lapses. */
const RELEASE_WITHIN_MS = 1_000
/** The first cycle is over sooner, even where no gobgpd answers; who asks is not kept waiting for longer. */
const FIRST_CYCLE_WITHIN_MS = 4_000

export function createService(
  config: Config,
  { identity, watchdog, modeFile, overrideFile, version, log, onCycle }: ServiceOptions,
  before?: Handover,
): Service {
  const { routers, sflow, controller: settings } = config
  const { logger } = log
  const collector =
    before?.collector ??
    createCollector({ ...sflow, routers, clock, logger: logger.child({ part: 'collector' }) })
  const bgp = createBgp(
    { routers, ...config.bgp, clock, logger: logger.child({ part: 'bgp' }) },
    before?.gobgps,
  )
  const modeSwitch = createModeSwitch(
    {
      file: modeFile,
      dryRun: settings.dryRun,
      routers: routers.map(({ name }) => name),
      overrides: bgp,
      logger,
    },
    before?.mode,
  )
  const leakGuard = createLeakGuard({
    bgp, routers, marker: config.bgp.marker, clock, logger: logger.child({ part: 'bgp' }),
  })
  const spreadWatch = createSpreadWatch({ bgp, routers, clock })
  const unownedSweep = createUnownedSweep({ bgp, routers, clock, logger: logger.child({ part: 'bgp' }) })
  const stories = createOverrideFile(overrideFile, clock, logger)
  const leases = createLeases(
    {
      routers,
      notes: (target) => bgp.notes(target),
      self: { ...identity, durationMs: settings.leaseMs },
      watchdog,
      clock,
    },
    before?.leases,
  )
  const firstCycle = Promise.withResolvers<void>()
  /** When the next cycle is to begin. */
  let dueMs = Infinity
  const decisionCounts: DecisionCounts = new Map()
  const alarmWatch = createAlarmWatch(before?.alarms ?? [], clock, logger)
  const history = before?.history ?? makeHistory(config, logger)
  const controller = createController(
    {
      routers,
      sharedExits: config.sharedExits,
      policy: settings,
      form: config.bgp,
      windowMs: sflow.windowMs,
      settings,
      traffic: collector,
      routes: bgp,
      overrides: leases.guard(bgp),
      sent: leakGuard,
      sessions: bgp,
      ...stories.read(),
      gates: [leases.gate, leakGuard],
      clock,
      logger: logger.child({ part: 'controller' }),
      onDecisions: (decisions) => {
        events.noteDecisions(decisions)
        countDecisions(decisionCounts, decisions)
        history?.noteDecisions(decisions)
      },
      onCycle: (report) => {
        const lateMs = Math.max(0, report.startedMs - dueMs)
        dueMs = report.startedMs + settings.intervalMs
        metrics.observeCycle(report.durationMs / 1000, lateMs / 1000)
        stories.note(report)
        spreadWatch.look()
        unownedSweep.look(report)
        const changes = alarmWatch.look([
          ...findAlarms(report),
          ...findUnreachable(report, routers, bgp),
          ...findFullExits(report, routers, config.sharedExits),
          ...modeSwitch.findings(),
          ...leakGuard.alarms(),
          ...spreadWatch.findings(),
          ...leases.findings(),
          ...stories.findings(),
          ...(history?.findings() ?? []),
        ])
        history?.note(report, alarmWatch.alarms)
        logger.debug(summarize(report), 'cycle')
        events.publish(changes)
        firstCycle.resolve()
        onCycle?.()
      },
    },
    modeSwitch.initial,
    before?.controller,
  )
  const view = createView({
    config,
    version,
    collector,
    bgp,
    leakGuard,
    leases,
    controller,
    modeSwitch,
    history,
    byHand: createByHand(controller, clock),
    clock,
    decisionCounts,
    log,
    alarms: () => alarmWatch.alarms,
  })
  const metrics = createMetrics(view)
  const apiLogger = logger.child({ part: 'api' })
  const events = createLiveEvents(view, clock, apiLogger)
  const known = firstCycle.promise
  const api = createApi({ ...config.api, view, metrics, events, known, clock, logger: apiLogger })

  /** The mode in which a service of the changed configuration would start. */
  const modeUnder = ({ controller: { dryRun } }: Config): Mode =>
    startingMode(createModeFile(modeFile, dryRun), dryRun, modeSwitch.handover())
  /** Ends all but what is kept, once nothing is decided any more; resolves with the clients that are. */
  const end = async (kept: Kept): Promise<Handover['gobgps']> => {
    await within(
      RELEASE_WITHIN_MS,
      leases.release(({ target }) => !kept.leases.has(target)),
    )
    const [gobgps] = await Promise.all([
      bgp.stop(kept.gobgps),
      api.stop(),
      stories.flush(),
      kept.collector ? undefined : collector.stop(),
      kept.history ? undefined : history?.stop(),
    ])
    return gobgps
  }
  const stop = async (kept: Kept): Promise<void> => {
    modeSwitch.stop()
    await controller.stop()
    await end(kept)
  }
  return {
    start: async () => {
      try {
        // Before the API, which takes a kill switch from the moment that it listens.
        modeSwitch.start(controller)
        setTimeout(firstCycle.resolve, FIRST_CYCLE_WITHIN_MS).unref()
        await api.start()
        if (before?.history === undefined) history?.start()
        const collecting = before?.collector === undefined ? collector.start() : undefined
        const steer = async (): Promise<void> => {
          // After a kill the lease runs out: it does not wait for the second that the collector's threads take to
          // get going. A reload has renewed it, and must not steer by a configuration that cannot be put to work.
          if (before !== undefined) await collecting
          await bgp.start()
          controller.start()
        }
        await Promise.all([collecting, steer()])
      } catch (error) {
        await stop(whatWasKept(before))
        throw error
      }
    },
    stop: () => stop(whatWasKept(undefined)),
    handOver: async (next) => {
      const handedOver = await controller.handOver(findSuccessions(config, next, modeUnder(next)))
      modeSwitch.stop()
      const kept = whatIsKept(config, next)
      return {
        controller: handedOver,
        gobgps: await end(kept),
        collector: kept.collector ? collector : undefined,
        history: kept.history ? history : undefined,
        alarms: alarmWatch.alarms,
        mode: modeSwitch.handover(),
        leases: new Map([...leases.handover()].filter(([target]) => kept.leases.has(target))),
      }
    },
    mode: () => controller.mode(),
    get apiPort() {
      return api.port
    },
  }
}

/** Undefined when the configuration wants none. */
function makeHistory({ history: { enabled, ...options } }: Config, logger: Logger): History | undefined {
  if (!enabled) return undefined
  return createHistory({ ...options, clock, logger: logger.child({ part: 'history' }) })
}

function summarize({ durationMs, mode, routers }: CycleReport) {
  const overrides = routers.reduce((sum, router) => sum + router.overrides.length, 0)
  return { durationMs: Math.round(durationMs * 10) / 10, mode, overrides }
}
