/** All interfaces as the last cycle saw them. */
import type { z } from 'zod'
import type { InterfaceReport } from '../controller/report.ts'
import type { EgressInterface } from '../model/topology.ts'
import { presentInterface, type interfaceSchema } from './json/interface.ts'
import { findInterfaces } from './parameters.ts'
import type { ApiView } from './view.ts'

/** Interfaces in the order of the configuration; of one router when it is named. */
export function presentInterfaces(
  view: ApiView,
  router?: string,
): z.input<typeof interfaceSchema>[] {
  return findInterfaces(view.routers(), { router }).map((i) =>
    presentInterface(reportOf(view, i) ?? unreported(view, i)),
  )
}

function reportOf(view: ApiView, { router, name }: EgressInterface): InterfaceReport | undefined {
  const report = view.report()?.routers.find((r) => r.name === router)
  return report?.interfaces.find((i) => i.name === name)
}

/** What is known of an interface before the first cycle. */
function unreported(view: ApiView, i: EgressInterface): InterfaceReport {
  const traffic = view.traffic(i.router).interfaces.find(({ name }) => name === i.name)!
  const unknown = { naturalBps: undefined, plannedBps: undefined, withoutAlternateBps: undefined, state: 'stale' } as const
  return { ...i, speedBps: traffic.speedBps, traffic, ...unknown }
}
