/** Guards one gobgpd: looks at its notes every second, and withdraws what nobody answers for any more. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { connectGobgp, type GobgpConnection } from '../bgp/wire/connect-gobgp.ts'
import type { GobgpApi, LocalPath } from '../bgp/wire/gobgp-api.ts'
import { isOurs } from '../bgp/override-path.ts'
import { BEAT_MS } from '../lease/beats.ts'
import type { Clock } from '../model/clock.ts'
import { messageOf } from '../model/error-message.ts'
import type { WatchdogRole } from '../model/lease.ts'
import { guardUnread, judgeGuard, mayLeave, NOTHING_GUARDED } from './judge-guard.ts'

export interface GuardOptions {
  /** gRPC target of gobgpd. */
  readonly target: string
  readonly marker: number
  /** How long overrides may be there without any lease. */
  readonly leaseMs: number
  /** The watchdog's own number, 32 random bits. */
  readonly watchdog: number
  readonly role: () => WatchdogRole
  readonly clock: Clock
  readonly logger: Logger
}

export interface Guard {
  start(): void
  /** Resolves when the look under way is over; takes the heartbeat with it. */
  stop(): Promise<void>
  /** An orphan has nothing more to do here. */
  mayLeave(): boolean
}

/** So many are withdrawn before the next beat: gobgpd takes 77,000 a second (measured). */
const IN_ONE_LOOK = 10_000
/**
 * So long what has lapsed is told when nothing is left, for who stands by to see it and not to wait for its
 * owner.
 */
const TELLS_LAPSED_MS = 3_000
/** Nobody listens on this machine: that gobgpd has ended, and its routes with it. */
const ENDED_MS = 3_000
/** Whatever keeps gobgpd from answering, its routes are still there; but an orphan must end some day. */
const GIVE_UP_MS = 3_600_000

export function createGuard({ target, marker, leaseMs, watchdog, role, clock, logger }: GuardOptions): Guard {
  const stopped = new AbortController()
  let running: Promise<void> | undefined
  let connection: GobgpConnection | undefined
  let memory = NOTHING_GUARDED
  let sequence = 0
  let withdrawn = 0
  /** Since when gobgpd does not answer, and since when nobody listens there. */
  let awaySinceMs: number | undefined
  let endedSinceMs: number | undefined

  const run = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      const begunMs = clock()
      let isMore = false
      try {
        connection ??= await connectGobgp(target, stopped.signal)
        isMore = await look(connection)
        if (awaySinceMs !== undefined) logger.info({ target }, 'gobgpd answers again')
        awaySinceMs = endedSinceMs = undefined
      } catch (error) {
        // Even a fault of this program: the other gobgpds are to be guarded all the same.
        if (!stopped.signal.aborted) noteOutage(messageOf(error))
      }
      const restMs = isMore ? 0 : Math.max(0, begunMs + BEAT_MS - clock())
      await sleep(restMs, undefined, { signal: stopped.signal }).catch(() => {})
    }
  }

  /** True when there is more to withdraw. */
  const look = async ({ api }: GobgpConnection): Promise<boolean> => {
    const notes = api.notes(marker)
    const found = await notes.read()
    const marked = found.lease === undefined && (await listMarked(api)).length > 0
    const judged = judgeGuard(memory, { ...found, marked, nowMs: clock() }, watchdog, leaseMs)
    memory = judged.memory
    sequence = (sequence + 1) >>> 0
    await notes.writeHeartbeat({ watchdog, sequence, role: role() })
    switch (judged.step.kind) {
      case 'wait':
        withdrawn = 0
        return false
      case 'fence': {
        const { owner, durationMs } = judged.step.write
        const unchangedMs = Math.round(memory.watch.unchangedMs)
        logger.warn({ target, owner, unchangedMs, durationMs }, 'a lease was not renewed: its overrides go')
        await notes.writeLease(judged.step.write)
        return true
      }
      case 'withdraw': {
        const paths = await listMarked(api)
        if (paths.length > 0) {
          const some = paths.slice(0, IN_ONE_LOOK)
          await api.deletePaths(some)
          withdrawn += some.length
          return true
        }
        if (memory.watch.unchangedMs < TELLS_LAPSED_MS) return false
        // Whoever claimed it meanwhile keeps it.
        if ((await notes.read()).lease?.state === 'lapsed') await notes.remove('lease')
        logger.warn({ target, withdrawn }, 'no override is left')
        return false
      }
    }
  }

  const listMarked = async (api: GobgpApi): Promise<LocalPath[]> => {
    const paths = [...(await api.listLocal(4)), ...(await api.listLocal(6))]
    return paths.filter(({ attributes }) => isOurs(attributes, marker))
  }

  const noteOutage = (reason: string): void => {
    if (awaySinceMs === undefined) logger.warn({ target, reason }, 'gobgpd is away')
    awaySinceMs ??= clock()
    // A socket that nobody listens on refuses; one that is not there is no socket.
    if (!isLocal(target) || !/ECONNREFUSED|ENOENT/.test(reason)) endedSinceMs = undefined
    else endedSinceMs ??= clock()
    memory = guardUnread(memory)
    connection?.close()
    connection = undefined
  }

  return {
    start: () => {
      running ??= run()
    },
    stop: async () => {
      stopped.abort()
      await running
      try {
        const notes = connection?.api.notes(marker)
        if ((await notes?.read())?.heartbeat?.watchdog === watchdog) await notes?.remove('heartbeat')
      } catch {
        // It is left over, and whoever reads it sees that it does not change.
      }
      connection?.close()
    },
    mayLeave: () => {
      const hasPassed = (sinceMs: number | undefined, ms: number): boolean =>
        sinceMs !== undefined && clock() - sinceMs >= ms
      if (hasPassed(endedSinceMs, ENDED_MS) || hasPassed(awaySinceMs, GIVE_UP_MS)) return true
      return awaySinceMs === undefined && mayLeave(memory, watchdog, clock())
    },
  }
}

function isLocal(target: string): boolean {
  return /^(unix:|localhost:|127\.|\[::1\])/.test(target)
}
