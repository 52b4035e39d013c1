/**
 * What happened and what was carried, kept in a file over restarts. Steering never waits for it: a thread of
 * its own writes and reads, and what it cannot take in time is lost and told.
 */
import type { Logger } from 'pino'
import type { LoggedDecision } from '../controller/decision-log.ts'
import type { CycleReport } from '../controller/report.ts'
import type { Alarm, Finding } from '../model/alarm.ts'
import type { Clock } from '../model/clock.ts'
import { messageOf } from '../model/error-message.ts'
import type { Mode } from '../model/mode.ts'
import { formatPrefix } from '../model/prefix.ts'
import { within } from '../process/within.ts'
import { LoadAverages } from './load-averages.ts'
import { Outbox } from './outbox.ts'
import { OverrideWatch } from './override-watch.ts'
import type { DecisionRecord, HistoryQuestion, HistoryQuestions, HistoryRecord } from './records.ts'
import { LOAD_TIERS } from './schema.ts'
import type { StoreOptions } from './store.ts'
import { createThreadClient } from './thread-client.ts'

export interface HistoryOptions extends StoreOptions {
  readonly clock: Clock
  readonly logger: Logger
}

export interface History {
  start(): void
  /** Writes what waits, as far as that goes within 2 s; never rejects. */
  stop(): Promise<void>
  /** To be called with decisions before the cycle in which they were made. */
  noteDecisions(decisions: readonly LoggedDecision[]): void
  /** To be called after every cycle, with the alarms that are on. */
  note(report: CycleReport, alarms: readonly Alarm[]): void
  /** Answers as of now; rejects with HistoryUnavailable, within 3 s. */
  ask<Q extends HistoryQuestion>(
    question: Q,
    query: HistoryQuestions[Q]['query'],
  ): Promise<HistoryQuestions[Q]['answer']>
  /** What keeps it from being written. */
  findings(): readonly Finding[]
  stats(): HistoryStats
}

export interface HistoryStats {
  /** Of the file that hold something; undefined before the first write. */
  readonly bytes: number | undefined
  readonly writeFailures: number
  /** Records that were given up. */
  readonly lost: number
  /** Duration of the last write, s. */
  readonly lastWriteSeconds: number | undefined
}

export class HistoryUnavailable extends Error {}

const WRITE_INTERVAL_MS = 1_000
/** Tried again after so long, twice as long after each further failure, up to the longest. */
const FIRST_RETRY_MS = 1_000
const LONGEST_RETRY_MS = 30_000
/** A write that takes longer is a fault. */
const SLOW_WRITE_MS = 10_000
const ANSWER_WITHIN_MS = 3_000
/** Questions that may be asked at once. */
const MOST_ASKED = 16
const STOP_WITHIN_MS = 2_000

