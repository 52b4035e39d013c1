/** The effective configuration as YAML: every key with the value that counts. */
import { Document, isScalar, visit } from 'yaml'
import { formatAddress, formatPrefix, type Family } from '../model/prefix.ts'
import { formatCommunity } from '../model/route.ts'
import type { EgressInterface, Router, SharedExit } from '../model/topology.ts'
import { formatDuration, formatSize } from '../model/units.ts'
import type { Config, Listen } from './config.ts'
import { escapeReferences } from './environment.ts'
import { percentOf } from './percent.ts'

/** What stands for the token in the output: a secret is never printed. */
const TOKEN_REFERENCE = '${SPILLWAY_TOKEN}'

/**
 * YAML in the shape and the units of a configuration file. Loading it gives an equal Config, with
 * the token in the environment variable SPILLWAY_TOKEN if there is one.
 */
export function renderConfig(config: Config): string {
  const { stateDirectory, sflow, bgp, controller, sharedExits, routers, api, history, metrics, log } = config
  const document = new Document({
    state_directory: escapeReferences(stateDirectory),
    sflow: {
      listen: formatListen(sflow.listen),
      window: formatDuration(sflow.windowMs),
      workers: sflow.workers,
      receive_buffer: formatSize(sflow.receiveBufferBytes),
    },
    bgp: {
      gobgp: escapeReferences(bgp.gobgp),
      local_pref: bgp.localPref,
      marker_community: formatCommunity(bgp.marker),
      asn: bgp.asn,
      ...(bgp.routerId === undefined ? {} : { router_id: formatAddress(bgp.routerId) }),
      listen_port: bgp.listenPort,
      restart_time: formatDuration(bgp.restartMs),
    },
    controller: {
      interval: formatDuration(controller.intervalMs),
      dry_run: controller.dryRun,
      min_hold: formatDuration(controller.minHoldMs),
      stale_after: formatDuration(controller.staleAfterMs),
      withdraw_after: formatDuration(controller.withdrawAfterMs),
      lease: formatDuration(controller.leaseMs),
      limits: {
        max_overrides: controller.limits.maxOverrides,
        max_overrides_per_router: controller.limits.maxOverridesPerRouter,
        max_changes_per_cycle: controller.limits.maxChangesPerCycle,
        max_detoured_share: controller.limits.maxDetouredShare,
      },
      min_samples: controller.minSamples,
      min_prefix_length: formatLengths(controller.minPrefixLength),
      deny: controller.deny.map(formatPrefix),
      own_prefixes: controller.ownPrefixes.map(formatPrefix),
      bogons: controller.bogons.map(formatPrefix),
      ix_lans: controller.ixLans.map(formatPrefix),
    },
    ...(sharedExits.length === 0 ? {} : { shared_exits: sharedExits.map(formatSharedExit) }),
    routers: routers.map(formatRouter),
    api: { listen: formatListen(api.listen), ...(api.token === undefined ? {} : { token: TOKEN_REFERENCE }) },
    history: {
      enabled: history.enabled,
      file: escapeReferences(history.file),
      keep: formatDuration(history.keepMs),
      max_size: formatSize(history.maxBytes),
    },
    metrics: { top_prefixes: metrics.topPrefixes },
    log,
  })
  visit(document, {
    Map: (_, map) => {
      map.flow = map.has('ipv4')
    },
    Seq: (_, list) => {
      list.flow = list.items.length <= 4 && list.items.every(isScalar)
    },
    Scalar: (_, scalar) => {
      // YAML 1.1 would take 64512:100 for a number of base 60
      if (/^\d+:\d+$/.test(String(scalar.value))) scalar.type = 'QUOTE_DOUBLE'
    },
  })
  return document.toString({ lineWidth: 0 })
}

function formatRouter(router: Router): unknown {
  return {
    name: router.name,
    address: formatAddress(router.address),
    sflow_agent: router.sflowAgents.map(formatAddress),
    gobgp: escapeReferences(router.gobgp),
    ...(router.localAddress === undefined ? {} : { local_address: formatAddress(router.localAddress) }),
    override: router.override,
    default_prefix_length: formatLengths(router.defaultPrefixLength),
    max_prefix_length: formatLengths(router.maxPrefixLength),
    interfaces: router.interfaces.map(formatInterface),
  }
}

function formatInterface(i: EgressInterface): unknown {
  const addresses = i.addresses.map(({ address, subnet }) => `${formatAddress(address)}/${subnet.length}`)
  return {
    name: escapeReferences(i.name),
    ifindex: i.ifIndex,
    ...(i.members === undefined || i.members.length === 0 ? {} : { members: i.members }),
    ...(addresses.length === 0 ? {} : { address: addresses }),
    next_hops: i.nextHops.map(formatAddress),
    ...(i.speedBps === undefined ? {} : { speed: formatExactRate(i.speedBps) }),
    high_watermark: percentOf(i.highWatermark),
    low_watermark: percentOf(i.lowWatermark),
    relief_target: percentOf(i.reliefTarget),
    per_prefix_threshold: formatExactRate(i.perPrefixThresholdBps),
    monitor: i.monitor,
    detour_target: i.detourTarget,
    dry_run: i.dryRun,
    ...(i.sharedExit === undefined ? {} : { shared_exit: escapeReferences(i.sharedExit) }),
    ...(i.leavesBy === undefined
      ? {}
      : { leaves_by: { router: i.leavesBy.router, interface: escapeReferences(i.leavesBy.interface) } }),
  }
}

function formatSharedExit({ name, speedBps, highWatermark, reliefTarget }: SharedExit): unknown {
  return {
    name: escapeReferences(name),
    speed: formatExactRate(speedBps),
    high_watermark: percentOf(highWatermark),
    relief_target: percentOf(reliefTarget),
  }
}

function formatLengths(lengths: Readonly<Record<Family, number>>): { ipv4: number; ipv6: number } {
  return { ipv4: lengths[4], ipv6: lengths[6] }
}

function formatListen({ host, port }: Listen): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** A rate in the largest unit that needs no fraction. */
function formatExactRate(bps: number): string {
  for (const [unit, factor] of [['Tbps', 1e12], ['Gbps', 1e9], ['Mbps', 1e6], ['kbps', 1e3]] as const) {
    if (bps >= factor && bps % factor === 0) return `${bps / factor}${unit}`
  }
  return `${bps}bps`
}
