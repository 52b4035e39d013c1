/** What commands read of the API's answers; what they do not show may be there besides. */
import { z } from 'zod'

const rate = z.number().nullable()
const text = z.string().nullable()

export const statusAnswer = z.object({
  version: z.string(),
  mode: z.string(),
  time: z.string(),
  last_cycle: z.object({ started: z.string(), duration_seconds: z.number() }).nullable(),
  gobgp: z.array(
    z.object({
      target: z.string(),
      connected: z.boolean(),
      version: text,
      last_error: text,
      leaks: z.array(z.string()),
      doubts: z.array(z.string()),
      lease: z.object({ state: z.string(), owner: z.string(), ours: z.boolean() }).nullable(),
      watchdog: z.object({ seen: z.boolean() }),
    }),
  ),
  alarms: z.array(
    z.object({ kind: z.string(), router: text, interface: text, since: z.string(), message: z.string() }),
  ),
  routers: z.array(
    z.object({
      name: z.string(),
      address: z.string(),
      bgp_session: z.object({ up: z.boolean(), synced: z.boolean() }),
      permission: z.object({ state: z.string(), why: text }).nullable(),
      telemetry: z.object({ state: text, age_seconds: z.number().nullable(), faults: z.array(z.string()) }),
    }),
  ),
})
export type StatusAnswer = z.output<typeof statusAnswer>

export const interfacesAnswer = z.array(
  z.object({
    router: z.string(),
    name: z.string(),
    speed_bps: rate,
    out_bps: rate,
    utilization: z.number().nullable(),
    natural_bps: rate,
    planned_bps: rate,
    without_alternate_bps: rate,
    high_watermark: z.number(),
    relief_target: z.number(),
    state: z.string(),
  }),
)
export type InterfaceAnswer = z.output<typeof interfacesAnswer>[number]

export const overridesAnswer = z.array(
  z.object({
    id: z.string(),
    router: z.string(),
    prefix: z.string(),
    from_interface: z.string(),
    to_interface: z.string(),
    bps: rate,
    since: z.string(),
    reason: z.string(),
    state: z.string(),
  }),
)
export type OverrideAnswer = z.output<typeof overridesAnswer>[number]

export const prefixesAnswer = z.array(
  z.object({
    router: z.string(),
    interface: z.string(),
    prefix: z.string(),
    bps: z.number(),
    samples: z.number(),
    override: text,
  }),
)
export type PrefixAnswer = z.output<typeof prefixesAnswer>[number]

export const explanationAnswer = z.object({
  router: z.string(),
  prefix: z.string(),
  goes: z.array(z.string()),
  why: z.array(z.string()),
  to_move: z.array(z.string()),
})
export type ExplanationAnswer = z.output<typeof explanationAnswer>