export function createHistory({ clock, logger, ...options }: HistoryOptions): History {
  const thread = createThreadClient(options)
  const outbox = new Outbox()
  const averages = new LoadAverages(LOAD_TIERS[0].stepMs)
  const overrides = new OverrideWatch()
  let decisions: LoggedDecision[] = []
  let alarmsTold: string | undefined
  let modeTold: Mode | undefined
  let lostTold = 0
  let timer: NodeJS.Timeout | undefined
  let writing: Promise<void> | undefined
  let writingSinceMs = 0
  let retryMs = 0
  let notBeforeMs = -Infinity
  let fault: string | undefined
  let asked = 0
  const stats = { bytes: undefined as number | undefined, writeFailures: 0, lastWriteSeconds: undefined as number | undefined }

  /** What stands is told again: it may not be in the file. */
  const tellAgain = (): void => {
    overrides.reset()
    alarmsTold = undefined
    modeTold = undefined
  }
  const write = async (): Promise<void> => {
    const records = outbox.take()
    writingSinceMs = clock()
    try {
      const reply = await thread.request({ kind: 'write', records, nowMs: writingSinceMs })
      if (reply.kind !== 'written') throw new Error(`it answered ${reply.kind}`)
      const { bytes, setAside, isFirst } = reply.written
      if (setAside !== undefined) logger.warn({ file: options.file, what: setAside }, 'history begun anew')
      if (isFirst) tellAgain()
      if (fault !== undefined) logger.info({ file: options.file }, 'history is written again')
      stats.bytes = bytes
      fault = undefined
      retryMs = 0
    } catch (error) {
      outbox.putBack(records)
      const why = messageOf(error)
      if (why !== fault) logger.warn({ file: options.file, why }, 'history cannot be written')
      fault = why
      stats.writeFailures++
      retryMs = Math.min(LONGEST_RETRY_MS, retryMs === 0 ? FIRST_RETRY_MS : 2 * retryMs)
      notBeforeMs = clock() + retryMs
    }
    stats.lastWriteSeconds = (clock() - writingSinceMs) / 1000
    writing = undefined
  }
  const writeWhenDue = (): void => {
    if (writing !== undefined || outbox.isEmpty || clock() < notBeforeMs) return
    writing = write()
  }
  const isSlow = (): boolean => writing !== undefined && clock() - writingSinceMs > SLOW_WRITE_MS

  return {
    start: () => {
      timer = setInterval(writeWhenDue, WRITE_INTERVAL_MS)
    },
    stop: async () => {
      clearInterval(timer)
      const running = averages.take()
      if (running !== undefined) outbox.add({ kind: 'loads', ...running })
      const end = async (): Promise<void> => {
        await writing
        if (!outbox.isEmpty) await write()
        await thread.close()
      }
      await within(STOP_WITHIN_MS, end())
      thread.terminate()
    },
    noteDecisions: (news) => {
      decisions.push(...news)
      for (const one of news) outbox.add({ kind: 'decision', decision: toRecord(one) })
    },
    note: (report, alarms) => {
      const step = averages.add(report)
      if (step !== undefined) outbox.add({ kind: 'loads', ...step })
      if (outbox.lost > lostTold) tellAgain()
      lostTold = outbox.lost
      for (const record of overrides.look(report, decisions)) outbox.add(record)
      decisions = []
      const told = JSON.stringify(alarms.map(({ kind, router, interface: name }) => [kind, router, name]))
      if (told !== alarmsTold) outbox.add(toAlarms(report.startedMs, alarms))
      alarmsTold = told
      if (report.mode !== modeTold) outbox.add({ kind: 'mode', atMs: report.startedMs, mode: report.mode })
      modeTold = report.mode
    },
    ask: async (question, query) => {
      if (asked >= MOST_ASKED) throw new HistoryUnavailable('too much is asked of the history at once')
      if (isSlow()) throw new HistoryUnavailable('the history does not answer: its disk is slow or hangs')
      // What was decided a moment ago shall be among the answers.
      writeWhenDue()
      asked++
      try {
        const reply = await within(ANSWER_WITHIN_MS, thread.request({ kind: 'ask', question, query, nowMs: clock() }))
        if (reply?.kind !== 'answer') throw new Error('it does not answer in time')
        return reply.answer
      } catch (error) {
        throw new HistoryUnavailable(`the history cannot be read: ${messageOf(error)}`, { cause: error })
      } finally {
        asked--
      }
    },
    findings: () => {
      const why = isSlow() ? 'its disk is slow or hangs' : fault
      if (why === undefined) return []
      const message = `history is not written (${options.file}: ${why}): steering goes on, trends will have a gap`
      return [{ kind: 'history_unavailable', router: undefined, interface: undefined, message }]
    },
    stats: () => ({ ...stats, lost: outbox.lost }),
  }
}

function toRecord({ prefix, fromInterface, toInterface, bps, ...rest }: LoggedDecision): DecisionRecord {
  return {
    ...rest,
    prefix: prefix === undefined ? null : formatPrefix(prefix),
    from: fromInterface ?? null,
    to: toInterface ?? null,
    bps: bps ?? null,
  }
}

function toAlarms(atMs: number, alarms: readonly Alarm[]): HistoryRecord {
  return {
    kind: 'alarms',
    atMs,
    active: alarms.map(({ kind, router, interface: name, message, sinceMs }) => ({
      kind,
      router: router ?? null,
      interface: name ?? null,
      message,
      sinceMs,
    })),
  }
}
