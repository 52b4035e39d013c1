/** Every interface with its loads. */
import { useState } from 'preact/hooks'
import { byAttention, scaleOf } from '../data/attention.ts'
import type { Interface, InterfaceState } from '../data/rest.ts'
import { hashOf } from '../data/route.ts'
import { percentText, rateText, shareText } from '../data/words.ts'
import { useCapped } from './capped.tsx'
import { LoadBar, LoadBarLegend } from './load-bar.tsx'

/** A sign and a word for each: colour alone says nothing to many. */
const STATES: Readonly<Record<InterfaceState, readonly [sign: string, word: string]>> = {
  ok: ['✓', 'ok'],
  high: ['▲', 'high'],
  relieved: ['↗', 'relieved'],
  stale: ['?', 'stale'],
  down: ['✕', 'down'],
}

/** So many are seen at once in the order of the configuration; more are sorted, and the first ones shown. */
const MANY = 16
/** So many need no filter. */
const FEW = 5
const SHOWN = 40
const SHOWN_ON_WALL = 10

interface InterfacesProps {
  readonly interfaces: readonly Interface[]
  readonly wall: boolean
}

export function Interfaces({ interfaces, wall }: InterfacesProps) {
  const [sorts, setSorts] = useState<boolean>()
  const [words, setWords] = useState('')
  const isMany = interfaces.length > MANY
  const sorted = sorts ?? (isMany || (wall && interfaces.length > SHOWN_ON_WALL))
  const ordered = sorted ? byAttention(interfaces) : interfaces
  const named = ordered.filter((i) => `${i.router} ${i.name} ${i.state}`.toLowerCase().includes(words.toLowerCase()))
  const { shown, button } = useCapped(named, wall ? SHOWN_ON_WALL : SHOWN, 'interfaces')
  const scale = scaleOf(interfaces)
  return (
    <section class="interfaces" aria-labelledby="interfaces">
      <div class="section-head">
        <h2 id="interfaces" tabIndex={-1}>
          Interfaces
        </h2>
        {interfaces.length > FEW && !wall && (
          <div class="tools">
            <input
              type="search"
              aria-label="Filter interfaces by router, name or state"
              placeholder="Filter"
              value={words}
              onInput={({ currentTarget }) => setWords(currentTarget.value)}
            />
            <label>
              <input type="checkbox" checked={sorted} onChange={() => setSorts(!sorted)} /> Fullest first
            </label>
          </div>
        )}
      </div>
      <table role="table">
        <caption class="unseen">Load of each interface as a share of its speed</caption>
        <thead role="rowgroup">
          <tr role="row">
            <th role="columnheader" scope="col">
              Interface
            </th>
            <th role="columnheader" scope="col" class="wide">
              Load
            </th>
            <th role="columnheader" scope="col" class="figure">
              Measured
            </th>
            <th role="columnheader" scope="col" class="figure">
              Natural
            </th>
            <th role="columnheader" scope="col" class="figure">
              Planned
            </th>
            <th role="columnheader" scope="col">
              State
            </th>
          </tr>
        </thead>
        <tbody role="rowgroup">
          {shown.map((one) => (
            <Row key={`${one.router} ${one.name}`} of={one} scale={scale} />
          ))}
        </tbody>
      </table>
      {named.length === 0 && <p class="empty">No interface is called like that.</p>}
      {button}
      <LoadBarLegend />
    </section>
  )
}

function Row({ of: one, scale }: { readonly of: Interface; readonly scale: number }) {
  return (
    <tr role="row" class={`row-${one.state}`}>
      <th role="rowheader" scope="row">
        <a href={hashOf({ kind: 'interface', router: one.router, name: one.name })}>
          <span class="router">{one.router}</span> <span class="name">{one.name}</span>
        </a>
        <small>
          {one.out_bps === null ? 'not measured' : rateText(one.out_bps)}
          {one.speed_bps !== null && ` of ${rateText(one.speed_bps)}`}
        </small>
      </th>
      <td role="cell" class="wide">
        <LoadBar of={one} scale={scale} />
        <span class="unseen">
          watermarks {percentText(one.low_watermark)} and {percentText(one.high_watermark)}
        </span>
      </td>
      <td role="cell" class="figure" data-label="Measured">
        <b class="share">{shareText(one.out_bps, one.speed_bps)}</b>
      </td>
      <td role="cell" class="figure" data-label="Natural">
        {shareText(one.natural_bps, one.speed_bps)}
      </td>
      <td role="cell" class="figure" data-label="Planned">
        {shareText(one.planned_bps, one.speed_bps)}
      </td>
      <td role="cell" class="state">
        <StateMark state={one.state} />
      </td>
    </tr>
  )
}

export function StateMark({ state }: { readonly state: InterfaceState }) {
  const [sign, word] = STATES[state]
  return (
    <span class={`mark mark-${state}`}>
      <span aria-hidden="true">{sign}</span> {word}
    </span>
  )
}
