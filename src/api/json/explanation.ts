/** Where a prefix goes, why, and what would move it, in JSON. */
import { z } from 'zod'
import type { PrefixFacts } from '../../controller/explain/prefix-facts.ts'
import { tellPrefix } from '../../controller/explain/tell-prefix.ts'
import { MODES } from '../../model/mode.ts'
import { formatAddress, formatPrefix } from '../../model/prefix.ts'
import { overrideId } from '../../model/override.ts'
import { formatAsPath, type Path } from '../../model/route.ts'
import { address, bps, count, prefix, seconds, share, time } from './schemas.ts'
import { toBps, toTime } from './values.ts'

const sentences = z.array(z.string())
/** Below 0 where the relief target is passed. */
const room = z.int().nullable().meta({
  description: 'bit/s that fit below the relief target; below 0: it is passed; null: load or speed unknown',
})
const exitFields = { next_hop: address, as_path: z.string(), local_pref: count.nullable() }

export const explanationSchema = z
  .object({
    router: z.string(),
    prefix,
    time: time.meta({ description: 'Of the cycle that all of it is as of.' }),
    goes: sentences.meta({ description: 'Where it goes, in sentences.' }),
    why: sentences.meta({ description: 'Why, in sentences.' }),
    to_move: sentences.meta({ description: 'What would have to change for it to move, in sentences.' }),
    received_prefix: prefix.nullable().meta({
      description: 'The most specific received prefix that holds all of it.',
    }),
    received_inside: z
      .array(z.object({ prefix, bps }))
      .nullable()
      .meta({ description: 'Longer received prefixes in it with traffic; null: too many to look at.' }),
    demand: z.object({
      bps,
      error_bps: bps.meta({ description: 'At 95 % confidence, bit/s.' }),
      samples: count,
      by_interface: z.array(z.object({ interface: z.string(), bps })),
    }),
    natural_exit: z
      .object({
        interface: z.string().nullable(),
        ...exitFields,
        tied: count.meta({ description: 'Paths that attributes alone cannot tell apart, this one among them.' }),
        natural_bps: bps.nullable(),
        planned_bps: bps.nullable(),
        speed_bps: bps.nullable(),
        high_bps: bps.nullable(),
        target_bps: bps.nullable(),
        overloaded: z.boolean().nullable().meta({ description: 'It needs relief now.' }),
      })
      .nullable(),
    alternates: z.array(
      z.object({
        interface: z.string().nullable(),
        ...exitFields,
        room_bps: room,
        closed: z.string().nullable().meta({ description: 'Why nothing may be led to it.' }),
      }),
    ),
    overrides: z.array(
      z.object({
        id: z.string(),
        prefix,
        from_interface: z.string(),
        to_interface: z.string(),
        bps,
        moved_share: share.nullable(),
        since: time,
        reason: z.string(),
        installed: z.boolean(),
        dry: z.boolean().meta({ description: 'Decided only.' }),
        held_seconds: seconds.meta({ description: 'It does not come home for so long yet.' }),
        needs_bps: bps.meta({ description: 'What its home must have room for, bit/s.' }),
        home_room_bps: room,
        hidden_by: z.array(z.string()).meta({
          description: 'Its home or its exit, where full within the window: more may want to leave there than was seen.',
        }),
      }),
    ),
    movable: z
      .array(z.object({ prefix, bps, to_interface: z.string() }))
      .meta({ description: 'What could move, in pieces, were its natural exit overloaded.' }),
    stuck: z
      .array(z.object({ prefix, bps, obstacle: z.string(), why: z.string() }))
      .meta({ description: 'What could not, and why.' }),
    mode: z.enum(MODES),
    permission: z.string(),
    telemetry: z.string(),
  })
  .meta({ id: 'Explanation' })

const exit = ({ nextHop, asPath, localPref }: Path) => ({
  next_hop: formatAddress(nextHop),
  as_path: formatAsPath(asPath),
  local_pref: localPref ?? null,
})
const signed = (rate: number | undefined): number | null => (rate === undefined ? null : Math.round(rate))

export function presentExplanation(facts: PrefixFacts): z.input<typeof explanationSchema> {
  const { goes, why, toMove } = tellPrefix(facts)
  const { demand, natural, circumstances } = facts
  const load = natural?.load
  return {
    router: facts.router.name,
    prefix: formatPrefix(facts.prefix),
    time: toTime(facts.atMs),
    goes: [...goes],
    why: [...why],
    to_move: [...toMove],
    received_prefix: facts.received === undefined ? null : formatPrefix(facts.received.prefix),
    received_inside:
      facts.inside?.map((one) => ({ prefix: formatPrefix(one.prefix), bps: toBps(one.bps) })) ?? null,
    demand: {
      bps: toBps(demand.bps),
      error_bps: toBps(demand.errorBps),
      samples: Math.round(demand.samples),
      by_interface: demand.by.map((one) => ({ ...one, bps: toBps(one.bps) })),
    },
    natural_exit:
      natural === undefined
        ? null
        : {
            interface: load?.interface.name ?? null,
            ...exit(natural.path),
            tied: natural.tied,
            natural_bps: toBps(load?.naturalBps),
            planned_bps: toBps(load?.plannedBps),
            speed_bps: toBps(load?.speedBps),
            high_bps: toBps(load?.highBps),
            target_bps: toBps(load?.targetBps),
            overloaded: load?.isOverloaded ?? null,
          },
    alternates: facts.alternates.map((one) => ({
      interface: one.interface ?? null,
      ...exit(one.path),
      room_bps: signed(one.roomBps),
      closed: one.closed ?? null,
    })),
    overrides: facts.overrides.map(({ override, ...one }) => ({
      id: overrideId(override),
      prefix: formatPrefix(override.prefix),
      from_interface: override.fromInterface,
      to_interface: override.toInterface,
      bps: toBps(one.bps),
      moved_share: one.movedShare ?? null,
      since: toTime(override.sinceMs),
      reason: override.reason,
      installed: one.isInstalled,
      dry: one.dry,
      held_seconds: one.heldMs / 1000,
      needs_bps: toBps(one.needsBps),
      home_room_bps: signed(one.roomBps),
      hidden_by: [...one.hiddenBy],
    })),
    movable: facts.movable.map((one) => ({
      prefix: formatPrefix(one.prefix), bps: toBps(one.bps), to_interface: one.to,
    })),
    stuck: facts.stuck.map((one) => ({ ...one, prefix: formatPrefix(one.prefix), bps: toBps(one.bps) })),
    mode: circumstances.mode,
    permission: circumstances.permission.kind,
    telemetry: circumstances.telemetryState,
  }
}
