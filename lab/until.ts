/** Waits for what the lab has started. */
import { setTimeout as sleep } from 'node:timers/promises'

const READY_TIMEOUT_MS = 30_000
const LOOK_INTERVAL_MS = 100

/** Rejects, with what was missing last, when it takes too long; errors count as not yet. */
export async function until(
  what: string, holds: () => boolean | Promise<boolean>, missing?: () => string | undefined,
): Promise<void> {
  const deadlineMs = performance.now() + READY_TIMEOUT_MS
  let reason: string | undefined
  for (;;) {
    try {
      if (await holds()) return
      reason = missing?.()
    } catch (error) {
      reason = (error as Error).message
    }
    if (performance.now() > deadlineMs) {
      throw new Error(`${what}: not within ${READY_TIMEOUT_MS / 1000} s: ${reason}`)
    }
    await sleep(LOOK_INTERVAL_MS)
  }
}
