/** Waiting with a bound. */
import { setTimeout as sleep } from 'node:timers/promises'

/** What the promise gives, or undefined when it takes longer. */
export async function within<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
  const given = new AbortController()
  try {
    return await Promise.race([
      promise,
      sleep(ms, undefined, { signal: given.signal }).catch(() => undefined),
    ])
  } finally {
    given.abort()
  }
}
