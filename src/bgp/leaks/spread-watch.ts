/**
 * Looks whether overrides of one router have reached another over the network's own iBGP: a router that
 * reflects routes hands them on, and NO_EXPORT does not stop it. A router that sends gobgpd what it has
 * learned over iBGP shows it; of others nothing is seen.
 */
import type { Clock } from '../../model/clock.ts'
import type { Finding } from '../../model/alarm.ts'
import { formatAddress, formatPrefix, type Prefix } from '../../model/prefix.ts'
import type { Router } from '../../model/topology.ts'
import type { Bgp } from '../bgp.ts'
import { isBug } from '../wire/retry.ts'

export interface SpreadWatchOptions {
  readonly bgp: Pick<Bgp, 'list' | 'markedFrom' | 'session'>
  readonly routers: readonly Pick<Router, 'name' | 'address' | 'gobgp'>[]
  readonly clock: Clock
}

export interface SpreadWatch {
  /** Looks beside the caller when it is time; never fails. */
  look(): void
  /** Of the last look, what the one before it showed, too. */
  findings(): readonly Finding[]
}

const INTERVAL_MS = 15_000
/** So many prefixes of each router are asked for in one look. */
const MOST_PREFIXES = 200

export function createSpreadWatch({ bgp, routers, clock }: SpreadWatchOptions): SpreadWatch {
  let dueMs = -Infinity
  let isLooking = false
  /** By router: overrides of others that it has. */
  let seen = new Map<string, readonly string[]>()
  let believed = new Map<string, readonly string[]>()

  const read = async (): Promise<Map<string, readonly string[]>> => {
    const held = await Promise.all(
      routers.map(async ({ name }) => (await bgp.list(name).catch(notThere)).map(({ prefix }) => prefix)),
    )
    const found = new Map<string, readonly string[]>()
    for (const [i, { name, address, gobgp }] of routers.entries()) {
      if (!bgp.session(name).up) continue
      const own = new Set(held[i]!.map(formatPrefix))
      const others = new Map<string, Prefix>()
      for (const prefix of held.toSpliced(i, 1).flat()) {
        if (!own.has(formatPrefix(prefix)) && others.size < MOST_PREFIXES) others.set(formatPrefix(prefix), prefix)
      }
      const marked = await bgp.markedFrom(gobgp, formatAddress(address), [...others.values()]).catch(notThere)
      if (marked.length > 0) found.set(name, marked.map(formatPrefix).sort())
    }
    return found
  }

  const lookNow = async (): Promise<void> => {
    isLooking = true
    try {
      const now = await read()
      believed = new Map([...now].filter(([name]) => seen.has(name)))
      seen = now
    } finally {
      isLooking = false
      dueMs = clock() + INTERVAL_MS
    }
  }

  return {
    look: () => {
      if (routers.length > 1 && !isLooking && clock() >= dueMs) void lookNow()
    },
    findings: () =>
      [...believed].map(([router, prefixes]) => ({
        kind: 'override_spread',
        router,
        interface: undefined,
        message:
          `${router} has overrides of other routers (${prefixes.length}, as ${prefixes[0]}): iBGP between the ` +
          'routers hands them on; have each router reject the marker towards its iBGP neighbors: docs/routers.md',
      })),
  }
}

/** A gobgpd that does not answer has an alarm of its own. */
function notThere(error: unknown): never[] {
  if (isBug(error)) throw error
  return []
}
