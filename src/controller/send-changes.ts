/** Sends a router's changes to GoBGP. */
import { messageOf } from '../model/error-message.ts'
import type { Override, OverrideKey } from '../model/override.ts'
import type { Router } from '../model/topology.ts'
import type { OverrideStore } from './ports.ts'
import type { Changes } from './reconcile.ts'

export interface Failure {
  readonly key: OverrideKey
  readonly action: 'add' | 'withdraw'
  readonly error: string
}

/** What became of a cycle's changes. */
export interface Outcome {
  /** Prefixes of overrides that GoBGP holds now; none while it does not answer. */
  readonly installed: ReadonlySet<string>
  readonly failures: readonly Failure[]
}

/** Told of every change as GoBGP answers. */
export interface ChangeListener {
  added(override: Override): void
  withdrawn(key: OverrideKey): void
  refused(failure: Failure): void
}

/**
 * Withdraws, then adds: what leaves makes room for what comes. Resolves when GoBGP has answered all; never
 * rejects.
 */
export async function sendChanges(
  { withdraw, add }: Changes,
  router: Router,
  overrides: OverrideStore,
  listener: ChangeListener,
): Promise<void> {
  await Promise.all(
    withdraw.map(async (key) => {
      try {
        await overrides.withdraw({ router: router.name, prefix: key.prefix })
      } catch (error) {
        return listener.refused({ key, action: 'withdraw', error: messageOf(error) })
      }
      listener.withdrawn(key)
    }),
  )
  await Promise.all(
    add.map(async (override) => {
      const from = router.interfaces.find(({ name }) => name === override.fromInterface)
      try {
        await overrides.add(override, from?.ifIndex ?? 0)
      } catch (error) {
        return listener.refused({ key: override, action: 'add', error: messageOf(error) })
      }
      listener.added(override)
    }),
  )
}
