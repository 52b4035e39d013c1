/** Who renews the lease of a gobgpd, and so may put back what is withdrawn there. */
import { setTimeout as sleep } from 'node:timers/promises'
import { connectGobgp } from '../bgp/wire/connect-gobgp.ts'

const LOOK_INTERVAL_MS = 200

/**
 * The owner of a lease that changes within so many ms; undefined when nobody is seen to renew one. `marker`:
 * 32 bits. Rejects when gobgpd does not answer, or when aborted.
 */
export async function findHolder(
  target: string, marker: number, withinMs: number, aborted: AbortSignal,
): Promise<string | undefined> {
  const { api, close } = await connectGobgp(target, aborted)
  aborted.addEventListener('abort', close)
  try {
    const notes = api.notes(marker)
    const { lease: first } = await notes.read()
    if (first?.state !== 'held') return undefined
    for (let waitedMs = 0; waitedMs < withinMs; waitedMs += LOOK_INTERVAL_MS) {
      await sleep(LOOK_INTERVAL_MS)
      const { lease } = await notes.read()
      if (lease?.state === 'held' && lease.sequence !== first.sequence) return lease.owner
    }
    return undefined
  } finally {
    aborted.removeEventListener('abort', close)
    close()
  }
}
