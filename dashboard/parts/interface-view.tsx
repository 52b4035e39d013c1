/** One interface: its trend, the figures, its detours, and the prefixes that fill it. */
import { useState } from 'preact/hooks'
import type { Seen } from '../data/live.ts'
import { scaleOf } from '../data/attention.ts'
import type { LiveStore } from '../data/live-store.ts'
import { get, type Interface, type PrefixRate } from '../data/rest.ts'
import { hashOf } from '../data/route.ts'
import { percentText, rateText, shareText } from '../data/words.ts'
import { Detours } from './detours.tsx'
import { StateMark } from './interfaces.tsx'
import { LoadBar, LoadBarLegend } from './load-bar.tsx'
import { useReading } from './reading.ts'
import { TrendFigure } from './trend-figure.tsx'

const SPANS = [
  [0.25, '15 min'],
  [1, '1 h'],
  [6, '6 h'],
  [24, '24 h'],
] as const
const TOP = 50

interface InterfaceViewProps {
  readonly seen: Seen
  readonly place: { readonly router: string; readonly name: string }
  readonly dark: boolean
  readonly store: LiveStore
}

export function InterfaceView({ seen, place: { router, name }, dark, store }: InterfaceViewProps) {
  const { live, nowMs } = seen
  const [hours, setHours] = useState<number>(0.25)
  const one = live.interfaces.find((i) => i.router === router && i.name === name)
  const title = `${router} ${name}`
  if (one === undefined) return <Unknown what={`No interface "${title}" is configured.`} />
  const own = live.overrides.filter(
    (o) => o.router === router && (o.from_interface === name || o.to_interface === name),
  )
  return (
    <div class="detail">
      <Back />
      <h2 tabIndex={-1}>
        {title} <StateMark state={one.state} />
      </h2>
      <LoadBar of={one} scale={scaleOf([one])} />
      <LoadBarLegend />
      <Figures of={one} />
      <section aria-labelledby="trend">
        <div class="section-head">
          <h3 id="trend">Trend</h3>
          <div class="tools" role="group" aria-label="Span of the trend">
            {SPANS.map(([span, text]) => (
              <button key={text} type="button" aria-pressed={span === hours} onClick={() => setHours(span)}>
                {text}
              </button>
            ))}
          </div>
        </div>
        <TrendFigure
          of={one}
          store={store}
          dark={dark}
          nowMs={nowMs}
          spanMs={hours * 3_600_000}
          height={19}
          legend
        />
      </section>
      <Detours seen={seen} overrides={own} wall={false} />
      <TopPrefixes router={router} name={name} />
    </div>
  )
}

function Figures({ of: one }: { readonly of: Interface }) {
  const { speed_bps: speed } = one
  const load = (bps: number | null): string => `${shareText(bps, speed)}, ${rateText(bps)}`
  const facts: readonly (readonly [string, string])[] = [
    ['Measured', load(one.out_bps)],
    ['Natural', load(one.natural_bps)],
    ['Planned', load(one.planned_bps)],
    ['Without alternate', load(one.without_alternate_bps)],
    ['Speed', rateText(speed)],
    ['Watermarks', `${percentText(one.low_watermark)} and ${percentText(one.high_watermark)}`],
    ['Relief target', percentText(one.relief_target)],
    ['Errors in, out', `${one.in_errors}, ${one.out_errors}`],
    ['Discards in, out', `${one.in_discards}, ${one.out_discards}`],
    ['ifIndex', String(one.ifindex)],
  ]
  return (
    <dl class="facts">
      {facts.map(([term, text]) => (
        <div key={term}>
          <dt>{term}</dt>
          <dd>{text}</dd>
        </div>
      ))}
    </dl>
  )
}

function TopPrefixes({ router, name }: { readonly router: string; readonly name: string }) {
  const { value, fault } = useReading(`${router} ${name}`, () =>
    get<PrefixRate[]>('prefixes', { router, interface: name, limit: String(TOP) }),
  )
  const most = value?.[0]?.bps ?? 1
  return (
    <section aria-labelledby="top">
      <div class="section-head">
        <h3 id="top">Top prefixes</h3>
      </div>
      {fault !== undefined && <p class="failure">{fault}</p>}
      {value === undefined && fault === undefined && <p class="empty">Reading …</p>}
      {value?.length === 0 && <p class="empty">No traffic was sampled here.</p>}
      {value !== undefined && value.length > 0 && (
        <table role="table" class="top">
          <thead role="rowgroup">
            <tr role="row">
              <th role="columnheader" scope="col">
                Prefix
              </th>
              <th role="columnheader" scope="col" class="wide" aria-hidden="true" />
              <th role="columnheader" scope="col" class="figure">
                Rate
              </th>
              <th role="columnheader" scope="col" class="figure">
                Samples
              </th>
            </tr>
          </thead>
          <tbody role="rowgroup">
            {value.map((one) => (
              <tr role="row" key={one.prefix}>
                <td role="cell">
                  <a class="prefix" href={hashOf({ kind: 'prefix', router, prefix: one.prefix })}>
                    {one.prefix}
                  </a>{' '}
                  {one.override !== null && <span class="tag">override</span>}
                  {one.alternates.length === 0 && <span class="tag">no alternate</span>}
                </td>
                <td role="cell" class="wide" aria-hidden="true">
                  <i class="meter" style={{ width: `${(one.bps / most) * 100}%` }} />
                </td>
                <td role="cell" class="figure" data-label="Rate">
                  {rateText(one.bps)}
                </td>
                <td role="cell" class="figure" data-label="Samples">
                  {one.samples.toLocaleString('en-GB')}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}

export function Back() {
  return (
    <nav aria-label="Back">
      <a href={hashOf({ kind: 'overview' })}>← All interfaces</a>
    </nav>
  )
}

export function Unknown({ what }: { readonly what: string }) {
  return (
    <div class="detail">
      <Back />
      <h2 tabIndex={-1}>Nothing here</h2>
      <p>{what}</p>
    </div>
  )
}
