/**
 * What the virtual machines run on, from what `npm run lab` runs on: the same addresses, routers' configurations,
 * sampling, exporter and service. `npm run docs` writes the files, so that Vagrant needs nothing but them.
 */
import { CONTROLLER, ISP1, ISP2, NFLOG_GROUP, PREFIXES, renderSampling, SERVER, subnetsOf, type Link } from '../lab/edge-network.ts'
import type { ExporterOptions } from '../lab/exporter.ts'
import { renderFrrRouter, renderNeighbors } from '../lab/frr-config.ts'
import { renderServiceConfig, SFLOW_PORT } from '../lab/service-config.ts'

/** The router's wires, in the order of its network cards: the first card is Vagrant's own. */
const WIRES: readonly Link[] = [ISP1, ISP2, SERVER, CONTROLLER].map((link, i) => ({ ...link, ifIndex: 3 + i }))
const SAMPLING_RATE = 5
const COUNTER_INTERVAL_MS = 1_000

/** By file. */
export const VAGRANT_FILES: Readonly<Record<string, () => string>> = {
  wires: renderWires,
  prefixes: () => PREFIXES.map((prefix) => `${prefix}\n`).join(''),
  'router.frr.conf': () => renderFrrRouter([]),
  'isp1.frr.conf': () => renderNeighbors().isp1,
  'isp2.frr.conf': () => renderNeighbors().isp2,
  'sampling.nft': () => renderSampling({ rate: SAMPLING_RATE, group: NFLOG_GROUP }),
  'exporter.json': () => `${JSON.stringify(exporterOptions())}\n`,
  'hsflowd.conf': renderHsflowd,
  'spillway.yaml': () =>
    renderServiceConfig('same_length', { stateDirectory: '/var/lib/spillway', links: WIRES.slice(0, 2) }),
}

/** A line for each end: machine, MAC address, the interface's name, its addresses, its ifIndex where it matters. */
function renderWires(): string {
  const lines = WIRES.flatMap((link, i) => {
    const addresses = (end: 'address' | 'remote'): string =>
      subnetsOf(link).map((subnet) => `${subnet[end]}/${subnet.length}`).join(',')
    const { name, ifIndex, to = 'controller' } = link
    return [
      ['router', mac(i, 1), name, addresses('address'), ifIndex],
      [to, mac(i, 2), 'eth1', addresses('remote'), '-'],
    ]
  })
  const head = '# machine, MAC address, interface, addresses (the first is of IPv4), ifIndex\n'
  return head + lines.map((words) => `${words.join(' ')}\n`).join('')
}

/** In the range of VirtualBox's own cards. */
function mac(wire: number, end: 1 | 2): string {
  return `08:00:27:5b:0${wire}:0${end}`
}

function exporterOptions(): ExporterOptions {
  return {
    agent: CONTROLLER.address,
    collector: { host: CONTROLLER.remote, port: SFLOW_PORT },
    group: NFLOG_GROUP,
    samplingRate: SAMPLING_RATE,
    counterIntervalMs: COUNTER_INTERVAL_MS,
    interfaces: WIRES.map(({ name }) => name),
  }
}

/** The same for hsflowd, which takes the same samples. */
function renderHsflowd(): string {
  return `sflow {
  agent = ${CONTROLLER.name}
  polling = ${COUNTER_INTERVAL_MS / 1000}
  sampling = ${SAMPLING_RATE}
  collector { ip=${CONTROLLER.remote} udpport=${SFLOW_PORT} }
  nflog { group = ${NFLOG_GROUP} probability = ${1 / SAMPLING_RATE} }
}
`
}
