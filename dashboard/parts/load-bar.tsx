/** One interface's loads on a bar. It says nothing that the figures beside it do not say in words. */
import { fullness } from '../data/attention.ts'
import type { Interface } from '../data/rest.ts'

interface LoadBarProps {
  readonly of: Interface
  /** Share of speed at the right end. */
  readonly scale: number
}

export function LoadBar({ of: one, scale }: LoadBarProps) {
  const { speed_bps: speed, out_bps: out, natural_bps: natural, planned_bps: planned } = one
  /** Percent of the bar's length. */
  const at = (share: number): string => `${(Math.min(share, scale) / scale) * 100}%`
  const shareOf = (bps: number | null): number | undefined =>
    bps === null || speed === null || speed === 0 ? undefined : bps / speed
  const [measured, home, plan] = [shareOf(out), shareOf(natural), shareOf(planned)]
  const between = (low: number, high: number) => ({ left: at(low), width: `calc(${at(high)} - ${at(low)})` })
  return (
    <div class={`bar bar-${one.state}`} aria-hidden="true">
      <i class="bar-speed" style={{ width: at(1) }} />
      {measured !== undefined && <i class="bar-measured" style={{ width: at(measured) }} />}
      {measured !== undefined && home !== undefined && home > measured && (
        <i class="bar-away" style={between(measured, home)} />
      )}
      {measured !== undefined && home !== undefined && home < measured && (
        <i class="bar-brought" style={between(home, measured)} />
      )}
      {home !== undefined && <i class="bar-natural" style={{ left: at(home) }} />}
      {plan !== undefined && <i class="bar-planned" style={{ left: at(plan) }} />}
      <i class="bar-low" style={{ left: at(one.low_watermark) }} />
      <i class="bar-high" style={{ left: at(one.high_watermark) }} />
      {fullness(one) > scale && <b class="bar-beyond">▶</b>}
    </div>
  )
}

/** What the marks of a bar mean. */
export function LoadBarLegend() {
  return (
    <ul class="legend" aria-hidden="true">
      <li>
        <i class="key bar-measured" /> measured
      </li>
      <li>
        <i class="key key-natural" /> natural: without Spillway
      </li>
      <li>
        <i class="key bar-away" /> kept away
      </li>
      <li>
        <i class="key bar-brought" /> brought here
      </li>
      <li>
        <i class="key key-planned" /> planned
      </li>
      <li>
        <i class="key key-low" /> low watermark
      </li>
      <li>
        <i class="key key-high" /> high watermark
      </li>
    </ul>
  )
}
