/** The API on a free port, asked over HTTP like any client does. */
import { request as httpRequest } from 'node:http'
import { Writable } from 'node:stream'
import { pino } from 'pino'
import { onTestFinished } from 'vitest'
import { createApi } from '../../src/api/api.ts'
import { createLiveEvents } from '../../src/api/live-events.ts'
import { createMetrics } from '../../src/api/metrics/metrics.ts'
import type { ApiView } from '../../src/api/view.ts'
import { createFakeView, NOW_MS } from './fake-view.ts'

export const TOKEN = 'a-token-long-enough'

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly text: string
  /** The body as JSON; throws when it is none. */
  json(): unknown
}

export interface Asking {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** Serves the view until the test is over. `ask` sends headers as they are given, the Host header too. */
export async function serve(
  view: ApiView = createFakeView(),
  options: { token?: undefined; host?: string; clock?: () => number; known?: Promise<unknown> } = {},
) {
  const { token, host, clock, known } = { token: TOKEN, host: '127.0.0.1', clock: () => NOW_MS, known: Promise.resolve(), ...options }
  const lines: Record<string, unknown>[] = []
  const sink = new Writable({
    write: (chunk: Buffer, _, done) => {
      lines.push(JSON.parse(String(chunk)) as Record<string, unknown>)
      done()
    },
  })
  const metrics = createMetrics(view)
  const logger = pino({ base: null }, sink)
  const events = createLiveEvents(view, clock, logger)
  const api = createApi({ listen: { host, port: 0 }, token, view, metrics, events, known, logger, clock })
  await api.start()
  onTestFinished(() => api.stop())

  const ask = (path: string, { method = 'GET', headers = {}, body }: Asking = {}): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port: api.port, path, method, headers, timeout: 5_000 }
      const request = httpRequest(options, (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => (text += chunk))
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text,
            json: () => JSON.parse(text) as unknown,
          }),
        )
      })
      request.on('timeout', () => request.destroy(new Error('no answer within 5 s')))
      request.on('error', reject)
      request.end(body)
    })
  return { api, ask, metrics, events, lines }
}
