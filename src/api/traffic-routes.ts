/** Loads and rates: what goes where, and how much of it. */
import type { Router as ExpressRouter } from 'express'
import type { InterfaceReport } from '../controller/report.ts'
import type { Clock } from '../model/clock.ts'
import { formatPrefix, halvesOf, type Prefix } from '../model/prefix.ts'
import type { EgressInterface } from '../model/topology.ts'
import { refuseOtherMethods } from './api-error.ts'
import { toBps, toShare } from './json-values.ts'
import {
  findInterfaces,
  findRouter,
  limitParameter,
  nameParameter,
  prefixParameter,
  readQuery,
} from './read-query.ts'
import { groupRates, largestRates, type PrefixRate } from './group-rates.ts'
import type { ApiView } from './view.ts'

/** GET interfaces, prefixes and rates. */
export function addTrafficRoutes(app: ExpressRouter, view: ApiView, clock: Clock): void {
  const filter = { router: nameParameter.optional(), interface: nameParameter.optional() }

  app
    .route('/interfaces')
    .get((request, response) => {
      const { router } = readQuery(request, { router: filter.router })
      const nowMs = clock()
      response.json(
        findInterfaces(view.routers(), { router }).map((i) =>
          presentInterface(reportOf(view, i) ?? unreported(view, i, nowMs)),
        ),
      )
    })
    .all(refuseOtherMethods('GET', 'HEAD'))

  app
    .route('/prefixes')
    .get((request, response) => {
      const { limit, ...wanted } = readQuery(request, { ...filter, limit: limitParameter(50) })
      const interfaces = findInterfaces(view.routers(), wanted)
      const reports = view.report()?.routers ?? []
      const rates = [...Map.groupBy(interfaces, (i) => i.router)].flatMap(([name, chosen]) => {
        const router = findRouter(view.routers(), name)
        const overrides = reports.find((r) => r.name === name)?.overrides ?? []
        const names = new Set(chosen.map((i) => i.name))
        const all = groupRates(router, view.traffic(name, clock()), view.routes, overrides)
        return largestRates(all.filter((rate) => names.has(rate.interface)), limit)
      })
      response.json(largestRates(rates, limit).map(presentPrefixRate))
    })
    .all(refuseOtherMethods('GET', 'HEAD'))

  app
    .route('/rates')
    .get((request, response) => {
      const wanted = readQuery(request, { ...filter, router: nameParameter, prefix: prefixParameter })
      findInterfaces(view.routers(), wanted)
      const { rates, interfaces } = view.traffic(wanted.router, clock())
      const index = interfaces.findIndex(({ name }) => name === wanted.interface)
      const presentRate = (prefix: Prefix) => {
        const { bps, samples } = rates.towards(prefix, wanted.interface === undefined ? undefined : index)
        return { prefix: formatPrefix(prefix), bps: toBps(bps), samples }
      }
      response.json({
        router: wanted.router,
        interface: wanted.interface ?? null,
        ...presentRate(wanted.prefix),
        halves: (halvesOf(wanted.prefix) ?? []).map(presentRate),
      })
    })
    .all(refuseOtherMethods('GET', 'HEAD'))
}

function presentPrefixRate({ prefix, bps, override, ...rest }: PrefixRate) {
  return { ...rest, prefix: formatPrefix(prefix), bps: toBps(bps), override: override ?? null }
}

function reportOf(view: ApiView, { router, name }: EgressInterface): InterfaceReport | undefined {
  const report = view.report()?.routers.find((r) => r.name === router)
  return report?.interfaces.find((i) => i.name === name)
}

/** What is known of an interface before the first cycle. */
function unreported(view: ApiView, i: EgressInterface, nowMs: number): InterfaceReport {
  const traffic = view.traffic(i.router, nowMs).interfaces.find(({ name }) => name === i.name)!
  const unknown = { naturalBps: undefined, plannedBps: undefined, state: 'stale' } as const
  return { ...i, speedBps: traffic.speedBps, traffic, ...unknown }
}

function presentInterface({ traffic, ...i }: InterfaceReport) {
  return {
    router: i.router,
    name: i.name,
    ifindex: i.ifIndex,
    speed_bps: toBps(i.speedBps),
    out_bps: toBps(traffic.outBps),
    utilization: toShare(traffic.outBps, i.speedBps),
    natural_bps: toBps(i.naturalBps),
    planned_bps: toBps(i.plannedBps),
    high_watermark: i.highWatermark,
    low_watermark: i.lowWatermark,
    relief_target: i.reliefTarget,
    in_errors: traffic.inErrors,
    out_errors: traffic.outErrors,
    in_discards: traffic.inDiscards,
    out_discards: traffic.outDiscards,
    state: i.state,
  }
}
