/** A router whose own policy wins over every override: what does nothing must be found, told and withdrawn. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Edge } from './edge.ts'
import { StepFailed } from './step-failed.ts'
import { startServiceOn, type RushPlan } from './rush.ts'
import { say, sayDecision, saySuccess } from './say.ts'
import { seconds } from './table.ts'

const WEIGHT = 1000
const ADDED_WITHIN_MS = 20_000
const FOUND_WITHIN_MS = 60_000
const GONE_WITHIN_MS = 5_000
const NOT_AGAIN_MS = 10_000
const LOOK_INTERVAL_MS = 200

/** Rejects with StepFailed. */
export async function playWeight(edge: Edge, { quiet, rush, quietMs }: RushPlan): Promise<string> {
  await edge.setWeight(WEIGHT)
  await startServiceOn(edge, 'same_length', quiet)
  await sleep(quietMs)
  say(`what isp1 tells has weight ${WEIGHT} on the router: no override can win`)
  const stepMs = await edge.send(rush)
  const installed = async (): Promise<readonly string[]> =>
    (await edge.rest.overrides()).filter(({ state }) => state === 'installed').map(({ prefix }) => prefix)
  await within(ADDED_WITHIN_MS, 'an override is in GoBGP', async () => (await installed()).length > 0)
  const addedMs = Date.now()
  saySuccess(`${(await installed()).join(', ')} is in GoBGP, and the router forwards as before`)

  const idle = async () => (await edge.rest.decisions()).findLast(({ reason }) => reason.includes('it does nothing'))
  await within(FOUND_WITHIN_MS, 'it is found that it does nothing', async () => (await idle()) !== undefined)
  const found = (await idle())!
  const foundMs = Date.parse(found.at) - addedMs
  sayDecision(`${found.kind}: ${found.reason}`)
  await within(GONE_WITHIN_MS, 'no override is left', async () => (await edge.rest.overrides()).length === 0)
  const goneMs = Date.now() - addedMs
  await sleep(NOT_AGAIN_MS)
  const again = await edge.rest.overrides()
  if (again.length > 0) throw new StepFailed(`${again[0]!.prefix} is tried again`)
  const changes = edge.routes.router.changesSince(stepMs)
  if (changes.length > 0) throw new StepFailed(`the router's routes changed: ${JSON.stringify(changes)}`)
  saySuccess(`nothing is left, and nothing was tried again for ${seconds(NOT_AGAIN_MS)}`)
  await edge.stopService()
  await edge.setWeight(0)
  return `without effect: found after ${seconds(foundMs)}, all withdrawn after ${seconds(goneMs)}\n`
}

async function within(ms: number, what: string, holds: () => Promise<boolean>): Promise<void> {
  const endMs = performance.now() + ms
  while (!(await holds())) {
    if (performance.now() > endMs) throw new StepFailed(`${what}: not within ${seconds(ms)}`)
    await sleep(LOOK_INTERVAL_MS)
  }
}
