/** What routers learned, what we override, and why. */
import type { Router as ExpressRouter } from 'express'
import type { OverrideReport } from '../controller/report.ts'
import type { Decision } from '../model/decision.ts'
import { formatAddress, formatPrefix, overlaps } from '../model/prefix.ts'
import { formatAsPath, formatCommunity, NO_EXPORT, ORIGIN, type Origin } from '../model/route.ts'
import { refuseOtherMethods } from './api-error.ts'
import { toBps, toSnakeCase, toTime } from './json-values.ts'
import {
  findInterfaces,
  findRouter,
  limitParameter,
  nameParameter,
  prefixParameter,
  readQuery,
} from './read-query.ts'
import type { ApiView, EvaluatedPath } from './view.ts'

const ORIGIN_NAMES: Readonly<Record<Origin, string>> = {
  [ORIGIN.igp]: 'igp',
  [ORIGIN.egp]: 'egp',
  [ORIGIN.incomplete]: 'incomplete',
}

/** GET paths, overrides and decisions. */
export function addRoutingRoutes(app: ExpressRouter, view: ApiView): void {
  app
    .route('/paths')
    .get((request, response) => {
      const wanted = readQuery(request, { router: nameParameter, prefix: prefixParameter })
      const router = findRouter(view.routers(), wanted.router)
      const isOverridden = overridesOf(view).some(
        ({ state, override }) =>
          state !== 'planned' && override.router === router.name && overlaps(override.prefix, wanted.prefix),
      )
      response.json(view.evaluatePaths(router, wanted.prefix).map((path) => presentPath(path, isOverridden)))
    })
    .all(refuseOtherMethods('GET', 'HEAD'))

  app
    .route('/overrides')
    .get((request, response) => {
      const name = nameParameter.optional()
      const wanted = readQuery(request, { router: name, interface: name })
      findInterfaces(view.routers(), wanted)
      const { localPref, marker } = view.overrideAttributes()
      const carried = { local_pref: localPref, communities: [marker, NO_EXPORT].map(formatCommunity) }
      response.json(
        overridesOf(view)
          .filter(({ override }) => (wanted.router ?? override.router) === override.router)
          .filter(({ override }) => (wanted.interface ?? override.fromInterface) === override.fromInterface)
          .map((report) => ({ ...presentOverride(report), ...carried })),
      )
    })
    .all(refuseOtherMethods('GET', 'HEAD'))

  app
    .route('/decisions')
    .get((request, response) => {
      const parameters = { router: nameParameter.optional(), limit: limitParameter(100) }
      const { router, limit } = readQuery(request, parameters)
      if (router !== undefined) findRouter(view.routers(), router)
      response.json(view.decisions({ router, limit }).map(presentDecision))
    })
    .all(refuseOtherMethods('GET', 'HEAD'))
}

function overridesOf(view: ApiView): readonly OverrideReport[] {
  return view.report()?.routers.flatMap(({ overrides }) => overrides) ?? []
}

/** `overridden`: traffic would leave by this path, but an override takes it, or a part of it, elsewhere. */
function presentPath({ path, interface: name, best }: EvaluatedPath, isOverridden: boolean) {
  return {
    prefix: formatPrefix(path.prefix),
    next_hop: formatAddress(path.nextHop),
    interface: name ?? null,
    local_pref: path.localPref ?? null,
    as_path: formatAsPath(path.asPath),
    origin: ORIGIN_NAMES[path.origin],
    med: path.med ?? null,
    communities: path.communities.map(formatCommunity),
    best,
    overridden: best && isOverridden,
  }
}

function presentOverride({ id, override, state, bps }: OverrideReport) {
  return {
    id,
    router: override.router,
    prefix: formatPrefix(override.prefix),
    parent_prefix: formatPrefix(override.parentPrefix),
    from_interface: override.fromInterface,
    to_interface: override.toInterface,
    next_hop: formatAddress(override.follows.nextHop),
    bps: toBps(bps),
    since: toTime(override.sinceMs),
    reason: override.reason,
    state,
  }
}

function presentDecision(decision: Decision) {
  const inputs = Object.entries(decision.inputs).map(([name, value]) => [toSnakeCase(name), value] as const)
  return {
    at: toTime(decision.atMs),
    router: decision.router,
    kind: decision.kind,
    prefix: decision.prefix === undefined ? null : formatPrefix(decision.prefix),
    from_interface: decision.fromInterface ?? null,
    to_interface: decision.toInterface ?? null,
    bps: toBps(decision.bps),
    reason: decision.reason,
    inputs: Object.fromEntries(inputs),
    acted: decision.acted,
  }
}
