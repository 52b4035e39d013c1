/** The leases of all gobgpds: the gate that asks for them, and the watchdog that has to be there. */
import type { Gate, OverrideStore, Permission } from '../controller/ports.ts'
import type { Finding } from '../model/alarm.ts'
import type { Clock } from '../model/clock.ts'
import type { Router } from '../model/topology.ts'
import { SILENCE_MS } from './beats.ts'
import type { LeaseSelf } from './judge-lease.ts'
import { LeaseKeeper, type LeaseHandover, type LeaseStatus } from './lease-keeper.ts'
import type { GuardedStore, NoteStore, WatchdogChild } from './ports.ts'

export interface LeasesOptions {
  readonly routers: readonly Pick<Router, 'name' | 'gobgp'>[]
  readonly notes: (target: string) => NoteStore
  readonly self: LeaseSelf
  readonly watchdog: WatchdogChild
  readonly clock: Clock
}

export interface Leases {
  readonly gate: Gate
  /** The same store, but it refuses to add what no lease covers any more. */
  guard(overrides: GuardedStore): OverrideStore
  /** One for each gobgpd. */
  status(): readonly LeaseStatus[]
  /** What is wrong for routers that could send something. */
  findings(): readonly Finding[]
  /** Releases what is held, of these gobgpds or of all; what does not answer is left to lapse. */
  release(which?: (gobgpd: { readonly target: string }) => boolean): Promise<void>
  handover(): ReadonlyMap<string, LeaseHandover>
}

/** A watchdog of another unit shows itself within this time. */
const SHOWS_WITHIN_MS = 3_000

export function createLeases(options: LeasesOptions, before?: ReadonlyMap<string, LeaseHandover>): Leases {
  const { routers, notes, self, watchdog, clock } = options
  const targetOf = new Map(routers.map(({ name, gobgp }) => [name, gobgp]))
  const targets = [...new Set(targetOf.values())]
  const keepers = new Map(targets.map((target) =>
    [target, new LeaseKeeper({ target, notes: notes(target), self, clock }, before?.get(target))]))
  const keeperOf = (router: string): LeaseKeeper => keepers.get(targetOf.get(router)!)!
  /** Routers that could send something, as they said last. */
  const acting = new Set<string>()
  const looking = new Map<LeaseKeeper, Promise<Permission>>()

  /** One look serves all routers of a gobgpd that ask meanwhile. */
  const look = (keeper: LeaseKeeper): Promise<Permission> => {
    const mayAct = [...acting].some((router) => keeperOf(router) === keeper)
    const underWay = looking.get(keeper) ?? keeper.look(mayAct).finally(() => looking.delete(keeper))
    looking.set(keeper, underWay)
    return underWay
  }

  let knownEnds = watchdog.ends().times
  const keepWatchdog = (keeper: LeaseKeeper): void => {
    const { times } = watchdog.ends()
    // Its last beat may have been read just now.
    if (times !== knownEnds) for (const keeper of keepers.values()) keeper.watchdogEnded()
    knownEnds = times
    const { beats } = keeper
    // Where gobgpd was never read it is not known yet whether there is one, and nothing can be sent.
    if (beats.watchedMs === undefined) return
    // Whoever holds the lease has one.
    if (keeper.status().rivalOwner !== undefined) return
    const mayShow = beats.last?.role === 'alone' && beats.watchedMs < SHOWS_WITHIN_MS
    if (beats.silentAloneMs < SILENCE_MS || mayShow) return
    watchdog.ensure()
    const watched = [...keepers.values()].filter((keeper) => keeper.beats.watchedMs !== undefined)
    if (watched.every((keeper) => keeper.beats.silentMs >= 2 * SILENCE_MS)) watchdog.replace()
  }

  const describeMissing = ({ target }: LeaseKeeper): string => {
    const { last } = watchdog.ends()
    const how = last === undefined ? '' : `; the last one ended by ${last}`
    return `no watchdog is seen to look after gobgpd at ${target}${how}`
  }

  return {
    gate: {
      permission: async (router, mayAct) => {
        if (mayAct) acting.add(router)
        else acting.delete(router)
        const keeper = keeperOf(router)
        const permission = await look(keeper)
        if (!mayAct) return permission
        keepWatchdog(keeper)
        if (permission.kind !== 'granted' || keeper.beats.silentMs < SILENCE_MS) return permission
        return { kind: 'no_additions', why: describeMissing(keeper) }
      },
    },
    guard: (store) => ({
      list: (router) => store.list(router),
      withdraw: (key) => store.withdraw(key),
      add: (override, fromIfIndex) =>
        store.add(override, fromIfIndex, () => {
          if (keeperOf(override.router).mayAdd()) return
          throw new Error(
            `the lease of gobgpd at ${targetOf.get(override.router)} has not been renewed for too long`,
          )
        }),
    }),
    status: () => [...keepers.values()].map((keeper) => keeper.status()),
    findings: () =>
      [...acting].flatMap((router): Finding[] => {
        const keeper = keeperOf(router)
        const { target, rivalOwner, unreadable, watchdog: seen } = keeper.status()
        const about = { router, interface: undefined }
        if (rivalOwner !== undefined) {
          const who = `Spillway ${rivalOwner} holds the lease of gobgpd at ${target}`
          return [
            { kind: 'lease_foreign', ...about, message: `${who}: overrides of ${router} are left to it` },
          ]
        }
        if (unreadable !== undefined) {
          const what = `no lease of gobgpd at ${target} can be had (${unreadable})`
          return [{ kind: 'lease_missing', ...about, message: `${what}: nothing is injected for ${router}` }]
        }
        if (seen.seen || (keeper.beats.watchedMs ?? 0) < SILENCE_MS) return []
        const message = `${describeMissing(keeper)}: nothing is injected for ${router}`
        return [{ kind: 'watchdog_missing', ...about, message }]
      }),
    release: async (which = () => true) => {
      await Promise.allSettled([...keepers.values()].filter(which).map((keeper) => keeper.release()))
    },
    handover: () => new Map([...keepers].map(([target, keeper]) => [target, keeper.handover()])),
  }
}
