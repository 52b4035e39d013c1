/** The REST API and the metrics over HTTP. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express, { type Express } from 'express'
import type { Logger } from 'pino'
import type { Listen } from '../config/config.ts'
import { isLoopback } from '../config/is-loopback.ts'
import type { Clock } from '../model/clock.ts'
import { answerErrors, errorBody, refuseOtherMethods, refuseUnknownRoute } from './api-error.ts'
import { findMissing } from './health.ts'
import type { Metrics } from './metrics.ts'
import { addRoutingRoutes } from './routing-routes.ts'
import { requireLoopbackHost, setSecurityHeaders } from './secure.ts'
import { addStatusRoutes } from './status-routes.ts'
import { addTrafficRoutes } from './traffic-routes.ts'
import type { ApiView } from './view.ts'

export interface ApiOptions {
  /** Port 0 takes a free one. */
  readonly listen: Listen
  /** Needed for anything that changes state; undefined: nothing can change state. */
  readonly token: string | undefined
  readonly view: ApiView
  readonly metrics: Metrics
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
  server.maxConnections = MAX_CONNECTIONS
  return {
    start: () => listen(server, options.listen),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
    get port() {
      const bound = server.address() as AddressInfo | null
      if (bound === null) throw new Error('the API does not listen')
      return bound.port
    },
  }
}

function createApp({ listen: { host }, token, view, metrics, logger, clock }: ApiOptions): Express {
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  app.enable('case sensitive routing')
  app.enable('strict routing')
  app.set('query parser', 'simple')

  app.use(setSecurityHeaders)
  if (isLoopback(host)) app.use(requireLoopbackHost)

  app
    .route('/healthz')
    .get((_, response) => void response.json({ status: 'alive' }))
    .all(refuseOtherMethods('GET', 'HEAD'))
  app
    .route('/readyz')
    .get((_, response) => {
      const missing = findMissing(view)
      if (missing.length === 0) response.json({ status: 'ready' })
      else response.status(503).json({ ...errorBody('not_ready', missing.join('; ')), missing })
    })
    .all(refuseOtherMethods('GET', 'HEAD'))
  app
    .route('/metrics')
    .get((_, response) => metrics.render().then((text) => void response.type(metrics.contentType).send(text)))
    .all(refuseOtherMethods('GET', 'HEAD'))

  const v1 = express.Router({ caseSensitive: true, strict: true })
  addStatusRoutes(v1, { view, clock, token, logger })
  addTrafficRoutes(v1, view, clock)
  addRoutingRoutes(v1, view)
  app.use('/api/v1', v1)

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
