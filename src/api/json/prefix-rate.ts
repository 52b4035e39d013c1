/** What flows towards a prefix, in JSON. */
import { z } from 'zod'
import { formatPrefix } from '../../model/prefix.ts'
import type { PrefixRate } from '../group-rates.ts'
import type { Ways } from '../find-ways.ts'
import { bps, count, prefix } from './schemas.ts'
import { toBps } from './values.ts'

export const prefixRateSchema = z
  .object({
    router: z.string(),
    interface: z.string(),
    prefix,
    bps,
    samples: count.meta({ description: 'Samples behind `bps`; their number tells its error.' }),
    override: z.string().nullable().meta({ description: '`id` of the override that holds it.' }),
    has_route: z.boolean().meta({ description: 'False: no received route covers it, and it cannot be moved.' }),
    alternates: z
      .array(z.string())
      .meta({ description: 'The other interfaces by which a received route leads, best first.' }),
  })
  .meta({ id: 'PrefixRate' })

export function presentPrefixRate(
  { prefix, bps, override, ...rest }: PrefixRate, { hasRoute, alternates }: Ways,
): z.input<typeof prefixRateSchema> {
  return {
    ...rest,
    prefix: formatPrefix(prefix),
    bps: toBps(bps),
    override: override ?? null,
    has_route: hasRoute,
    alternates: [...alternates],
  }
}

const rate = { prefix, bps, samples: count }

export const rateSchema = z
  .object({
    router: z.string(),
    interface: z.string().nullable().meta({ description: 'As asked for; null: over all interfaces.' }),
    ...rate,
    halves: z.array(z.object(rate)).meta({ description: 'Both halves; none of a single address.' }),
  })
  .meta({ id: 'Rate' })
