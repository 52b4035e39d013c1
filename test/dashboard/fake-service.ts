/** The real API over a made-up view that moves on: a service that can be stopped, started anew and changed. */
import { Writable } from 'node:stream'
import { pino } from 'pino'
import { onTestFinished } from 'vitest'
import { createApi } from '../../src/api/api.ts'
import { createLiveEvents } from '../../src/api/live-events.ts'
import { createMetrics } from '../../src/api/metrics/metrics.ts'
import type { ApiView } from '../../src/api/view.ts'
import type { CycleReport } from '../../src/controller/report.ts'
import type { Alarm } from '../../src/model/alarm.ts'
import type { LoggedDecision } from '../../src/controller/decision-log.ts'
import { createFakeView, REPORT } from '../api/fake-view.ts'

export const TOKEN = 'a-token-long-enough'

export interface FakeState {
  report: Omit<CycleReport, 'startedMs'>
  alarms: readonly Alarm[]
  /** Cycles are made, and told. */
  runs: boolean
}

export interface FakeService {
  readonly base: string
  readonly state: FakeState
  /** Makes a cycle now, in which these were decided. */
  cycle(decisions?: readonly LoggedDecision[]): void
  /** Called before every cycle. */
  beforeCycle(prepare: () => void): void
  stop(): Promise<void>
}

const CYCLE_MS = 1_000

/** Serves until the test is over. `port` 0 takes a free one. */
export async function startFakeService(changes: Partial<ApiView> = {}, port = 0): Promise<FakeService> {
  const state: FakeState = { report: REPORT, alarms: [], runs: true }
  let startedMs = Date.now()
  const view = createFakeView({
    report: () => ({ ...state.report, startedMs }),
    alarms: () => state.alarms,
    ...changes,
  })
  const logger = pino({ level: 'error' }, new Writable({ write: (_chunk, _encoding, done) => done() }))
  const events = createLiveEvents(view, Date.now, logger)
  const listen = { host: '127.0.0.1', port }
  const metrics = createMetrics(view)
  const api = createApi({ listen, token: TOKEN, view, metrics, events, known: Promise.resolve(), logger, clock: Date.now })
  await api.start()
  let told: readonly Alarm[] = []
  let prepare = (): void => {}
  const cycle = (decisions: readonly LoggedDecision[] = []): void => {
    prepare()
    startedMs = Date.now()
    events.noteDecisions(decisions)
    const { alarms } = state
    events.publish({
      begun: alarms.filter((alarm) => !told.includes(alarm)),
      ended: told.filter((alarm) => !alarms.includes(alarm)),
    })
    told = alarms
  }
  const cycling = setInterval(() => state.runs && cycle(), CYCLE_MS)
  let stopped: Promise<void> | undefined
  const stop = (): Promise<void> => {
    clearInterval(cycling)
    return (stopped ??= api.stop())
  }
  onTestFinished(stop)
  return { base: `http://127.0.0.1:${api.port}`, state, cycle, beforeCycle: (next) => void (prepare = next), stop }
}
