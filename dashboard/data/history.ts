/** Load over time from the service's history. */
import type { z } from 'zod'
import type { trendsSchema } from '../../src/api/json/history.ts'
import { get } from './rest.ts'
import { emptyTrend, type Trend } from './trends.ts'

type Trends = z.input<typeof trendsSchema>

const POINTS = '400'

/** Means of steps, for the last `spanMs` before `nowMs`. Rejects with Refused where there is no history. */
export async function readTrend(router: string, name: string, spanMs: number, nowMs: number): Promise<Trend> {
  const from = new Date(nowMs - spanMs).toISOString()
  const { interfaces } = await get<Trends>('history/interfaces', { router, interface: name, from, points: POINTS })
  const own = interfaces.find((one) => one.router === router && one.name === name)
  if (own === undefined) return emptyTrend()
  const known = own.times.map((_, i) => i).filter((i) => own.out_bps[i] !== null || own.natural_bps[i] !== null)
  const [first, last] = [known[0] ?? 0, (known.at(-1) ?? -1) + 1]
  return {
    times: own.times.slice(first, last).map((time) => Date.parse(time) / 1_000),
    natural: own.natural_bps.slice(first, last),
    out: own.out_bps.slice(first, last),
    planned: own.planned_bps.slice(first, last),
  }
}
