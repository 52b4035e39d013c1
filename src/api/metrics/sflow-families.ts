/** What came by sFlow, and what got lost on the way. */
import { formatAddress } from '../../model/prefix.ts'
import { DROP_PLACES, type ApiView } from '../view.ts'
import type { MetricFamily, Sample } from './metric-family.ts'

export const SFLOW_FAMILIES: readonly MetricFamily[] = [
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
  {
    kind: 'counter',
    name: 'spillway_sflow_restarts_total',
    help: 'sFlow exporters that started over.',
    labels: [],
    read: (view) => [[{}, view.stats().sflow.restarts]],
  },
  {
    kind: 'counter',
    name: 'spillway_sflow_agent_lost_datagrams_total',
    help: 'Datagrams that the numbers of an agent miss.',
    labels: ['router', 'agent'],
    read: (view) =>
      view
        .stats()
        .sflow.agents.map(({ router, agent, lost }) => [{ router, agent: formatAddress(agent) }, lost]),
  },
  {
    kind: 'counter',
    name: 'spillway_sflow_agent_lost_samples_total',
    help: "Flow samples that the numbers of an agent's sources miss, those in lost datagrams among them.",
    labels: ['router', 'agent'],
    read: (view) =>
      view
        .stats()
        .sflow.agents.map(({ router, agent, lostSamples }) => [
          { router, agent: formatAddress(agent) },
          lostSamples,
        ]),
  },
  {
    kind: 'counter',
    name: 'spillway_sflow_crowded_destinations_total',
    help: 'Destinations that lost detail (folded) or had to go (evicted) for want of room.',
    labels: ['how'],
    read: (view) => Object.entries(view.stats().sflow.crowded).map(([how, n]) => [{ how }, n]),
  },
  {
    kind: 'gauge',
    name: 'spillway_sflow_receive_buffer_bytes',
    help: 'What the kernel granted of the receive buffer, for each socket.',
    labels: [],
    read: (view) => [[{}, view.stats().sflow.reception?.receiveBuffer.grantedBytes]],
  },
  {
    kind: 'counter',
    name: 'spillway_sflow_thread_datagrams_total',
    help: 'Datagrams that each thread has taken; thread 0 is the main thread where there are no others.',
    labels: ['thread'],
    read: (view) =>
      (view.stats().sflow.reception?.datagrams ?? []).map((n, thread) => [{ thread: String(thread) }, n]),
  },
  {
    kind: 'gauge',
    name: 'spillway_telemetry_last_timestamp_seconds',
    help: 'When a router last sent flow samples, and counter samples.',
    labels: ['router', 'samples'],
    read: readLastHeard,
  },
]

function readLastHeard(view: ApiView): Sample[] {
  return (view.report()?.routers ?? []).flatMap(({ name: router, telemetry }): Sample[] => [
    [{ router, samples: 'flow' }, toSeconds(telemetry.lastFlowMs)],
    [{ router, samples: 'counter' }, toSeconds(telemetry.lastCounterMs)],
  ])
}

function toSeconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000
}
