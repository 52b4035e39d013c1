/** An override, in JSON. */
import { z } from 'zod'
import { OVERRIDE_STATES, type OverrideReport } from '../../controller/report.ts'
import { formatAddress, formatPrefix } from '../../model/prefix.ts'
import { formatCommunity, NO_EXPORT } from '../../model/route.ts'
import type { ApiView } from '../view.ts'
import { address, bps, community, count, prefix, share, time } from './schemas.ts'
import { toBps, toTime } from './values.ts'

export const overrideSchema = z
  .object({
    id: z.string().meta({
      description: 'The same for as long as router and prefix are.',
      example: 'edge1-198.51.100.0-24',
    }),
    router: z.string(),
    prefix,
    parent_prefix: prefix.meta({ description: 'The received prefix whose traffic it moves.' }),
    from_interface: z.string().meta({ description: "The natural exit's; empty while it is not known." }),
    to_interface: z.string(),
    next_hop: address,
    local_pref: count,
    communities: z.array(community),
    bps: bps.meta({ description: 'Demand that it moves, bit/s.' }),
    moved_share: share.nullable().meta({
      description: 'Fraction of it that leaves where it should; null until that can be judged.',
    }),
    since: time,
    reason: z.string(),
    pinned_until: time.nullable().meta({ description: 'Pinned by hand, and not brought home before then.' }),
    state: z.enum(OVERRIDE_STATES).meta({ description: '`planned`: dry-run, or not in GoBGP yet.' }),
  })
  .meta({ id: 'Override' })

/** `view` tells what every override carries. */
export function presentOverride(
  { id, override, state, bps, movedShare }: OverrideReport,
  view: Pick<ApiView, 'overrideAttributes'>,
): z.input<typeof overrideSchema> {
  const { localPref, marker } = view.overrideAttributes()
  return {
    id,
    router: override.router,
    prefix: formatPrefix(override.prefix),
    parent_prefix: formatPrefix(override.parentPrefix),
    from_interface: override.fromInterface,
    to_interface: override.toInterface,
    next_hop: formatAddress(override.follows.nextHop),
    local_pref: localPref,
    communities: [marker, NO_EXPORT].map(formatCommunity),
    bps: toBps(bps),
    moved_share: movedShare ?? null,
    since: toTime(override.sinceMs),
    reason: override.reason,
    pinned_until: toTime(override.pinnedUntilMs),
    state,
  }
}
