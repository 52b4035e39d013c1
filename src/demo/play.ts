/** Plays a story on a stage: sets the traffic, watches, judges. */
import { setTimeout as sleep } from 'node:timers/promises'
import { flowsAt } from './demo-edge.ts'
import { observe, type Observation } from './observation.ts'
import type { RestClient } from './rest-client.ts'
import type { Stage } from './stage.ts'
import type { Step } from './story.ts'
import { messageOf } from '../model/error-message.ts'

export interface Audience {
  /** Every look at the stage. */
  sees(now: Observation, step: Step): void
  tells(text: string): void
  /** A step came true. */
  passes(text: string): void
}

/** A step did not come true: the demo has failed. The message says in words what was missing. */
export class StepFailed extends Error {
  override readonly name = 'StepFailed'
}

const LOOK_INTERVAL_MS = 250
const READY_TIMEOUT_MS = 30_000

/** Resolves when the service is ready; rejects with StepFailed, or with the signal's reason. */
export async function awaitReady(rest: RestClient, signal: AbortSignal): Promise<void> {
  const deadlineMs = performance.now() + READY_TIMEOUT_MS
  for (;;) {
    const missing = await rest.notReady()
    if (missing === undefined) return
    if (performance.now() > deadlineMs) {
      throw new StepFailed(`the service was not ready within ${READY_TIMEOUT_MS / 1000} s: ${missing}`)
    }
    await pause(signal)
  }
}

/** Plays the steps in order; rejects with StepFailed, or with the signal's reason. */
export async function playStory(
  steps: readonly Step[], stage: Stage, rest: RestClient, audience: Audience, signal: AbortSignal,
): Promise<void> {
  let level = steps[0]?.level ?? 0
  for (const step of steps) {
    audience.tells(step.tells)
    await playStep(step, level, stage, rest, audience, signal)
    level = step.level
  }
}

async function playStep(
  step: Step, fromLevel: number, stage: Stage, rest: RestClient, audience: Audience, signal: AbortSignal,
): Promise<void> {
  const startMs = performance.now()
  let trueSinceMs: number | undefined
  for (;;) {
    const rampedMs = performance.now() - startMs
    const done = step.rampMs === 0 ? 1 : Math.min(1, rampedMs / step.rampMs)
    await stage.edge.tell({ kind: 'set_flows', flows: flowsAt(fromLevel + (step.level - fromLevel) * done) })
    const { now, missing } = await look(step, stage, rest)
    const nowMs = performance.now()
    if (now !== undefined) audience.sees(now, step)
    if (missing !== undefined || done < 1) trueSinceMs = undefined
    else trueSinceMs ??= nowMs
    if (now !== undefined && trueSinceMs !== undefined && nowMs - trueSinceMs >= step.holdsMs) {
      return audience.passes(step.sums(now))
    }
    if (nowMs - startMs > step.rampMs + step.withinMs) {
      const within = `${(step.rampMs + step.withinMs) / 1000} s`
      throw new StepFailed(`"${step.name}" not reached within ${within}: ${missing ?? 'it changed again'}`)
    }
    await pause(signal)
  }
}

async function look(
  step: Step, stage: Stage, rest: RestClient,
): Promise<{ now: Observation | undefined; missing: string | undefined }> {
  try {
    const now = await observe(stage.edge, rest)
    return { now, missing: step.missing(now) }
  } catch (error) {
    const why = messageOf(error)
    return { now: undefined, missing: `REST gave no answer: ${why}` }
  }
}

async function pause(signal: AbortSignal): Promise<void> {
  await sleep(LOOK_INTERVAL_MS, undefined, { signal }).catch(() => {})
  signal.throwIfAborted()
}
