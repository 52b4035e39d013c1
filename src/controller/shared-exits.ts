/**
 * Capacity that routers share: several interfaces lead to one, or a link between two routers leads on to an
 * egress interface of the other. Each router is planned by itself; what the others put there, and what is on
 * its way there and not measured yet, takes room from it. Pure.
 */
import type { Finding } from '../model/alarm.ts'
import { overlaps, type Prefix } from '../model/prefix.ts'
import type { EgressInterface, Router, SharedExit } from '../model/topology.ts'
import type { RouterTraffic } from '../model/traffic.ts'
import { formatRate, formatShare } from '../model/units.ts'
import { shareInForce } from './plan/loads.ts'
import type { RouterPlan } from './plan/plan.ts'
import type { CycleReport, InterfaceReport } from './report.ts'
import type { ChainGuard, SharedUse, Surroundings } from './plan/shared-use.ts'

/** A router as the others see it. */
export interface RouterView {
  readonly router: Router
  readonly traffic: RouterTraffic
  /** Its last plan; undefined before the first. */
  readonly plan: RouterPlan | undefined
  /** The plan is of this cycle. */
  readonly isCurrent: boolean
}

/**
 * The surroundings of one router among all. `withDry`: what is only decided counts, too, as everything is
 * only decided; else it takes no room from what is real.
 */
export function surroundingsOf(
  name: string, all: readonly RouterView[], exits: readonly SharedExit[], withDry: boolean,
): Surroundings {
  const view = all.find(({ router }) => router.name === name)!
  const shared = capacitiesOf(all, exits).flatMap((capacity) => {
    const use = useOf(view, capacity, all, withDry)
    return use.ports.length + use.links.length === 0 ? [] : [use]
  })
  return { shared, chain: chainOf(view, all, withDry) }
}

/** The shared exits above their high watermark. One that is not measured as a whole is not told. */
export function findFullExits(
  { routers }: CycleReport, all: readonly Router[], exits: readonly SharedExit[],
): Finding[] {
  const isPort = (name: string, { router, name: own }: InterfaceReport): boolean =>
    all.some(({ interfaces }) =>
      interfaces.some((one) => one.sharedExit === name && one.router === router && one.name === own))
  return exits.flatMap(({ name, speedBps, highWatermark }): Finding[] => {
    const ports = routers.flatMap(({ interfaces }) => interfaces.filter((one) => isPort(name, one)))
    const bps = ports.reduce((sum, { traffic }) => sum + (traffic.outBps ?? NaN), 0)
    if (!(bps > highWatermark * speedBps)) return []
    const where = ports.map((port) => `${port.router} ${port.name}`).join(', ')
    const load = `${formatRate(bps)}, ${formatShare(bps / speedBps)} of ${formatRate(speedBps)}`
    const mark = `above its high watermark of ${formatShare(highWatermark)}`
    return [{
      kind: 'shared_exit_full', router: undefined, interface: name,
      message: `shared exit ${name} (${where}) carries ${load}, ${mark}`,
    }]
  })
}

interface Capacity {
  readonly name: string
  readonly isPort: (one: EgressInterface) => boolean
  readonly highBps: number
  readonly targetBps: number
}

/** Those that are configured, and each interface that a link of another router leads on to. */
function capacitiesOf(all: readonly RouterView[], exits: readonly SharedExit[]): Capacity[] {
  const declared = exits.map(({ name, speedBps, highWatermark, reliefTarget }): Capacity => ({
    name: `shared exit ${name}`,
    isPort: (one) => one.sharedExit === name,
    highBps: highWatermark * speedBps,
    targetBps: reliefTarget * speedBps,
  }))
  const links = all.flatMap(({ router }) => router.interfaces.filter((one) => one.leavesBy !== undefined))
  const behind = all.flatMap(({ router, traffic }) =>
    router.interfaces.flatMap((port, i): Capacity[] => {
      if (!links.some((link) => leadsTo(link, port))) return []
      const speedBps = traffic.interfaces[i]!.speedBps ?? 0
      return [{
        name: `${router.name} ${port.name}`,
        isPort: (one) => one.router === port.router && one.name === port.name,
        highBps: port.highWatermark * speedBps,
        targetBps: port.reliefTarget * speedBps,
      }]
    }),
  )
  return [...declared, ...behind]
}

