/** Every metric that is read from the view at a scrape: name, labels, meaning, and where it comes from. */
import type { InterfaceReport } from '../controller/report.ts'
import { MODES } from '../model/mode.ts'
import type { Family } from '../model/prefix.ts'
import { DROP_PLACES, type ApiView } from './view.ts'

export interface MetricFamily {
  readonly kind: 'counter' | 'gauge'
  readonly name: string
  readonly help: string
  readonly labels: readonly string[]
  /** One sample for each set of labels; what is undefined is left out. */
  readonly read: (view: ApiView) => Iterable<Sample>
}

export type Sample = readonly [labels: Readonly<Record<string, string>>, value: number | undefined]

/** No label takes values that grow with prefixes. */
export const METRIC_FAMILIES: readonly MetricFamily[] = [
  {
    kind: 'counter',
    name: 'spillway_sflow_datagrams_total',
    help: 'sFlow datagrams received.',
    labels: [],
    read: (view) => [[{}, view.stats().sflow.datagrams]],
  },
  {
    kind: 'counter',
    name: 'spillway_sflow_flow_samples_total',
    help: 'Flow samples decoded and counted.',
    labels: [],
    read: (view) => [[{}, view.stats().sflow.flowSamples]],
  },
  {
    kind: 'counter',
    name: 'spillway_sflow_counter_samples_total',
    help: 'Counter samples decoded and counted.',
    labels: [],
    read: (view) => [[{}, view.stats().sflow.counterSamples]],
  },
  {
    kind: 'counter',
    name: 'spillway_sflow_malformed_total',
    help: 'Datagrams or samples refused, by reason.',
    labels: ['reason'],
    read: (view) => Object.entries(view.stats().sflow.malformed).map(([reason, n]) => [{ reason }, n]),
  },
  {
    kind: 'counter',
    name: 'spillway_sflow_dropped_total',
    help: 'Datagrams or samples lost before they could count, by where.',
    labels: ['where'],
    read: (view) => DROP_PLACES.map((where) => [{ where }, view.stats().sflow.dropped[where]]),
  },
  interfaceGauge('out', 'What the interface carries now.', ({ traffic }) => traffic.outBps),
  interfaceGauge('natural', 'Its load without any override.', ({ naturalBps }) => naturalBps),
  interfaceGauge('planned', 'Its natural load with the overrides applied.', ({ plannedBps }) => plannedBps),
  interfaceGauge('speed', 'Its speed.', ({ speedBps }) => speedBps),
  {
    kind: 'gauge',
    name: 'spillway_overrides',
    help: 'Overrides installed now, by router and by the interfaces that they move traffic between.',
    labels: ['router', 'from', 'to'],
    read: countOverrides,
  },
  {
    kind: 'counter',
    name: 'spillway_route_changes_total',
    help: 'Overrides sent to GoBGP, by router and action.',
    labels: ['router', 'action'],
    read: (view) =>
      [...view.stats().routeChanges].flatMap(([router, { add, withdraw }]): Sample[] => [
        [{ router, action: 'add' }, add],
        [{ router, action: 'withdraw' }, withdraw],
      ]),
  },
  {
    kind: 'gauge',
    name: 'spillway_bgp_session_up',
    help: "1 when GoBGP's session with the router is established, else 0.",
    labels: ['router'],
    read: (view) =>
      view.routers().map(({ name: router }) => [{ router }, Number(view.routes.session(router).up)]),
  },
  {
    kind: 'gauge',
    name: 'spillway_routes',
    help: 'Received routes in the route table.',
    labels: ['router', 'family'],
    read: (view) => view.stats().routeTable.map((table) => [tableLabels(table), table.routes]),
  },
  {
    kind: 'gauge',
    name: 'spillway_paths',
    help: 'Received paths in the route table.',
    labels: ['router', 'family'],
    read: (view) => view.stats().routeTable.map((table) => [tableLabels(table), table.paths]),
  },
  {
    kind: 'gauge',
    name: 'spillway_alarms',
    help: 'Alarms that are active now, by kind.',
    labels: ['kind'],
    read: (view) => Object.entries(view.stats().alarms).map(([kind, n]) => [{ kind }, n]),
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
]

function interfaceGauge(
  what: string,
  help: string,
  read: (report: InterfaceReport) => number | undefined,
): MetricFamily {
  return {
    kind: 'gauge',
    name: `spillway_interface_${what}_bits_per_second`,
    help,
    labels: ['router', 'interface'],
    read: (view) =>
      (view.report()?.routers ?? []).flatMap(({ interfaces }) =>
        interfaces.map((i): Sample => [{ router: i.router, interface: i.name }, read(i)]),
      ),
  }
}

function tableLabels({ router, family }: { router: string; family: Family }): Record<string, string> {
  return { router, family: `ipv${family}` }
}

/** Counted where GoBGP has them, on their way out too. */
function countOverrides(view: ApiView): Sample[] {
  const installed = (view.report()?.routers ?? [])
    .flatMap(({ overrides }) => overrides)
    .filter(({ state }) => state !== 'planned')
  const labelsOf = ({ override: o }: (typeof installed)[number]) =>
    JSON.stringify({ router: o.router, from: o.fromInterface, to: o.toInterface })
  return [...Map.groupBy(installed, labelsOf)].map(([labels, group]) => [
    JSON.parse(labels) as Record<string, string>,
    group.length,
  ])
}
