/** A received path, in JSON. */
import { z } from 'zod'
import { formatAddress, formatPrefix } from '../../model/prefix.ts'
import { formatAsPath, formatCommunity, ORIGIN, RPKI_STATES, type Origin } from '../../model/route.ts'
import type { EvaluatedPath } from '../view.ts'
import { address, community, count, prefix } from './schemas.ts'

const ORIGIN_NAMES = {
  [ORIGIN.igp]: 'igp',
  [ORIGIN.egp]: 'egp',
  [ORIGIN.incomplete]: 'incomplete',
} as const satisfies Readonly<Record<Origin, string>>

export const pathSchema = z
  .object({
    prefix,
    next_hop: address,
    interface: z.string().nullable().meta({
      description: 'The interface that it leaves by; null: none is configured for its next hop.',
    }),
    local_pref: count.nullable(),
    as_path: z.string().meta({ description: 'In one line, sets in braces.', example: '64501 64502' }),
    origin: z.enum(['igp', 'egp', 'incomplete']),
    med: count.nullable(),
    communities: z.array(community),
    rpki: z.enum(RPKI_STATES).meta({ description: 'As GoBGP tells (RFC 6811).' }),
    best: z.boolean().meta({ description: "Our evaluation of BGP's rules, overrides left out." }),
    overridden: z.boolean().meta({
      description: 'Traffic would leave by this path, but an override takes it, or a part of it, elsewhere.',
    }),
  })
  .meta({ id: 'Path' })

export function presentPath(
  { path, interface: name, best }: EvaluatedPath,
  isOverridden: boolean,
): z.input<typeof pathSchema> {
  return {
    prefix: formatPrefix(path.prefix),
    next_hop: formatAddress(path.nextHop),
    interface: name ?? null,
    local_pref: path.localPref ?? null,
    as_path: formatAsPath(path.asPath),
    origin: ORIGIN_NAMES[path.origin],
    med: path.med ?? null,
    communities: path.communities.map(formatCommunity),
    rpki: path.rpki,
    best,
    overridden: best && isOverridden,
  }
}
