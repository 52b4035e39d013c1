/** Settings as the file gives them → the configuration that the service works with. */
import { basename, dirname, join, resolve } from 'node:path'
import type { Family } from '../model/prefix.ts'
import type { EgressInterface, Router } from '../model/topology.ts'
import type { Config } from './config.ts'
import type { InterfaceSettings, RouterSettings, Settings } from './schema.ts'

const DEFAULT_THRESHOLD_BPS = 1e9

/** Fills in the defaults that depend on other keys, or on where the file is, and freezes the result. */
export function buildConfig(settings: Settings, file: string): Config {
  const { state_directory, sflow, bgp, controller, shared_exits, routers, api, history, metrics, log } = settings
  const folder = dirname(file)
  const stateDirectory = resolve(folder, state_directory ?? '.')
  return deepFreeze<Config>({
    stateDirectory,
    sflow: {
      listen: sflow.listen,
      windowMs: sflow.window,
      workers: sflow.workers,
      receiveBufferBytes: sflow.receive_buffer,
    },
    bgp: {
      gobgp: bgp.gobgp,
      localPref: bgp.local_pref,
      marker: bgp.marker_community,
      asn: bgp.asn ?? Math.floor(bgp.marker_community / 0x10000),
      routerId: bgp.router_id,
      listenPort: bgp.listen_port,
      restartMs: bgp.restart_time,
    },
    controller: {
      intervalMs: controller.interval,
      dryRun: controller.dry_run,
      minHoldMs: controller.min_hold,
      staleAfterMs: controller.stale_after,
      withdrawAfterMs: controller.withdraw_after,
      leaseMs: controller.lease,
      limits: {
        maxOverrides: controller.limits.max_overrides,
        maxOverridesPerRouter: controller.limits.max_overrides_per_router ?? controller.limits.max_overrides,
        maxChangesPerCycle: controller.limits.max_changes_per_cycle,
        maxDetouredShare: controller.limits.max_detoured_share,
      },
      minSamples: controller.min_samples,
      minPrefixLength: byFamily(controller.min_prefix_length),
      deny: controller.deny,
      ownPrefixes: controller.own_prefixes,
      bogons: controller.bogons,
      ixLans: controller.ix_lans,
    },
    sharedExits: shared_exits.map((exit) => ({
      name: exit.name,
      speedBps: exit.speed,
      highWatermark: exit.high_watermark,
      reliefTarget: exit.relief_target,
    })),
    routers: routers.map((router) => buildRouter(router, bgp)),
    api: { listen: api.listen, token: api.token },
    history: {
      enabled: history.enabled,
      // Beside the rest of the state; see state/state-path.ts.
      file:
        history.file === undefined
          ? join(stateDirectory, `${basename(file)}.history.sqlite`)
          : resolve(folder, history.file),
      keepMs: history.keep,
      maxBytes: history.max_size,
    },
    metrics: { topPrefixes: metrics.top_prefixes },
    log,
  })
}

function buildRouter(router: RouterSettings, bgp: Settings['bgp']): Router {
  return {
    name: router.name,
    address: router.address,
    sflowAgents: router.sflow_agent ?? [router.address],
    gobgp: router.gobgp ?? bgp.gobgp,
    localAddress: router.local_address ?? bgp.local_address,
    override: router.override,
    defaultPrefixLength: byFamily(router.default_prefix_length),
    maxPrefixLength: byFamily(router.max_prefix_length),
    interfaces: router.interfaces.map((settings) => buildInterface(settings, router.name)),
  }
}

function buildInterface(settings: InterfaceSettings, router: string): EgressInterface {
  const { speed } = settings
  const threshold = speed === undefined ? DEFAULT_THRESHOLD_BPS : Math.max(1, Math.round(speed / 10))
  return {
    router,
    name: settings.name,
    ifIndex: settings.ifindex,
    members: settings.members,
    addresses: settings.address ?? [],
    nextHops: settings.next_hops,
    speedBps: speed,
    highWatermark: settings.high_watermark,
    lowWatermark: settings.low_watermark,
    reliefTarget: settings.relief_target ?? settings.low_watermark,
    perPrefixThresholdBps: settings.per_prefix_threshold ?? threshold,
    monitor: settings.monitor,
    detourTarget: settings.detour_target,
    dryRun: settings.dry_run,
    sharedExit: settings.shared_exit,
    leavesBy: settings.leaves_by,
  }
}

function byFamily({ ipv4, ipv6 }: { ipv4: number; ipv6: number }): Readonly<Record<Family, number>> {
  return { 4: ipv4, 6: ipv6 }
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.values(value).forEach(deepFreeze)
    Object.freeze(value)
  }
  return value
}
