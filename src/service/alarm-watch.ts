/** The alarms: which are on, since when, and what becomes known of them. */
import type { Logger } from 'pino'
import type { Bgp } from '../bgp/bgp.ts'
import { keepAlarms, type AlarmChanges } from '../controller/alarms.ts'
import type { CycleReport } from '../controller/report.ts'
import type { Alarm, Finding } from '../model/alarm.ts'
import type { Clock } from '../model/clock.ts'
import type { Router } from '../model/topology.ts'

export interface AlarmWatch {
  /** Those that are on. */
  readonly alarms: readonly Alarm[]
  /** To be called after each cycle with all that is wrong; tells the log, and returns what is new. */
  look(found: readonly Finding[]): AlarmChanges
}

/** `before`: those that were on when it began. */
export function createAlarmWatch(before: readonly Alarm[], clock: Clock, logger: Logger): AlarmWatch {
  let alarms = before
  return {
    get alarms() {
      return alarms
    },
    look: (found) => {
      const changes = keepAlarms(alarms, found, clock())
      for (const { kind, router, interface: name, message } of changes.begun) {
        logger.warn({ kind, router, interface: name, message }, 'alarm')
      }
      for (const { kind, router, interface: name } of changes.ended) {
        logger.info({ kind, router, interface: name }, 'alarm ended')
      }
      alarms = changes.alarms
      return changes
    },
  }
}

/** Routers whose gobgpd does not answer. */
export function findUnreachable(report: CycleReport, routers: readonly Router[], bgp: Pick<Bgp, 'status'>): Finding[] {
  const away = new Map(bgp.status().flatMap((g) => (g.connected ? [] : [[g.target, g.lastError] as const])))
  const silent = new Set(report.routers.flatMap(({ name, gobgpAnswers }) => (gobgpAnswers ? [] : [name])))
  return routers
    .filter(({ name, gobgp }) => away.has(gobgp) || silent.has(name))
    .map(({ name: router, gobgp }) => ({
      kind: 'gobgp_unreachable',
      router,
      interface: undefined,
      message:
        `gobgpd at ${gobgp} does not answer (${away.get(gobgp) ?? 'no reply in time'}): ` +
        `overrides of ${router} stay as they are`,
    }))
}
