/** The map of the system: builds the parts and joins them. */
import { isDeepStrictEqual } from 'node:util'
import type { Logger } from 'pino'
import { ApiError } from './api/api-error.ts'
import { createApi } from './api/api.ts'
import { createMetrics } from './api/metrics.ts'
import type { ApiView } from './api/view.ts'
import { createBgp, type Bgp } from './bgp/bgp.ts'
import { createCollector, type Collector } from './collector/collector.ts'
import type { Config } from './config/config.ts'
import { createController, type Controller, type ControllerHandover } from './controller/controller.ts'
import { evaluatePaths } from './controller/exits.ts'
import type { CycleReport } from './controller/report.ts'
import { readMode, writeMode } from './mode-file.ts'
import { messageOf } from './model/error-message.ts'
import type { Mode } from './model/mode.ts'
import type { Router } from './model/topology.ts'
import { monotonicClock as clock } from './monotonic-clock.ts'

export interface Service {
  /** Rejects when an address cannot be listened on; all that had started is stopped again. */
  start(): Promise<void>
  /** Stops in order. Overrides stay in GoBGP. */
  stop(): Promise<void>
  /** Stops, but for what the service of a changed configuration goes on with. */
  handOver(next: Config): Promise<Handover>
  mode(): Mode
  /** Where REST answers; after `start`. */
  readonly apiPort: number
}

/** What outlives a change of the configuration: the story of every override, and telemetry where it is unchanged. */
export interface Handover {
  readonly controller: ControllerHandover
  /** It listens already. */
  readonly collector: Collector | undefined
}

export interface ServiceOptions {
  /** Where the mode is kept from one start to the next. */
  readonly modeFile: string
  readonly version: string
  readonly logger: Logger
}

export function createService(
  config: Config,
  { modeFile, version, logger }: ServiceOptions,
  before?: Handover,
): Service {
  const { routers, sflow, controller: settings } = config
  const collector =
    before?.collector ?? createCollector({ ...sflow, routers, clock, logger: logger.child({ part: 'collector' }) })
  const bgp = createBgp({ routers, ...config.bgp, clock, logger: logger.child({ part: 'bgp' }) })
  const controller = createController(
    {
      routers,
      dryRunOnly: routersSharingGobgp(routers),
      policy: settings,
      form: config.bgp,
      windowMs: sflow.windowMs,
      settings,
      traffic: collector,
      routes: bgp,
      overrides: bgp,
      clock,
      logger: logger.child({ part: 'controller' }),
      onCycle: ({ durationMs }) => metrics.observeCycle(durationMs / 1000),
    },
    readMode(modeFile, settings.dryRun),
    before?.controller,
  )
  /** Kept first: a crash on the way must not forget a kill switch. It takes effect in any case. */
  const setMode = async (mode: Mode): Promise<void> => {
    let unkept: string | undefined
    try {
      writeMode(modeFile, mode, settings.dryRun)
    } catch (error) {
      unkept = messageOf(error)
    }
    await controller.setMode(mode)
    if (unkept !== undefined) {
      throw new ApiError(500, 'mode_not_kept', `the mode is ${mode} now, but will not survive a restart: ${unkept}`)
    }
  }
  const view = createView({ config, version, collector, bgp, controller, setMode })
  const metrics = createMetrics(view)
  const api = createApi({ ...config.api, view, metrics, clock, logger: logger.child({ part: 'api' }) })

  const stop = async (): Promise<void> => {
    await controller.stop()
    await Promise.all([api.stop(), collector.stop(), bgp.stop()])
  }
  return {
    start: async () => {
      try {
        await api.start()
        if (before?.collector === undefined) await collector.start()
        await bgp.start()
        controller.start()
      } catch (error) {
        await stop()
        throw error
      }
    },
    stop,
    handOver: async (next) => {
      await controller.stop()
      const keepsCollector = isDeepStrictEqual(collectorSettings(config), collectorSettings(next))
      await Promise.all([api.stop(), bgp.stop(), keepsCollector ? undefined : collector.stop()])
      return { controller: controller.handover(), collector: keepsCollector ? collector : undefined }
    },
    mode: () => controller.mode(),
    get apiPort() {
      return api.port
    },
  }
}

/** All of a configuration that telemetry depends on. */
function collectorSettings({ sflow, routers }: Config): unknown {
  return {
    sflow,
    routers: routers.map(({ name, sflowAgents, interfaces }) => ({
      name,
      sflowAgents,
      interfaces: interfaces.map(({ name: own, ifIndex, speedBps }) => ({ name: own, ifIndex, speedBps })),
    })),
  }
}

/** GoBGP sends one best path to all its neighbors, so what is meant for one of these would reach the others. */
function routersSharingGobgp(routers: readonly Router[]): ReadonlySet<string> {
  const shared = [...Map.groupBy(routers, ({ gobgp }) => gobgp).values()].filter((group) => group.length > 1)
  return new Set(shared.flat().map(({ name }) => name))
}

interface Parts {
  readonly config: Config
  readonly version: string
  readonly collector: Collector
  readonly bgp: Bgp
  readonly controller: Controller
  readonly setMode: (mode: Mode) => Promise<void>
}

function createView({ config, version, collector, bgp, controller, setMode }: Parts): ApiView {
  return {
    version,
    routers: () => config.routers,
    overrideAttributes: () => config.bgp,
    mode: () => controller.mode(),
    setMode,
    report: () => controller.report(),
    traffic: (router, nowMs) => collector.traffic(router, nowMs),
    routes: bgp,
    gobgp: () => bgp.status(),
    decisions: (filter) => controller.decisions(filter),
    evaluatePaths: (router, prefix) => evaluatePaths(router, bgp.covering(router.name, prefix)[0]),
    stats: () => {
      const { datagrams, flowSamples, counterSamples, malformed, dropped } = collector.stats
      const { kernel, sequence, agent, unknownAgent } = dropped
      return {
        sflow: {
          datagrams,
          flowSamples,
          counterSamples,
          malformed,
          dropped: { kernel, sequence, agent, unknown_agent: unknownAgent },
        },
        routeChanges: controller.routeChanges(),
        routeTable: bgp
          .stats()
          .flatMap((gobgp) => gobgp.routers.flatMap(({ router, families }) => families.map((f) => ({ router, ...f })))),
        alarms: activeAlarms(controller.report(), bgp),
      }
    },
  }
}

/** What is wrong now, by kind. */
function activeAlarms(report: CycleReport | undefined, bgp: Bgp): Readonly<Record<string, number>> {
  const routers = report?.routers ?? []
  return {
    gobgp_unreachable: bgp.status().filter(({ connected }) => !connected).length,
    session_down: routers.filter(({ session }) => !session.up).length,
    telemetry_silent: routers.filter(({ telemetryState }) => telemetryState !== 'fresh').length,
    interface_overloaded: routers.flatMap((r) => r.interfaces).filter(({ state }) => state === 'high').length,
    interface_down: routers.flatMap((r) => r.interfaces).filter(({ state }) => state === 'down').length,
  }
}
