/** The API's view of the service. */
import { ApiError } from '../api/api-error.ts'
import type { ApiView } from '../api/view.ts'
import type { Bgp } from '../bgp/bgp.ts'
import { formatFinding, type LeakFinding } from '../bgp/leaks/finding.ts'
import type { LeakGuard } from '../bgp/leaks/leak-guard.ts'
import type { Collector } from '../collector/collector.ts'
import type { Config } from '../config/config.ts'
import type { Controller } from '../controller/controller.ts'
import { evaluatePaths } from '../controller/plan/exits.ts'
import { HistoryUnavailable, type History } from '../history/history.ts'
import type { Leases } from '../lease/leases.ts'
import type { Alarm } from '../model/alarm.ts'
import type { Clock } from '../model/clock.ts'
import type { ProcessLog } from '../process/process-log.ts'
import type { ByHand } from './by-hand.ts'
import { countGobgp, type DecisionCounts } from './counts.ts'
import { findDecisions } from './find-decisions.ts'
import type { ModeSwitch } from './mode-switch.ts'

export interface ViewParts {
  readonly config: Config
  readonly version: string
  readonly collector: Collector
  readonly bgp: Bgp
  readonly leakGuard: LeakGuard
  readonly leases: Leases
  readonly controller: Controller
  readonly modeSwitch: ModeSwitch
  readonly byHand: ByHand
  readonly history: History | undefined
  readonly clock: Clock
  readonly decisionCounts: DecisionCounts
  readonly log: Pick<ProcessLog, 'level' | 'setLevel'>
  readonly alarms: () => readonly Alarm[]
}

/** What the API shows and may change, put together from the parts. */
export function createView({
  config,
  version,
  collector,
  bgp,
  leakGuard,
  leases,
  controller,
  modeSwitch,
  byHand,
  history,
  clock,
  decisionCounts,
  log,
  alarms,
}: ViewParts): ApiView {
  const askHistory: ApiView['history'] = async (question, query) => {
    if (history === undefined) {
      throw new ApiError(503, 'history_unavailable', 'there is no history: history.enabled is false')
    }
    try {
      return await history.ask(question, query)
    } catch (error) {
      if (!(error instanceof HistoryUnavailable)) throw error
      throw new ApiError(503, 'history_unavailable', error.message)
    }
  }
  return {
    version,
    intervalMs: config.controller.intervalMs,
    routers: () => config.routers,
    overrideAttributes: () => config.bgp,
    mode: () => controller.mode(),
    setMode: (mode) => modeSwitch.set(mode),
    pin: (wish) => byHand.pin(wish),
    withdraw: (id, forMs, by) => byHand.withdraw(id, forMs, by),
    report: () => controller.report(),
    traffic: (router) => controller.traffic(router) ?? collector.traffic(router, clock()),
    routes: bgp,
    gobgp: () => {
      const guarded = new Map(leases.status().map((status) => [status.target, status]))
      return bgp.status().map((status) => {
        const findings = leakGuard.findings(status.target)
        const inWords = (kind: LeakFinding['kind']): string[] =>
          findings.filter((f) => f.kind === kind).map(formatFinding)
        return { ...status, ...guarded.get(status.target)!, leaks: inWords('leak'), doubts: inWords('doubt') }
      })
    },
    alarms,
    decisions: (query) =>
      findDecisions(controller.decisions({}), query, (older) => askHistory('decisions', older)),
    history: askHistory,
    logLevel: () => log.level(),
    setLogLevel: (level) => log.setLevel(level),
    topPrefixes: config.metrics.topPrefixes,
    evaluatePaths: (router, prefix) => evaluatePaths(router, bgp.covering(router.name, prefix)[0]),
    explain: (router, prefix) => controller.explain(router, prefix),
    stats: () => {
      const {
        datagrams,
        flowSamples,
        counterSamples,
        malformed,
        dropped,
        restarts,
        agents,
        reception,
        ...crowded
      } = collector.stats
      const { kernel, sequence, agent, unknownAgent } = dropped
      return {
        sflow: {
          datagrams,
          flowSamples,
          counterSamples,
          malformed,
          dropped: { kernel, sequence, agent, unknown_agent: unknownAgent },
          restarts,
          crowded: { folded: crowded.foldedKeys, evicted: crowded.evictedKeys },
          agents,
          reception,
        },
        decisions: decisionCounts,
        gobgp: countGobgp(bgp),
        history: history?.stats(),
        routeChanges: controller.routeChanges(),
        routeTable: bgp
          .stats()
          .flatMap((gobgp) =>
            gobgp.routers.flatMap(({ router, families }) => families.map((f) => ({ router, ...f }))),
          ),
      }
    },
  }
}
