/** Settings as the file gives them → the configuration that the service works with. */
import type { Family } from '../model/prefix.ts'
import type { EgressInterface, Router } from '../model/topology.ts'
import type { Config } from './config.ts'
import type { InterfaceSettings, RouterSettings, Settings } from './schema.ts'

const DEFAULT_THRESHOLD_BPS = 1e9

/** Fills in the defaults that depend on other keys, and freezes the result. */
export function buildConfig(settings: Settings): Config {
  const { sflow, bgp, controller, routers, api } = settings
  return deepFreeze<Config>({
    sflow: { listen: sflow.listen, windowMs: sflow.window },
    bgp: { gobgp: bgp.gobgp, localPref: bgp.local_pref, marker: bgp.marker_community },
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
    routers: routers.map((router) => buildRouter(router, bgp.gobgp)),
    api: { listen: api.listen, token: api.token },
  })
}

function buildRouter(router: RouterSettings, gobgp: string): Router {
  return {
    name: router.name,
    address: router.address,
    sflowAgents: router.sflow_agent ?? [router.address],
    gobgp: router.gobgp ?? gobgp,
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
