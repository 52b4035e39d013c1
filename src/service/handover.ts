/** What a changed configuration goes on with. */
import { isDeepStrictEqual } from 'node:util'
import type { Gobgp } from '../bgp/gobgp.ts'
import type { Collector } from '../collector/collector.ts'
import type { Config } from '../config/config.ts'
import type { ControllerHandover } from '../controller/controller.ts'
import type { History } from '../history/history.ts'
import type { LeaseHandover } from '../lease/lease-keeper.ts'
import type { Alarm } from '../model/alarm.ts'
import type { ModeHandover } from './mode-switch.ts'

/**
 * What outlives a change of the configuration: the story of every override; telemetry and route tables where
 * what they depend on is unchanged.
 */
export interface Handover {
  readonly controller: ControllerHandover
  /** It listens already. */
  readonly collector: Collector | undefined
  /** By target; each is connected already, and its tables are filled. */
  readonly gobgps: ReadonlyMap<string, Gobgp>
  readonly alarms: readonly Alarm[]
  readonly mode: ModeHandover
  /** By gobgpd; none when the marker has changed, which each lease belongs to. */
  readonly leases: ReadonlyMap<string, LeaseHandover>
  /** It goes on where its settings are unchanged. */
  readonly history: History | undefined
}

/** Ends what goes on, when no service takes over. */
export async function endHandover({ collector, gobgps, history }: Handover): Promise<void> {
  await Promise.all([collector?.stop(), ...[...gobgps.values()].map((client) => client.stop()), history?.stop()])
}

/** Which parts serve under the next configuration as they are. */
export interface Kept {
  readonly collector: boolean
  readonly history: boolean
  /** Targets of the gobgpds whose clients go on. */
  readonly gobgps: ReadonlySet<string>
  /** The gobgpds whose leases go on. */
  readonly leases: ReadonlySet<string>
}

export function whatIsKept(config: Config, next: Config): Kept {
  const keepsMarker = config.bgp.marker === next.bgp.marker
  return {
    collector: isDeepStrictEqual(collectorSettings(config), collectorSettings(next)),
    history: isDeepStrictEqual(config.history, next.history),
    gobgps: new Set(
      next.routers
        .map(({ gobgp }) => gobgp)
        .filter((target) => isDeepStrictEqual(gobgpSettings(config, target), gobgpSettings(next, target))),
    ),
    leases: new Set(keepsMarker ? next.routers.map(({ gobgp }) => gobgp) : []),
  }
}

/** The same of what was handed over; nothing where nothing was. */
export function whatWasKept(before: Handover | undefined): Kept {
  return {
    collector: before?.collector !== undefined,
    history: before?.history !== undefined,
    gobgps: new Set(before?.gobgps.keys()),
    leases: new Set(before?.leases.keys()),
  }
}

/** All of a configuration that telemetry depends on. */
function collectorSettings({ sflow, routers }: Config): unknown {
  return {
    sflow,
    routers: routers.map(({ name, sflowAgents, interfaces }) => ({
      name,
      sflowAgents,
      interfaces: interfaces.map(({ name: own, ifIndex, members, speedBps }) => ({
        name: own, ifIndex, members, speedBps,
      })),
    })),
  }
}

/** All of a configuration that the client of a gobgpd depends on. */
function gobgpSettings({ bgp, routers }: Config, target: string): unknown {
  const own = routers.filter(({ gobgp }) => gobgp === target)
  return { bgp, routers: own.map(({ name, address }) => ({ name, address })) }
}
