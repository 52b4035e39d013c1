/** A decision, in JSON. */
import { z } from 'zod'
import type { LoggedDecision } from '../../controller/decision-log.ts'
import { DECISION_KINDS } from '../../model/decision.ts'
import { formatPrefix } from '../../model/prefix.ts'
import { bps, prefix, time } from './schemas.ts'
import { toBps, toSnakeCase, toTime } from './values.ts'

export const decisionSchema = z
  .object({
    id: z.int().meta({ description: 'Newer ones have larger ones; for `before`, which gives the next page.' }),
    at: time,
    router: z.string(),
    kind: z.enum(DECISION_KINDS),
    prefix: prefix.nullable(),
    from_interface: z.string().nullable(),
    to_interface: z.string().nullable(),
    bps: bps.nullable().meta({ description: 'Traffic that it concerns, bit/s.' }),
    reason: z.string(),
    inputs: z.record(z.string(), z.union([z.number(), z.string(), z.boolean()])).meta({
      description: 'The figures that it was decided on: rates in bit/s, shares of 1, times in ms.',
    }),
    acted: z.boolean().meta({
      description: 'False when it was decided and not sent: dry-run, a cap, or GoBGP refused.',
    }),
  })
  .meta({ id: 'Decision' })

export function presentDecision(decision: LoggedDecision): z.input<typeof decisionSchema> {
  const inputs = Object.entries(decision.inputs).map(([name, value]) => [toSnakeCase(name), value] as const)
  return {
    id: decision.id,
    at: toTime(decision.atMs),
    router: decision.router,
    kind: decision.kind,
    prefix: decision.prefix === undefined ? null : formatPrefix(decision.prefix),
    from_interface: decision.fromInterface ?? null,
    to_interface: decision.toInterface ?? null,
    bps: toBps(decision.bps),
    reason: decision.reason,
    inputs: Object.fromEntries(inputs),
    acted: decision.acted,
  }
}
