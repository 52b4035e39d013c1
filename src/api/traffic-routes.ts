/** Loads and rates: what goes where, and how much of it. */
import { z } from 'zod'
import { formatPrefix, halvesOf, overlaps, type Prefix } from '../model/prefix.ts'
import { findWays, type Ways } from './find-ways.ts'
import { currentRates, largestRates, type PrefixRate } from './group-rates.ts'
import { interfaceSchema } from './json/interface.ts'
import { prefixRateSchema, presentPrefixRate, rateSchema } from './json/prefix-rate.ts'
import { toBps } from './json/values.ts'
import {
  findInterfaces, findRouter, interfaceName, limitParameter, offsetParameter, prefixParameter, routerName, UNKNOWN,
} from './parameters.ts'
import { presentInterfaces } from './present-interfaces.ts'
import { ok, route, type Route } from './route.ts'
import type { ApiView } from './view.ts'

/** GET interfaces, prefixes and rates. */
export function trafficRoutes(view: ApiView): readonly Route[] {
  return [
    route(
      {
        method: 'get',
        path: '/api/v1/interfaces',
        tag: 'traffic',
        summary: 'Every interface with its loads, watermarks and state',
        query: { router: routerName.optional() },
        replies: { 200: { description: 'As of the last cycle.', schema: z.array(interfaceSchema) } },
        errors: UNKNOWN,
      },
      ({ query }) => ok(presentInterfaces(view, query.router)),
    ),
    route(
      {
        method: 'get',
        path: '/api/v1/prefixes',
        tag: 'traffic',
        summary: 'Top prefixes by rate',
        description:
          'A destination counts towards the override that holds it, else the longest received route, else ' +
          "the router's default length.",
        query: {
          router: routerName.optional(),
          interface: interfaceName.optional(),
          prefix: prefixParameter
            .optional()
            .meta({ description: 'Those that share addresses with it.' }),
          without: z
            .enum(['alternate', 'route'])
            .optional()
            .meta({ description: 'Those that have no alternate, or no received route: neither can be moved.' }),
          limit: limitParameter(50),
          offset: offsetParameter,
        },
        replies: { 200: { description: 'Largest first, as of the last cycle.', schema: z.array(prefixRateSchema) } },
        errors: UNKNOWN,
      },
      ({ query: { prefix, without, limit, offset, ...wanted } }) => {
        const waysOf = (rate: PrefixRate): Ways =>
          findWays(findRouter(view.routers(), rate.router), view.routes, rate)
        const lacks = (rate: PrefixRate): boolean => {
          const { hasRoute, alternates } = waysOf(rate)
          return without === 'route' ? !hasRoute : alternates.length === 0
        }
        const interfaces = findInterfaces(view.routers(), wanted)
        const rates = [...Map.groupBy(interfaces, (i) => i.router)].flatMap(([name, chosen]) => {
          const names = new Set(chosen.map((i) => i.name))
          return currentRates(view, findRouter(view.routers(), name)).filter(
            (rate) =>
              names.has(rate.interface) &&
              (prefix === undefined || overlaps(rate.prefix, prefix)) &&
              (without === undefined || lacks(rate)),
          )
        })
        const page = largestRates(rates, offset + limit).slice(offset)
        return ok(page.map((rate) => presentPrefixRate(rate, waysOf(rate))))
      },
    ),
    route(
      {
        method: 'get',
        path: '/api/v1/rates',
        tag: 'traffic',
        summary: 'The rate of one prefix, of any length, and of its halves',
        query: { router: routerName, interface: interfaceName.optional(), prefix: prefixParameter },
        replies: { 200: { description: 'As of the last cycle.', schema: rateSchema } },
        errors: UNKNOWN,
      },
      ({ query: wanted }) => {
        findInterfaces(view.routers(), wanted)
        const { rates, interfaces } = view.traffic(wanted.router)
        const index = interfaces.findIndex(({ name }) => name === wanted.interface)
        const presentRate = (prefix: Prefix) => {
          const { bps, samples } = rates.towards(prefix, wanted.interface === undefined ? undefined : index)
          return { prefix: formatPrefix(prefix), bps: toBps(bps), samples }
        }
        return ok({
          router: wanted.router,
          interface: wanted.interface ?? null,
          ...presentRate(wanted.prefix),
          halves: (halvesOf(wanted.prefix) ?? []).map(presentRate),
        })
      },
    ),
  ]
}
