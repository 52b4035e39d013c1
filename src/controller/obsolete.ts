/** Overrides that a changed configuration cannot go on with: they are withdrawn before it takes over. */
import { messageOf } from '../model/error-message.ts'
import type { OverrideKey } from '../model/override.ts'
import { formatPrefix, parsePrefix } from '../model/prefix.ts'
import type { Router } from '../model/topology.ts'
import type { OverrideStore } from './ports.ts'
import type { SteeringHandover } from './router-steering.ts'

/** A router before and after the change. */
export interface Succession {
  readonly router: Router
  /** The same neighbor of the same gobgpd in the changed configuration; undefined when there is none. */
  readonly next: Router | undefined
  /** Why nothing of it may stay, besides; undefined when it may. */
  readonly because: string | undefined
}

export interface Obsolete extends OverrideKey {
  readonly why: string
  /** The changed configuration may well plan it again: what is known of it serves. */
  readonly mayReturn: boolean
}

/** A change of the configuration that cannot be made now; the message tells an operator why. */
export class HandoverRefused extends Error {}

/** Those of the overrides that the router's steering has installed or adopted. */
export function findObsolete(
  { router, next, because }: Succession,
  { owned, memory }: SteeringHandover,
): Obsolete[] {
  const everything =
    next === undefined ? `${router.name} is not configured any more at gobgpd ${router.gobgp}` : because
  const planned = new Map(memory.planned.map(({ override }) => [formatPrefix(override.prefix), override]))
  return [...owned].flatMap((text): Obsolete[] => {
    const key = { router: router.name, prefix: parsePrefix(text) }
    if (everything !== undefined) return [{ ...key, why: everything, mayReturn: true }]
    const override = planned.get(text)
    if (override === undefined) return []
    const used = [override.fromInterface, override.toInterface]
    const [from, to] = used.map((name) => next?.interfaces.find((i) => i.name === name))
    if (from === undefined || to === undefined) {
      return [
        { ...key, why: `${used[from === undefined ? 0 : 1]} is not configured any more`, mayReturn: false },
      ]
    }
    return from.dryRun
      ? [{ ...key, why: `traffic of ${from.name} is only decided about now (dry-run)`, mayReturn: true }]
      : []
  })
}

/**
 * Withdraws them, and reads GoBGP back. Nothing is withdrawn before every gobgpd concerned has answered.
 * Resolves with those that were there; rejects, in words for an operator, when it cannot be done.
 */
export async function withdrawObsolete(
  store: OverrideStore,
  obsolete: readonly Obsolete[],
): Promise<readonly Obsolete[]> {
  const present = await stillInstalled(store, obsolete)
  const failed = (await Promise.allSettled(present.map(async (one) => store.withdraw(one)))).find(
    (r) => r.status === 'rejected',
  )
  if (failed !== undefined) throw new Error(`an override could not be withdrawn: ${messageOf(failed.reason)}`)
  const left = await stillInstalled(store, present)
  if (left.length > 0) {
    throw new Error(`${left.length} overrides are still in GoBGP though they were withdrawn`)
  }
  return present
}

async function stillInstalled(store: OverrideStore, some: readonly Obsolete[]): Promise<readonly Obsolete[]> {
  const installed = await Promise.all(
    [...new Set(some.map(({ router }) => router))].map(async (router) => {
      const found = await store.list(router).catch((error: unknown) => {
        throw new Error(`overrides of ${router} would have to be withdrawn first: ${messageOf(error)}`, {
          cause: error,
        })
      })
      return found.map(({ prefix }) => `${router} ${formatPrefix(prefix)}`)
    }),
  )
  const there = new Set(installed.flat())
  return some.filter(({ router, prefix }) => there.has(`${router} ${formatPrefix(prefix)}`))
}
