/** The REST API and the metrics over HTTP. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express, { type Express } from 'express'
import type { Logger } from 'pino'
import type { Listen } from '../config/config.ts'
import { isLoopback } from '../config/is-loopback.ts'
import type { Clock } from '../model/clock.ts'
import { answerErrors, refuseUnknownRoute } from './api-error.ts'
import { boundConnections } from './bound-connections.ts'
import { addDashboardRoutes } from './dashboard-routes.ts'
import { eventRoutes } from './event-routes.ts'
import type { LiveEvents } from './live-events.ts'
import { holdReads, TOLD_OF_CYCLES } from './hold-reads.ts'
import { historyRoutes } from './history-routes.ts'
import type { Metrics } from './metrics/metrics.ts'
import { withOpenapi } from './openapi.ts'
import { overrideRoutes } from './override-routes.ts'
import { probeRoutes } from './probe-routes.ts'
import { routingRoutes } from './routing-routes.ts'
import { requireLoopbackHost, setSecurityHeaders } from './secure.ts'
import { serveRoutes } from './serve-routes.ts'
import { statusRoutes } from './status-routes.ts'
import { trafficRoutes } from './traffic-routes.ts'
import type { ApiView } from './view.ts'

export interface ApiOptions {
  /** Port 0 takes a free one. */
  readonly listen: Listen
  /** Needed for anything that changes state; undefined: nothing can change state. */
  readonly token: string | undefined
  readonly view: ApiView
  readonly metrics: Metrics
  /** Ended when the API stops. */
  readonly events: LiveEvents
  /** Resolved when the view knows what is in force; reads of that are answered from then on. */
  readonly known: Promise<unknown>
  readonly logger: Logger
  readonly clock: Clock
}

export interface Api {
  /** Resolves when it listens; rejects with what to do when it cannot. */
  start(): Promise<void>
  /** Resolves when every connection is closed. */
  stop(): Promise<void>
  /** The port that it listens on; throws before `start`. */
  readonly port: number
}

/** How long a client may take to send its request, ms; and how many clients there may be. */
const REQUEST_TIMEOUT_MS = 10_000
const MAX_CONNECTIONS = 256

export function createApi(options: ApiOptions): Api {
  const server = createServer(
    {
      requestTimeout: REQUEST_TIMEOUT_MS,
      headersTimeout: REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: 1_000,
    },
    createApp(options),
  )
  boundConnections(server, MAX_CONNECTIONS)
  return {
    start: () => listen(server, options.listen),
    stop: () =>
      new Promise((resolve) => {
        options.events.end()
        server.close(() => resolve())
        // The ends of streams go out first.
        setImmediate(() => server.closeAllConnections())
      }),
    get port() {
      const bound = server.address() as AddressInfo | null
      if (bound === null) throw new Error('the API does not listen')
      return bound.port
    },
  }
}

/** All that is served, and what every request must pass before. */
export function createApp({ listen: { host }, token, view, metrics, events, known, logger, clock }: ApiOptions): Express {
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  app.enable('case sensitive routing')
  app.enable('strict routing')
  app.set('query parser', 'simple')

  app.use(setSecurityHeaders)
  if (isLoopback(host)) app.use(requireLoopbackHost)

  app.use(TOLD_OF_CYCLES, holdReads(known))

  const routes = [
    ...probeRoutes(view, metrics),
    ...statusRoutes(view, clock, logger),
    ...trafficRoutes(view),
    ...routingRoutes(view),
    ...historyRoutes(view, clock),
    ...overrideRoutes(view, logger),
    ...eventRoutes(view, events),
  ]
  serveRoutes(app, withOpenapi(routes, view.version), token)
  addDashboardRoutes(app)

  app.use(refuseUnknownRoute)
  app.use(answerErrors(logger))
  return app
}

function listen(server: Server, { host, port }: Listen): Promise<void> {
  return new Promise((resolve, reject) => {
    const refuse = (cause: NodeJS.ErrnoException): void => {
      const message = `the API cannot listen on ${host} port ${port} (${cause.code}): change api.listen`
      reject(new Error(message, { cause }))
    }
    server.once('error', refuse)
    server.listen(port, host, () => {
      server.off('error', refuse)
      resolve()
    })
  })
}
