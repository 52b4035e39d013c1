/** An interface's loads and state, in JSON. */
import { z } from 'zod'
import { INTERFACE_STATES, type InterfaceReport } from '../../controller/report.ts'
import { bps, count, share } from './schemas.ts'
import { toBps, toShare } from './values.ts'

export const interfaceSchema = z
  .object({
    router: z.string(),
    name: z.string(),
    ifindex: z.int(),
    speed_bps: bps.nullable().meta({ description: 'The smaller of configured and told speed, bit/s.' }),
    out_bps: bps.nullable().meta({
      description:
        'What it carries now, bit/s: from the counters, between them and without them from the flows.',
    }),
    utilization: share.nullable().meta({ description: '`out_bps` as a fraction of `speed_bps`.' }),
    natural_bps: bps.nullable().meta({ description: 'What it would carry without any override, bit/s.' }),
    planned_bps: bps.nullable().meta({ description: 'Natural load with overrides applied, bit/s.' }),
    without_alternate_bps: bps.nullable().meta({
      description:
        'Traffic of it whose prefixes have no alternate or no received route, which no relief can move, bit/s; ' +
        'looked at every minute, null before the first look is over. `GET /api/v1/prefixes?without=alternate` lists them.',
    }),
    high_watermark: share.meta({ description: 'Relief begins above this fraction of the speed.' }),
    low_watermark: share,
    relief_target: share.meta({ description: 'Relief ends at this fraction of the speed.' }),
    in_errors: count,
    out_errors: count,
    in_discards: count,
    out_discards: count,
    state: z.enum(INTERFACE_STATES),
  })
  .meta({ id: 'Interface' })

export function presentInterface({ traffic, ...i }: InterfaceReport): z.input<typeof interfaceSchema> {
  return {
    router: i.router,
    name: i.name,
    ifindex: i.ifIndex,
    speed_bps: toBps(i.speedBps),
    out_bps: toBps(traffic.outBps),
    utilization: toShare(traffic.outBps, i.speedBps),
    natural_bps: toBps(i.naturalBps),
    planned_bps: toBps(i.plannedBps),
    without_alternate_bps: toBps(i.withoutAlternateBps),
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
