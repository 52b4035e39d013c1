/** Trends of the few interfaces that matter most now. */
import type { Seen } from '../data/live.ts'
import { byAttention } from '../data/attention.ts'
import type { LiveStore } from '../data/live-store.ts'
import { TrendFigure } from './trend-figure.tsx'

const TILES = 2
const SPAN_MS = 10_800_000
/** rem. */
const HEIGHT = 9

interface TrendTilesProps {
  readonly seen: Seen
  readonly dark: boolean
  readonly store: LiveStore
}

export function TrendTiles({ seen: { live, nowMs }, dark, store }: TrendTilesProps) {
  const chosen = byAttention(live.interfaces).slice(0, TILES)
  if (chosen.length === 0) return null
  return (
    <section class="trends" aria-labelledby="trends">
      <div class="section-head">
        <h2 id="trends">The last {SPAN_MS / 3_600_000} hours</h2>
      </div>
      <div class="tiles">
      {chosen.map((one) => (
        <TrendFigure
          key={`${one.router} ${one.name}`}
          of={one}
          store={store}
          dark={dark}
          nowMs={nowMs}
          spanMs={SPAN_MS}
          height={HEIGHT}
          legend={false}
        />
      ))}
      </div>
    </section>
  )
}
