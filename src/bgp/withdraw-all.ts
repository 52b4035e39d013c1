/** Takes all our overrides out of one gobgpd, with nothing but the gobgpd. */
import type { Prefix } from '../model/prefix.ts'
import { connectGobgp } from './wire/connect-gobgp.ts'
import type { GobgpApi, LocalPath } from './wire/gobgp-api.ts'
import { isOurs } from './override-path.ts'

export interface Withdrawal {
  readonly withdrawn: readonly Prefix[]
  /** What GoBGP listed of ours afterwards. */
  readonly left: readonly Prefix[]
}

/**
 * Withdraws what is local in the gobgpd at the target and carries the marker (community, 32 bits), and looks
 * again. Rejects when gobgpd does not answer, or when aborted.
 */
export async function withdrawAll(target: string, marker: number, aborted: AbortSignal): Promise<Withdrawal> {
  const { api, close } = await connectGobgp(target, aborted)
  aborted.addEventListener('abort', close)
  try {
    const before = await listOurs(api, marker)
    await api.deletePaths(before)
    const left = before.length === 0 ? [] : await listOurs(api, marker)
    return { withdrawn: before.map(({ prefix }) => prefix), left: left.map(({ prefix }) => prefix) }
  } finally {
    aborted.removeEventListener('abort', close)
    close()
  }
}

async function listOurs(api: GobgpApi, marker: number): Promise<LocalPath[]> {
  const paths = await Promise.all([api.listLocal(4), api.listLocal(6)])
  return paths.flat().filter(({ attributes }) => isOurs(attributes, marker))
}
