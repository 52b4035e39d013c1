/** A chart of one interface's trend, and what it shows in words. */
import type { Interface } from '../data/rest.ts'
import { readTrend } from '../data/history.ts'
import type { LiveStore } from '../data/live-store.ts'
import { emptyTrend, joinTrends, type Trend } from '../data/trends.ts'
import { rateText } from '../data/words.ts'
import { useReading } from './reading.ts'
import { Chart } from './chart.tsx'

interface TrendFigureProps {
  readonly of: Interface
  readonly store: LiveStore
  readonly dark: boolean
  readonly nowMs: number
  readonly spanMs: number
  readonly height: number
  readonly legend: boolean
}

/** The history has means of 10 s at best; what is newer the page has seen itself. */
const AGAIN_MS = 20_000
/** The shortest time that a chart shows, s. */
const SHORTEST = 120

export function TrendFigure({ of: one, store, dark, nowMs, spanMs, height, legend }: TrendFigureProps) {
  const { value, fault } = useReading(
    `${one.router} ${one.name} ${spanMs}`,
    () => readTrend(one.router, one.name, spanMs, store.serverNow()),
    AGAIN_MS,
  )
  const trend = joinTrends(value ?? emptyTrend(), store.trends.of(one.router, one.name))
  const to = nowMs / 1_000
  const since = trend.times[0] ?? to
  // What is not known takes no room.
  const from = Math.min(Math.max(to - spanMs / 1_000, since), to - SHORTEST)
  return (
    <figure>
      <figcaption>
        <b>
          {one.router} {one.name}
        </b>{' '}
        {tellTrend(trend)}
      </figcaption>
      <Chart of={one} trend={trend} dark={dark} height={height} from={from} to={to} legend={legend} />
      {fault !== undefined && <small>Nothing from before this page was opened: {fault}</small>}
    </figure>
  )
}

function tellTrend({ natural, out }: Trend): string {
  if (out.every((bps) => bps === null)) return 'nothing was measured yet'
  const most = (values: readonly (number | null)[]): number => Math.max(0, ...values.map((bps) => bps ?? 0))
  const away = natural.map((bps, i) => (bps === null || out[i] === null ? 0 : bps - out[i]!))
  const kept = Math.max(0, ...away)
  const brought = Math.max(0, ...away.map((bps) => -bps))
  const parts = [`carried at most ${rateText(most(out))}`]
  if (natural.some((bps) => bps !== null)) parts.push(`natural load at most ${rateText(most(natural))}`)
  if (kept > most(natural) * 0.02) parts.push(`kept away at most ${rateText(kept)}`)
  if (brought > most(out) * 0.02) parts.push(`brought here at most ${rateText(brought)}`)
  return parts.join(', ')
}
