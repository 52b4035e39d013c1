/** What the service that listens for sFlow already sees, over REST. */
import { z } from 'zod'
import type { Config } from '../config/config.ts'
import { getJson, serviceUrl } from '../api/ask-service.ts'
import type { ServiceView } from './facts.ts'

const time = z.string().nullable()
const statusSchema = z.object({
  alarms: z.array(z.object({ kind: z.string(), router: z.string().nullable(), message: z.string() })),
  routers: z.array(
    z.object({
      name: z.string(),
      telemetry: z.object({
        agents: z.array(z.object({ agent: z.string(), last_flow_sample: time, last_counter_sample: time })),
      }),
    }),
  ),
})
const interfacesSchema = z.array(
  z.object({ router: z.string(), name: z.string(), out_bps: z.number().nullable() }),
)

/** Undefined when no service answers that understands the question. */
export async function askView({ api }: Config, kernelDrops: number): Promise<ServiceView | undefined> {
  const url = serviceUrl(api.listen)
  const status = statusSchema.safeParse(await getJson(`${url}/api/v1/status`))
  const interfaces = interfacesSchema.safeParse(await getJson(`${url}/api/v1/interfaces`))
  if (!status.success || !interfaces.success) return undefined
  return {
    kind: 'service',
    url,
    kernelDrops,
    agents: status.data.routers.flatMap(({ name, telemetry }) =>
      telemetry.agents.map(({ agent, last_flow_sample, last_counter_sample }) => ({
        router: name,
        agent,
        flows: last_flow_sample !== null,
        counters: last_counter_sample !== null,
      })),
    ),
    interfaces: interfaces.data.map(({ router, name, out_bps }) => ({
      router,
      name,
      outBps: out_bps ?? undefined,
    })),
    alarms: status.data.alarms.map(({ kind, router, message }) => ({
      kind,
      router: router ?? undefined,
      message,
    })),
  }
}
