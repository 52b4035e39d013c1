/** Spillway itself: its mode, its alarms, and the load that it is under. */
import { ALARM_KINDS } from '../../model/alarm.ts'
import { DECISION_KINDS } from '../../model/decision.ts'
import { MODES } from '../../model/mode.ts'
import type { ApiView } from '../view.ts'
import type { MetricFamily, Sample } from './metric-family.ts'

export const SELF_FAMILIES: readonly MetricFamily[] = [
  {
    kind: 'gauge',
    name: 'spillway_alarms',
    help: 'Alarms that are active now, by kind.',
    labels: ['kind'],
    read: (view) =>
      ALARM_KINDS.map((kind) => [{ kind }, view.alarms().filter((a) => a.kind === kind).length]),
  },
  {
    kind: 'gauge',
    name: 'spillway_mode',
    help: '1 for the mode that the service is in, 0 for the others.',
    labels: ['mode'],
    read: (view) => MODES.map((mode) => [{ mode }, Number(view.mode() === mode)]),
  },
  {
    kind: 'gauge',
    name: 'spillway_info',
    help: 'Always 1; its label tells the version.',
    labels: ['version'],
    read: (view) => [[{ version: view.version }, 1]],
  },
  {
    kind: 'gauge',
    name: 'spillway_last_cycle_timestamp_seconds',
    help: 'When the last cycle of the control loop began.',
    labels: [],
    read: (view) => {
      const startedMs = view.report()?.startedMs
      return [[{}, startedMs === undefined ? undefined : startedMs / 1000]]
    },
  },
  {
    kind: 'counter',
    name: 'spillway_decisions_total',
    help: 'Decisions, by router and kind; what only repeats itself counts once.',
    labels: ['router', 'kind'],
    read: (view) => {
      const counts = view.stats().decisions
      return view.routers().flatMap(({ name: router }) =>
        DECISION_KINDS.map((kind): Sample => [{ router, kind }, counts.get(router)?.[kind] ?? 0]),
      )
    },
  },
  ofGobgp('gauge', 'up', '1 when the gobgpd answers, else 0.', ({ connected }) => Number(connected)),
  ofGobgp('counter', 'requests_total', 'Requests made.', ({ calls }) => calls.calls),
  ofGobgp('gauge', 'requests_in_flight', 'Requests that are not answered yet.', ({ calls }) => calls.underWay),
  ofGobgp(
    'counter', 'request_seconds_total', 'Time that requests took until they were answered or failed.',
    ({ calls }) => calls.seconds,
  ),
  ofGobgp(
    'gauge', 'additions_waiting', 'Overrides to be added that wait for others to be answered.',
    ({ waitingAdditions }) => waitingAdditions,
  ),
  ofGobgp(
    'counter', 'table_fills_total', 'How often the route tables were filled from the start.',
    ({ resyncs }) => resyncs,
  ),
  {
    kind: 'counter',
    name: 'spillway_gobgp_request_errors_total',
    help: "Requests that failed, by gRPC's code.",
    labels: ['gobgp', 'code'],
    read: (view) =>
      view.stats().gobgp.flatMap(({ target: gobgp, calls }) =>
        [...calls.failed].map(([code, n]): Sample => [{ gobgp, code }, n]),
      ),
  },
  ofHistory('gauge', 'file_bytes', 'Bytes of the history that hold something.', (h) => h.bytes),
  ofHistory('counter', 'write_failures_total', 'Writes of the history that failed.', (h) => h.writeFailures),
  ofHistory('counter', 'lost_records_total', 'Records that the history gave up.', (h) => h.lost),
  ofHistory('gauge', 'last_write_duration_seconds', 'Duration of its last write.', (h) => h.lastWriteSeconds),
]

type GobgpCounts = ReturnType<ApiView['stats']>['gobgp'][number]
type HistoryCounts = NonNullable<ReturnType<ApiView['stats']>['history']>

function ofGobgp(
  kind: MetricFamily['kind'], what: string, help: string, read: (gobgp: GobgpCounts) => number,
): MetricFamily {
  return {
    kind,
    name: `spillway_gobgp_${what}`,
    help,
    labels: ['gobgp'],
    read: (view) => view.stats().gobgp.map((gobgp) => [{ gobgp: gobgp.target }, read(gobgp)]),
  }
}

function ofHistory(
  kind: MetricFamily['kind'], what: string, help: string, read: (history: HistoryCounts) => number | undefined,
): MetricFamily {
  return {
    kind,
    name: `spillway_history_${what}`,
    help,
    labels: [],
    read: (view) => {
      const { history } = view.stats()
      return history === undefined ? [] : [[{}, read(history)]]
    },
  }
}