function leadsTo({ leavesBy }: EgressInterface, port: EgressInterface): boolean {
  return leavesBy !== undefined && leavesBy.router === port.router && leavesBy.interface === port.name
}

function useOf(
  view: RouterView, { isPort, ...capacity }: Capacity, all: readonly RouterView[], withDry: boolean,
): SharedUse {
  let othersBps = 0
  for (const other of all) {
    for (const p of indexesOf(other.router, isPort)) {
      if (other !== view) othersBps += loadOf(other, p, withDry)
      for (const feeder of all) {
        for (const link of indexesOf(feeder.router, (one) => leadsTo(one, other.router.interfaces[p]!))) {
          othersBps += underwayBps(feeder, link, other.traffic, p, withDry)
        }
      }
    }
  }
  const ports = all.flatMap(({ router }) => router.interfaces.filter(isPort))
  return {
    ...capacity,
    ports: indexesOf(view.router, isPort),
    links: indexesOf(view.router, (one) => ports.some((port) => leadsTo(one, port))),
    othersBps,
  }
}

function indexesOf({ interfaces }: Router, holds: (one: EgressInterface) => boolean): number[] {
  return interfaces.flatMap((one, i) => (holds(one) ? [i] : []))
}

/** What an interface of another router carries or will: its plan of this cycle, else the larger of both. */
function loadOf({ traffic, plan, isCurrent }: RouterView, i: number, withDry: boolean): number {
  const plannedBps = (withDry ? plan?.planned : plan?.plannedReal)?.[i]
  const { outBps, errorBps } = traffic.interfaces[i]!
  // Never measured is not empty.
  if (outBps === undefined) return Infinity
  if (plannedBps !== undefined && isCurrent) return plannedBps
  return Math.max(plannedBps ?? 0, outBps + errorBps)
}

/** Of what overrides lead to the link, what the port at its end has not measured yet; bit/s. */
function underwayBps(
  { router, plan }: RouterView, link: number, { interfaces }: RouterTraffic, port: number, withDry: boolean,
): number {
  const { name } = router.interfaces[link]!
  const { spanStartMs, spanEndMs } = interfaces[port]!
  let bps = 0
  for (const { override, dry } of plan?.overrides ?? []) {
    if (override.toInterface !== name || (dry && !withDry)) continue
    const placement = plan!.placements.find((p) =>
      p.endMs === undefined && p.toInterface === name && samePrefix(p.prefix, override.prefix))
    const { share, error } =
      placement === undefined ? { share: 0, error: 0 } : shareInForce(placement, spanStartMs, spanEndMs)
    bps += plan!.demand.movedBy(override.prefix).bps * Math.min(1, 1 - share + error)
  }
  return bps
}

function samePrefix(a: Prefix, b: Prefix): boolean {
  return a.length === b.length && overlaps(a, b)
}

function chainOf({ router }: RouterView, all: readonly RouterView[], withDry: boolean): ChainGuard {
  const overridesOf = (other: RouterView) =>
    (other.plan?.overrides ?? []).filter(({ dry }) => !dry || withDry).map(({ override }) => override)
  const closed = all.flatMap((other) => {
    const here = other.router.interfaces.filter(({ leavesBy }) => leavesBy?.router === router.name)
    return overridesOf(other)
      .filter(({ toInterface }) => here.some(({ name }) => name === toInterface))
      .map(({ prefix }) => prefix)
  })
  const closedVia = router.interfaces.flatMap(({ leavesBy }, i) => {
    const behind = all.find((other) => other.router.name === leavesBy?.router)
    return behind === undefined ? [] : [[i, overridesOf(behind).map(({ prefix }) => prefix)] as const]
  })
  return { closed, closedVia: new Map(closedVia) }
}
