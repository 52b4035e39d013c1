/** The state of the service itself, and its mode. */
import { json, type Request, type Response, type Router as ExpressRouter } from 'express'
import type { Logger } from 'pino'
import { z } from 'zod'
import type { CycleReport } from '../controller/report.ts'
import type { Clock } from '../model/clock.ts'
import { MODES } from '../model/mode.ts'
import { formatAddress } from '../model/prefix.ts'
import type { Router } from '../model/topology.ts'
import { ApiError, refuseOtherMethods } from './api-error.ts'
import { toTime } from './json-values.ts'
import { readQuery } from './read-query.ts'
import { requireToken } from './secure.ts'
import type { ApiView } from './view.ts'

const modeBody = z.strictObject({ mode: z.enum(MODES) })

export interface StatusOptions {
  readonly view: ApiView
  readonly clock: Clock
  readonly token: string | undefined
  readonly logger: Logger
}

/** GET status, PUT mode. */
export function addStatusRoutes(app: ExpressRouter, { view, clock, token, logger }: StatusOptions): void {
  async function changeMode(request: Request, response: Response): Promise<void> {
    readQuery(request, {})
    if (request.is('application/json') === false) {
      throw new ApiError(415, 'unsupported_media_type', 'send application/json')
    }
    const body = modeBody.safeParse(request.body)
    if (!body.success) {
      throw new ApiError(400, 'bad_body', `send {"mode": …}, one of ${MODES.join(', ')}, nothing else`)
    }
    const [from, to] = [view.mode(), body.data.mode]
    await view.setMode(to)
    logger.info({ from, to, remote: request.socket.remoteAddress }, 'mode changed over REST')
    response.json({ mode: view.mode() })
  }

  app
    .route('/status')
    .get((request, response) => {
      readQuery(request, {})
      response.json(presentStatus(view, clock()))
    })
    .all(refuseOtherMethods('GET', 'HEAD'))

  app
    .route('/mode')
    .put(requireToken(token), json({ limit: 10_000 }), (request, response) => changeMode(request, response))
    .all(refuseOtherMethods('PUT'))
}

function presentStatus(view: ApiView, nowMs: number) {
  const report = view.report()
  return {
    version: view.version,
    mode: view.mode(),
    time: toTime(nowMs),
    last_cycle: report === undefined ? null : presentCycle(report),
    gobgp: view.gobgp().map(({ target, connected, version, apiVersion, lastError }) => ({
      target,
      connected,
      version: version ?? null,
      api_version: apiVersion ?? null,
      last_error: lastError ?? null,
    })),
    routers: view.routers().map((router) => presentRouter(view, router, nowMs)),
  }
}

function presentCycle({ startedMs, durationMs, mode }: CycleReport) {
  return { started: toTime(startedMs), duration_seconds: durationMs / 1_000, mode }
}

function presentRouter(view: ApiView, { name, address, gobgp }: Router, nowMs: number) {
  const report = view.report()?.routers.find((r) => r.name === name)
  const { lastFlowMs, lastCounterMs } = report?.telemetry ?? {}
  const heardMs = Math.max(lastFlowMs ?? -Infinity, lastCounterMs ?? -Infinity)
  const { up, synced } = view.routes.session(name)
  return {
    name,
    address: formatAddress(address),
    gobgp,
    bgp_session: { up, synced },
    telemetry: {
      state: report?.telemetryState ?? null,
      age_seconds: Number.isFinite(heardMs) ? Math.max(0, nowMs - heardMs) / 1_000 : null,
      last_flow_sample: toTime(lastFlowMs),
      last_counter_sample: toTime(lastCounterMs),
    },
  }
}
