/** A watchdog: guards every gobgpd of a configuration, each by itself. */
import { randomBytes } from 'node:crypto'
import type { Logger } from 'pino'
import type { Clock } from '../model/clock.ts'
import type { WatchdogRole } from '../model/lease.ts'
import { createGuard } from './guard.ts'

/** All that a watchdog has to know; it goes to a child as JSON. */
export interface WatchdogSettings {
  /** gRPC targets of the gobgpds. */
  readonly targets: readonly string[]
  readonly marker: number
  readonly leaseMs: number
}

export interface Watchdog {
  start(): void
  stop(): Promise<void>
  /** The service that started it is gone: it stays as long as there is something to guard. */
  orphan(): void
  /** An orphan has nothing more to do. */
  mayLeave(): boolean
}

export function createWatchdog(
  { targets, marker, leaseMs }: WatchdogSettings, startedAs: WatchdogRole, clock: Clock, logger: Logger,
): Watchdog {
  const watchdog = randomBytes(4).readUInt32BE()
  let role = startedAs
  const guards = targets.map((target) =>
    createGuard({ target, marker, leaseMs, watchdog, role: () => role, clock, logger }))
  return {
    start: () => {
      for (const guard of guards) guard.start()
    },
    stop: async () => void (await Promise.all(guards.map((guard) => guard.stop()))),
    orphan: () => {
      role = 'orphan'
    },
    mayLeave: () => role === 'orphan' && guards.every((guard) => guard.mayLeave()),
  }
}
