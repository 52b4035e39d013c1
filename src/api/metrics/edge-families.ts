/** What interfaces carry, what is moved, and what routers have told. */
import type { InterfaceReport, OverrideReport } from '../../controller/report.ts'
import { formatPrefix, type Family } from '../../model/prefix.ts'
import type { InterfaceTraffic } from '../../model/traffic.ts'
import { currentRates, largestRates } from '../group-rates.ts'
import type { ApiView } from '../view.ts'
import type { MetricFamily, Sample } from './metric-family.ts'

export const EDGE_FAMILIES: readonly MetricFamily[] = [
  interfaceGauge('out', 'What the interface carries now.', ({ traffic }) => traffic.outBps),
  interfaceGauge('natural', 'Its load without any override.', ({ naturalBps }) => naturalBps),
  interfaceGauge('planned', 'Its natural load with the overrides applied.', ({ plannedBps }) => plannedBps),
  interfaceGauge(
    'without_alternate',
    'Its traffic that no relief can move, as its prefixes have no alternate or no received route; looked at every minute.',
    ({ withoutAlternateBps }) => withoutAlternateBps,
  ),
  interfaceGauge('speed', 'Its speed.', ({ speedBps }) => speedBps),
  watermark('high', 'Share of its speed above which traffic moves away.', (i) => i.highWatermark),
  watermark('low', 'Share of its speed, below which it counts as having room.', (i) => i.lowWatermark),
  trouble('errors', ({ inErrors, outErrors }) => [inErrors, outErrors]),
  trouble('discards', ({ inDiscards, outDiscards }) => [inDiscards, outDiscards]),
  {
    kind: 'gauge',
    name: 'spillway_top_prefix_bits_per_second',
    help: 'Rates of the largest prefixes of each interface, as many as metrics.top_prefixes says: none by default.',
    labels: ['router', 'interface', 'prefix'],
    read: readTopPrefixes,
  },
  {
    kind: 'gauge',
    name: 'spillway_detoured_bits_per_second',
    help: 'Demand that the installed overrides move, by router and by the interfaces that it moves between.',
    labels: ['router', 'from', 'to'],
    read: (view) => sumOverrides(view, ({ bps }) => bps),
  },
  {
    kind: 'gauge',
    name: 'spillway_overrides',
    help: 'Overrides installed now, by router and by the interfaces that they move traffic between.',
    labels: ['router', 'from', 'to'],
    read: (view) => sumOverrides(view, () => 1),
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

/** The parts of the overrides that GoBGP has, those on their way out too, added up for each pair of interfaces. */
function sumOverrides(view: ApiView, part: (override: OverrideReport) => number): Sample[] {
  const installed = (view.report()?.routers ?? [])
    .flatMap(({ overrides }) => overrides)
    .filter(({ state }) => state !== 'planned')
  const labelsOf = ({ override: o }: OverrideReport) =>
    JSON.stringify({ router: o.router, from: o.fromInterface, to: o.toInterface })
  return [...Map.groupBy(installed, labelsOf)].map(([labels, group]) => [
    JSON.parse(labels) as Record<string, string>,
    group.reduce((sum, one) => sum + part(one), 0),
  ])
}

function watermark(
  which: 'high' | 'low',
  help: string,
  read: (report: InterfaceReport) => number,
): MetricFamily {
  return { ...interfaceGauge(which, help, read), name: `spillway_interface_${which}_watermark_ratio` }
}

/** What the counters say went wrong, in and out. */
function trouble(
  what: 'errors' | 'discards',
  read: (traffic: InterfaceTraffic) => readonly [into: number, out: number],
): MetricFamily {
  return {
    kind: 'counter',
    name: `spillway_interface_${what}_total`,
    help: `Packets that the interface's counters call ${what}, by direction.`,
    labels: ['router', 'interface', 'direction'],
    read: (view) =>
      (view.report()?.routers ?? []).flatMap(({ interfaces }) =>
        interfaces.flatMap(({ router, name, traffic }): Sample[] => {
          const [into, out] = read(traffic)
          const labels = { router, interface: name }
          return [[{ ...labels, direction: 'in' }, into], [{ ...labels, direction: 'out' }, out]]
        }),
      ),
  }
}

function readTopPrefixes(view: ApiView): Sample[] {
  const most = view.topPrefixes
  if (most === 0) return []
  return view.routers().flatMap((router) => {
    return [...Map.groupBy(currentRates(view, router), (rate) => rate.interface).values()].flatMap((ofInterface) =>
      largestRates(ofInterface, most).map(({ interface: name, prefix, bps }): Sample => [
        { router: router.name, interface: name, prefix: formatPrefix(prefix) },
        bps,
      ]),
    )
  })
}
