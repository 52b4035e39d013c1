/** What happens, as it happens: what every open stream of server-sent events is told. */
import type { LoggedDecision } from '../controller/decision-log.ts'
import type { ServerResponse } from 'node:http'
import type { Logger } from 'pino'
import type { AlarmChanges } from '../controller/alarms.ts'
import type { Clock } from '../model/clock.ts'
import { ApiError } from './api-error.ts'
import { findOverrideChanges, type OverrideJson } from './find-override-changes.ts'
import { presentAlarm } from './json/alarm.ts'
import { presentDecision } from './json/decision.ts'
import type { LiveEvent } from './json/live-event.ts'
import { presentOverride } from './json/override.ts'
import { toTime } from './json/values.ts'
import { presentInterfaces } from './present-interfaces.ts'
import type { ApiView } from './view.ts'

export interface LiveEvents {
  /** To be called with what is news, before the cycle is published. */
  noteDecisions(decisions: readonly LoggedDecision[]): void
  /** To be called after each cycle, when the view shows it. */
  publish(alarms: Pick<AlarmChanges, 'begun' | 'ended'>): void
  /**
   * Streams to the response from now on, of one router only when it is named; throws ApiError 503 when there
   * are too many streams.
   */
  open(response: ServerResponse, router: string | undefined): void
  /** Ends every stream, in order; none opens any more. */
  end(): void
}

interface Stream {
  readonly response: ServerResponse
  readonly router: string | undefined
  /** Since when what it was sent waits to be taken, ms. */
  behindSinceMs: number | undefined
}

/** News as it is told to all, or to those who want this router or no certain one. */
interface News {
  readonly router: string | undefined
  readonly text: string
}

export const MAX_STREAMS = 64
/** A stream is dropped that has not taken all for so long, or that has so much to take. */
const MAX_BEHIND_MS = 10_000
const MAX_BEHIND_BYTES = 16 * 2 ** 20
const CYCLE_INTERVAL_MS = 1_000
const HEARTBEAT_MS = 15_000
/** When a client is to try again after a stream has ended. */
const RETRY_MS = 1_000

export function createLiveEvents(view: ApiView, clock: Clock, logger: Logger): LiveEvents {
  const streams = new Set<Stream>()
  /** Told apart from those of the services before and after. */
  const service = clock().toString(36)
  let sequence = 0
  let batch: News[] = []
  let overrides: ReadonlyMap<string, OverrideJson> = new Map()
  let lastCycleMs = -Infinity
  let laterCycle: NodeJS.Timeout | undefined
  let heartbeat: NodeJS.Timeout | undefined
  let hasEnded = false

  const render = ({ event, data }: LiveEvent): string =>
    `id: ${service}-${(sequence += 1)}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`
  const note = (router: string | undefined, event: LiveEvent): void => {
    if (streams.size > 0) batch.push({ router, text: render(event) })
  }

  /** What all of them wait for is rendered once, and lies in memory once. */
  function tell(compose: (router: string | undefined) => string): void {
    const composed = new Map<string | undefined, Buffer>()
    for (const stream of streams) {
      let bytes = composed.get(stream.router)
      if (bytes === undefined) composed.set(stream.router, (bytes = Buffer.from(compose(stream.router))))
      if (bytes.length > 0) write(stream, bytes)
    }
  }

  function write(stream: Stream, bytes: Buffer): void {
    const { response } = stream
    const nowMs = clock()
    stream.behindSinceMs = response.writableLength === 0 ? undefined : (stream.behindSinceMs ?? nowMs)
    const behindMs = nowMs - (stream.behindSinceMs ?? nowMs)
    if (behindMs < MAX_BEHIND_MS && response.writableLength < MAX_BEHIND_BYTES) {
      response.write(bytes)
      return
    }
    logger.warn({ remote: response.req.socket.remoteAddress }, 'a reader of events does not read: dropped')
    streams.delete(stream)
    response.destroy()
  }

  function flush(): void {
    const told = batch
    batch = []
    if (told.length === 0) return
    tell((router) =>
      told
        .filter((news) => router === undefined || news.router === undefined || news.router === router)
        .map(({ text }) => text)
        .join(''),
    )
  }

  function renderCycle(router: string | undefined): string {
    const report = view.report()
    if (report === undefined) return ''
    const isWanted = (of: { router?: string | undefined }): boolean =>
      router === undefined || of.router === undefined || of.router === router
    return render({
      event: 'cycle',
      data: {
        at: toTime(report.startedMs),
        duration_seconds: report.durationMs / 1_000,
        mode: report.mode,
        interfaces: presentInterfaces(view, router),
        overrides: [...overrides.values()].filter(isWanted).length,
        alarms: view.alarms().filter(isWanted).length,
      },
    })
  }

  function tellCycle(): void {
    clearTimeout(laterCycle)
    laterCycle = undefined
    lastCycleMs = clock()
    tell(renderCycle)
  }

  return {
    noteDecisions: (decisions) => {
      for (const one of decisions) note(one.router, { event: 'decision', data: presentDecision(one) })
    },
    publish: ({ begun, ended }) => {
      if (hasEnded) return
      const reports = view.report()?.routers.flatMap((router) => router.overrides) ?? []
      const now = new Map(reports.map((report) => [report.id, presentOverride(report, view)]))
      const { added, withdrawn } = findOverrideChanges(overrides, now)
      overrides = now
      for (const data of withdrawn) note(data.router, { event: 'override_withdrawn', data })
      for (const data of added) note(data.router, { event: 'override_added', data })
      for (const alarm of begun) {
        note(alarm.router, { event: 'alarm', data: { ...presentAlarm(alarm), state: 'begun' } })
      }
      for (const alarm of ended) {
        note(alarm.router, { event: 'alarm', data: { ...presentAlarm(alarm), state: 'ended' } })
      }
      flush()
      const waitMs = lastCycleMs + CYCLE_INTERVAL_MS - clock()
      if (waitMs <= 0) tellCycle()
      else laterCycle ??= setTimeout(tellCycle, waitMs)
    },
    open: (response, router) => {
      if (hasEnded || streams.size >= MAX_STREAMS) {
        const why = hasEnded ? 'the service stops' : `${MAX_STREAMS} streams are open already`
        throw new ApiError(503, 'too_many_streams', why)
      }
      const stream: Stream = { response, router, behindSinceMs: undefined }
      streams.add(stream)
      heartbeat ??= setInterval(() => tell(() => ':\n\n'), HEARTBEAT_MS)
      response.on('close', () => {
        streams.delete(stream)
        if (streams.size > 0) return
        clearInterval(heartbeat)
        heartbeat = undefined
      })
      response.write(`retry: ${RETRY_MS}\n\n${renderCycle(router)}`)
    },
    end: () => {
      hasEnded = true
      clearTimeout(laterCycle)
      clearInterval(heartbeat)
      flush()
      for (const { response } of streams) response.end()
      streams.clear()
    },
  }
}
