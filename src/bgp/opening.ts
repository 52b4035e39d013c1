/**
 * What is owed to a gobgpd that has just started: it holds no override, and nothing that a router sent. Where
 * its neighbors are configured `admin-down`, it waits with their sessions until our overrides are in again,
 * so that a router that helps with graceful restart (RFC 4724) never sees them missing. When that is done, a
 * note is left with gobgpd: whoever is administratively down later was disabled by hand, and stays so.
 */
import type { Logger } from 'pino'
import type { RouterSession } from '../controller/ports.ts'
import type { Clock } from '../model/clock.ts'
import { formatAddress } from '../model/prefix.ts'
import type { Router } from '../model/topology.ts'
import type { GobgpApi } from './wire/gobgp-api.ts'

/**
 * So long after a gobgpd started its sessions are awaited: what it has not heard of its routers is not gone
 * yet.
 */
const AWAITED_MS = 120_000

export interface OpeningOptions {
  readonly target: string
  readonly routers: readonly Pick<Router, 'name' | 'address'>[]
  readonly marker: number
  readonly clock: Clock
  readonly logger: Logger
}

export interface Opening {
  /** To be called on every new connection, before anything is concluded from what GoBGP holds. */
  begin(api: GobgpApi): Promise<void>
  /** The session as it is to be understood. */
  judge(router: string, session: RouterSession): RouterSession
  /** Opens the router's session when GoBGP is new; one that somebody has disabled stays down. */
  open(api: GobgpApi, router: string): Promise<void>
}

export function createOpening({ target, routers, marker, clock, logger }: OpeningOptions): Opening {
  const neighborOf = new Map(routers.map(({ name, address }) => [name, formatAddress(address)]))
  /** When the gobgpd of this connection was first seen, where it was new then. */
  let newSinceMs: number | undefined
  const unopened = new Set<string>()
  const neverUp = new Set<string>()

  return {
    begin: async (api) => {
      const isNew = !(await api.isOpened(marker))
      newSinceMs = isNew ? clock() : undefined
      for (const set of [unopened, neverUp]) {
        set.clear()
        if (isNew) for (const { name } of routers) set.add(name)
      }
    },

    judge: (router, session) => {
      if (session.up) neverUp.delete(router)
      const isAwaited = newSinceMs !== undefined && neverUp.has(router) && clock() - newSinceMs < AWAITED_MS
      const awaitsOpen = unopened.has(router)
      return {
        up: session.up,
        synced: session.synced && !isAwaited,
        ...(awaitsOpen && { awaitsOpen }),
        ...(session.disabled === true && !awaitsOpen && { disabled: true }),
      }
    },

    open: async (api, router) => {
      if (!unopened.has(router)) return
      // Another Spillway may have been faster.
      if (await api.isOpened(marker)) return unopened.clear()
      const neighbor = neighborOf.get(router)!
      const peer = (await api.listPeers()).find(({ address }) => address === neighbor)
      // Where its configuration did not, somebody has disabled it before we came.
      if (peer?.disabled && peer.beginsDisabled) {
        await api.enablePeer(neighbor)
        logger.info({ target, router, neighbor }, 'session opened: gobgpd had started anew and waited for it')
      }
      unopened.delete(router)
      if (unopened.size === 0) await api.markOpened(marker)
    },
  }
}
