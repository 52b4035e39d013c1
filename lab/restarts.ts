/** Restarts while a route is moved: the kernel of the router must not notice. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Edge } from './edge.ts'
import { lookUntil, missingRelief } from './look.ts'
import { startServiceOn, type RushPlan } from './rush.ts'
import { say, saySuccess } from './say.ts'
import { renderTable, seconds } from './table.ts'
import { StepFailed } from './step-failed.ts'

const RELIEF_TIMEOUT_MS = 20_000
const SESSION_TIMEOUT_MS = 60_000
/** Longer than routes take to be read, and than any decision that follows from them. */
const WATCH_MS = 5_000
/** As a supervisor may take; FRR tries once within a second, and then waits for gobgpd to connect. */
const AWAY_MS = 3_000
const LOOK_INTERVAL_MS = 20

/** The next version of the service: SIGTERM, which leaves the overrides, and a start. */
export async function playUpgrade(edge: Edge, plan: RushPlan): Promise<string> {
  await relieve(edge, plan)
  const startMs = Date.now()
  say('SIGTERM to the service')
  await edge.stopService()
  const stoppedMs = Date.now()
  say('the next one starts')
  await edge.startService('same_length')
  const readyMs = Date.now()
  return conclude(edge, startMs, [
    ['SIGTERM to its end', seconds(stoppedMs - startMs)],
    ['start to ready', seconds(readyMs - stoppedMs)],
  ])
}

/** gobgpd dies and is started again; graceful restart (RFC 4724) hides it. */
export async function playGobgpdRestart(edge: Edge, plan: RushPlan): Promise<string> {
  await relieve(edge, plan)
  const before = (await edge.overridesInGobgp()).join()
  const startMs = Date.now()
  say('SIGKILL to gobgpd')
  await edge.gobgpd.kill('SIGKILL')
  await until('/readyz tells', async () => (await edge.rest.notReady()) !== undefined)
  const toldMs = Date.now()
  await sleep(AWAY_MS)
  await edge.gobgpd.restart()
  const answersMs = Date.now()
  say(`gobgpd answers again, ${seconds(answersMs - startMs)} after it was killed`)
  await until('the overrides are in again', async () => (await edge.overridesInGobgp()).join() === before)
  const inMs = Date.now()
  await until('the session is up again', () => edge.isSessionUp())
  const upMs = Date.now()
  await until('the service is ready', async () => (await edge.rest.notReady()) === undefined)
  return conclude(edge, startMs, [
    ['SIGKILL to /readyz', seconds(toldMs - startMs)],
    ['answer to overrides in', seconds(inMs - answersMs)],
    ['answer to session up', seconds(upMs - answersMs)],
  ])
}

async function relieve(edge: Edge, { quiet, rush, quietMs }: RushPlan): Promise<void> {
  await startServiceOn(edge, 'same_length', quiet)
  await sleep(quietMs)
  await edge.send(rush)
  const { moved } = await lookUntil(edge, 'relief', RELIEF_TIMEOUT_MS, (seen) => missingRelief(seen, rush))
  saySuccess(`moved to isp2: ${moved.join(', ')}`)
}

/** Rejects with StepFailed when a route of the kernel has changed. */
async function conclude(edge: Edge, startMs: number, rows: readonly (readonly string[])[]): Promise<string> {
  await sleep(WATCH_MS)
  const changes = edge.routes.router.changesSince(startMs)
  const [first] = changes
  if (first !== undefined) {
    const times = changes.map(({ atMs, prefix, device }) => `${seconds(atMs - startMs)} ${prefix} ${device ?? 'gone'}`)
    throw new StepFailed(`the router's kernel noticed: ${times.join('; ')}`)
  }
  saySuccess("no route of the router's kernel has changed")
  await edge.stopService()
  // The next scenario shall not adopt them.
  await edge.withdrawOverrides()
  return renderTable([...rows, ["changes of the kernel's routes", String(changes.length)]])
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + SESSION_TIMEOUT_MS
  while (!(await holds().catch(() => false))) {
    if (performance.now() > deadlineMs) throw new StepFailed(`${what}: not within ${seconds(SESSION_TIMEOUT_MS)}`)
    await sleep(LOOK_INTERVAL_MS)
  }
}
