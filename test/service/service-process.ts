/** The service as its users run it, in a process of its own. */
import { fileURLToPath } from 'node:url'
import { startTied, type TiedProcess } from '../../src/simulator/tied-process.ts'
import { until } from '../simulator/until.ts'

export const TOKEN = 'a-token-that-is-long-enough'
const SPILLWAY = fileURLToPath(new URL('../../bin/spillway', import.meta.url))

/** Runs on the file; `listens` rejects with what it said when it ends before REST answers at `base`. */
export function startServiceProcess(
  file: string, base: string,
): { readonly service: TiedProcess; readonly listens: Promise<boolean> } {
  const service = startTied(SPILLWAY, ['run', '-c', file], { env: { ...process.env, SPILLWAY_NODE: process.execPath } })
  let endedBy: string | undefined
  void service.ended.then((how) => (endedBy = how))
  const listens = until('the service listens', async () => {
    if (endedBy !== undefined) throw new Error(`the service ended by ${endedBy}\n${service.output}`)
    return (await fetch(`${base}/healthz`).catch(() => undefined))?.ok === true
  }, 60_000)
  return { service, listens }
}

/** The status of the answer, which must come in time. */
export async function putMode(base: string, mode: string, withinMs: number): Promise<number> {
  const response = await fetch(`${base}/api/v1/mode`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` },
    body: JSON.stringify({ mode }),
    signal: AbortSignal.timeout(withinMs),
  })
  return response.status
}
