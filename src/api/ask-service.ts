/** What a running service says of itself, over REST. */
import { z } from 'zod'
import type { Config, Listen } from '../config/config.ts'
import { MODES, type Mode } from '../model/mode.ts'

export interface ServiceStatus {
  readonly mode: Mode
  /** The mode of the last whole cycle; undefined before the first. */
  readonly cycleMode: Mode | undefined
}

const ANSWER_TIMEOUT_MS = 3_000

const schema = z.object({
  mode: z.enum(MODES),
  last_cycle: z.object({ mode: z.enum(MODES) }).nullable(),
})

/** The service that listens on `api.listen`; undefined when none answers there within 3 s. */
export async function askService({ api }: Config): Promise<ServiceStatus | undefined> {
  const answer = await getJson(`${serviceUrl(api.listen)}/api/v1/status`)
  const status = schema.safeParse(answer)
  if (!status.success) return undefined
  return { mode: status.data.mode, cycleMode: status.data.last_cycle?.mode }
}

/** Where REST answers, seen from this machine: a wildcard address is reached by loopback. */
export function serviceUrl({ host, port }: Listen): string {
  const reached = host === '0.0.0.0' ? '127.0.0.1' : /^[0:]+$/.test(host) ? '::1' : host
  return `http://${reached.includes(':') ? `[${reached}]` : reached}:${port}`
}

/** The JSON at the URL; undefined when nothing, or nothing of the kind, answers in time. */
export async function getJson(url: string): Promise<unknown> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) })
    return response.ok ? await response.json() : undefined
  } catch {
    return undefined
  }
}
