/** The connection to one gobgpd: made anew whenever it breaks, and the routers' tables filled over it. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Clock } from '../model/clock.ts'
import { messageOf } from '../model/error-message.ts'
import type { Router } from '../model/topology.ts'
import type { CallTally } from './wire/call-tally.ts'
import { connectGobgp, type GobgpConnection } from './wire/connect-gobgp.ts'
import type { Feed } from './feed/feed.ts'
import type { ApiVersion, GobgpApi } from './wire/gobgp-api.ts'
import type { Opening } from './opening.ts'
import { breaksConnection, createBackoff, isBug } from './wire/retry.ts'

export interface GobgpStatus {
  readonly target: string
  readonly connected: boolean
  /** How often it was connected since the start: another gobgpd may answer each time. */
  readonly connections: number
  /** GoBGP's own version: its API does not tell it. */
  readonly version: string | undefined
  readonly apiVersion: ApiVersion | undefined
  readonly asn: number | undefined
  readonly routerId: string | undefined
  /** Why it is not connected, or was not when it last was not. */
  readonly lastError: string | undefined
}

export interface LinkOptions {
  readonly target: string
  readonly routers: readonly Pick<Router, 'name'>[]
  /** Reads over each connection. */
  readonly feed: Feed
  readonly opening: Opening
  readonly tally: CallTally
  readonly clock: Clock
  readonly logger: Logger
  /** Jitter of the backoff, in [0, 1) (default: Math.random). */
  readonly random?: () => number
}

export interface Link {
  /** Begins to connect, and keeps at it until `stop`. */
  start(): void
  stop(): Promise<void>
  /** Works on the connection, waiting for one only when it is just being made; rejects when there is none. */
  readonly use: <T>(work: (api: GobgpApi) => Promise<T>) => Promise<T>
  status(): GobgpStatus
  /** How often the tables were filled anew from the start; calls and streams that failed. */
  counts(): { readonly resyncs: number; readonly grpcErrors: number }
}

/** A connection that held so long was a good one: the next outage starts with short delays again. */
const GOOD_AFTER_MS = 10_000

/** Inert until `start`. */
export function createLink(options: LinkOptions): Link {
  const { target, routers, feed, opening, tally, clock, logger, random = Math.random } = options
  const stopped = new AbortController()
  let connection: GobgpConnection | undefined
  /** The failed call that made us give the connection up. */
  let brokenBy: unknown
  /** Settled while no attempt is under way. */
  let attempt: Promise<unknown> = Promise.resolve()
  let running: Promise<void> | undefined
  let lastError: string | undefined
  let connections = 0
  let resyncs = 0
  let grpcErrors = 0

  const keepConnected = async (): Promise<void> => {
    const backoff = createBackoff(random)
    while (!stopped.signal.aborted) {
      let liveSinceMs = Infinity
      try {
        const connecting = connect()
        attempt = connecting.catch(() => {})
        const { api, server } = await connecting
        await feed.run(api, server.routerId, (differences) => {
          liveSinceMs = Math.min(liveSinceMs, clock())
          resyncs++
          const filled = { target, routers: routers.map(({ name }) => name) }
          if (differences.length === 0) logger.info(filled, 'route tables are in place')
          else logger.warn({ ...filled, differences }, 'route tables had gone astray and were filled anew')
        })
      } catch (error) {
        if (isBug(error)) throw error
        if (!stopped.signal.aborted) noteLoss(brokenBy ?? error)
      }
      connection?.close()
      connection = undefined
      brokenBy = undefined
      if (clock() - liveSinceMs >= GOOD_AFTER_MS) backoff.reset()
      await sleep(backoff.nextMs(), undefined, { signal: stopped.signal }).catch(() => {})
    }
  }

  const connect = async (): Promise<GobgpConnection> => {
    const made = await connectGobgp(target, stopped.signal, tally)
    connection = made
    connections++
    await opening.begin(made.api)
    logger.info({ target, api: made.api.version, ...made.server }, 'connected to gobgpd')
    return made
  }

  const noteLoss = (error: unknown): void => {
    grpcErrors++
    const reason = messageOf(error)
    // Once for each reason: it is tried again every few seconds.
    if (reason !== lastError || connection !== undefined) logger.warn({ target, reason }, 'gobgpd is away')
    lastError = reason
  }

  const use = async <T>(work: (api: GobgpApi) => Promise<T>): Promise<T> => {
    await attempt
    const mine = connection
    if (mine === undefined) {
      throw new Error(`gobgpd at ${target} is not connected: ${lastError ?? 'not started'}`)
    }
    try {
      return await work(mine.api)
    } catch (error) {
      grpcErrors++
      if (breaksConnection(error) && !feed.pulse.excuses(error)) {
        brokenBy ??= error
        // It ends the feed's watch, and then a new connection is made.
        mine.close()
      }
      throw error
    }
  }

  return {
    start: () => void (running ??= keepConnected()),
    stop: async () => {
      stopped.abort()
      connection?.close()
      await running
    },
    use,
    status: () => ({
      target,
      connected: connection !== undefined,
      connections,
      version: undefined,
      apiVersion: connection?.api.version,
      asn: connection?.server.asn,
      routerId: connection?.server.routerId,
      lastError,
    }),
    counts: () => ({ resyncs, grpcErrors }),
  }
}
