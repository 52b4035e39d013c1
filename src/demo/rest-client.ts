/** What the demo reads of the service, over REST like any other user: GET only, at a loopback address. */
import { messageOf } from '../model/error-message.ts'

export interface RestInterface {
  readonly name: string
  readonly out_bps: number | null
  readonly natural_bps: number | null
  readonly state: string
}

export interface RestOverride {
  readonly id: string
  readonly prefix: string
  readonly from_interface: string
  readonly to_interface: string
  readonly bps: number
  readonly reason: string
  readonly state: string
}

export interface RestDecision {
  readonly at: string
  readonly kind: string
  readonly prefix: string | null
  readonly reason: string
  readonly acted: boolean
}

export interface RestClient {
  /** undefined: ready; else what is missing, or why there is no answer. */
  notReady(): Promise<string | undefined>
  /** What it says of the datagrams that came, as JSON, or why it does not; never rejects. */
  sflow(): Promise<string>
  interfaces(): Promise<readonly RestInterface[]>
  overrides(): Promise<readonly RestOverride[]>
  /** The latest, newest first. */
  decisions(): Promise<readonly RestDecision[]>
}

const TIMEOUT_MS = 5_000
const LATEST_DECISIONS = 20

/** `base` is `http://HOST:PORT`. The lists reject when the service does not answer with 200. */
export function createRestClient(base: string): RestClient {
  const get = (path: string): Promise<Response> =>
    fetch(`${base}${path}`, { signal: AbortSignal.timeout(TIMEOUT_MS) })
  const list = async <T>(path: string): Promise<readonly T[]> => {
    const response = await get(path)
    if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`)
    return (await response.json()) as T[]
  }
  return {
    notReady: async () => {
      try {
        const response = await get('/readyz')
        const body = await response.text()
        return response.ok ? undefined : body
      } catch (error) {
        return `no answer yet (${messageOf(error)})`
      }
    },
    sflow: async () => {
      try {
        const { sflow } = (await (await get('/api/v1/status')).json()) as { sflow: unknown }
        return JSON.stringify(sflow)
      } catch (error) {
        return messageOf(error)
      }
    },
    interfaces: () => list<RestInterface>('/api/v1/interfaces'),
    overrides: () => list<RestOverride>('/api/v1/overrides'),
    decisions: () => list<RestDecision>(`/api/v1/decisions?limit=${LATEST_DECISIONS}`),
  }
}
