/** What is detoured: from where to where, how much, since when and why. */
import { useState } from 'preact/hooks'
import type { Seen } from '../data/live.ts'
import { glanceAt, groupDetours, matching, sumBps, type DetourGroup } from '../data/detours.ts'
import type { Mode, Override } from '../data/rest.ts'
import { hashOf } from '../data/route.ts'
import { ageText, countText, percentText, rateText } from '../data/words.ts'

const SHOWN = { groups: 12, each: 3 }
const SHOWN_ON_WALL = { groups: 5, each: 1 }

interface DetoursProps {
  readonly seen: Seen
  readonly overrides: readonly Override[]
  readonly wall: boolean
}

export function Detours({ seen, overrides, wall }: DetoursProps) {
  const [words, setWords] = useState('')
  const chosen = matching(overrides, words)
  const groups = groupDetours(chosen)
  const [all, setAll] = useState(false)
  const shown = all ? groups : glanceAt(groups, wall ? SHOWN_ON_WALL : SHOWN)
  const isWhole = shown.reduce((sum, group) => sum + group.shown.length, 0) === chosen.length
  return (
    <section class="detours" aria-labelledby="detours">
      <div class="section-head">
        <h2 id="detours" tabIndex={-1}>
          Detours
          {overrides.length > 0 && (
            <span class="total">
              {' '}
              {overrides.length.toLocaleString('en-GB')}, {rateText(sumBps(overrides))}
            </span>
          )}
        </h2>
        {overrides.length > 5 && !wall && (
          <div class="tools">
            <input
              type="search"
              aria-label="Filter detours by prefix, router, interface or reason"
              placeholder="Filter"
              value={words}
              onInput={({ currentTarget }) => setWords(currentTarget.value)}
            />
          </div>
        )}
      </div>
      {overrides.length === 0 && <p class="empty">{whyNone(seen.live.status!.mode)}</p>}
      {overrides.length > 0 && chosen.length === 0 && <p class="empty">No detour has these words.</p>}
      {chosen.length > 0 && (
        <table role="table">
          <caption class="unseen">Detours, grouped by the way that traffic goes</caption>
          <thead role="rowgroup">
            <tr role="row">
              <th role="columnheader" scope="col">
                Prefix
              </th>
              <th role="columnheader" scope="col" class="figure">
                Rate
              </th>
              <th role="columnheader" scope="col" class="figure">
                Since
              </th>
              <th role="columnheader" scope="col">
                Why
              </th>
            </tr>
          </thead>
          {shown.map((group) => (
            <Group key={group.key} group={group} nowMs={seen.nowMs} />
          ))}
        </table>
      )}
      {(all || !isWhole) && (
        <button type="button" class="more" onClick={() => setAll(!all)} aria-expanded={all}>
          {all ? 'Show the largest only' : `Show all ${countText(chosen.length, 'detour')}`}
        </button>
      )}
    </section>
  )
}

interface GroupProps {
  readonly group: DetourGroup
  readonly nowMs: number
}

function Group({ group, nowMs }: GroupProps) {
  return (
    <tbody role="rowgroup">
      <tr role="row" class="group">
        <th role="rowheader" scope="rowgroup" colSpan={4}>
          <span class="router">{group.router}</span> {group.from || 'unknown'} <span aria-label="to">→</span> {group.to}
          <span class="total">
            {' '}
            {countText(group.overrides.length, 'detour')}, {rateText(group.bps)}
          </span>
        </th>
      </tr>
      {group.shown.map((one) => (
          <tr role="row" key={one.id}>
            <td role="cell">
              <a class="prefix" href={hashOf({ kind: 'prefix', router: one.router, prefix: one.prefix })}>
                {one.prefix}
              </a>{' '}
              <OverrideState of={one} />
            </td>
            <td role="cell" class="figure" data-label="Rate">
              {rateText(one.bps)}
            </td>
            <td role="cell" class="figure" data-label="Since">
              {ageText(nowMs - Date.parse(one.since))}
            </td>
            <td role="cell" class="why">
              {one.reason}
            </td>
          </tr>
      ))}
    </tbody>
  )
}

/** What is not as it should be with an override; nothing when all is. */
export function OverrideState({ of: { state, moved_share: moved, pinned_until: pinned } }: { readonly of: Override }) {
  if (state === 'planned') return <span class="tag">only planned</span>
  if (state === 'withdrawing') return <span class="tag">withdrawing</span>
  if (moved !== null && moved < 0.5) return <span class="tag tag-bad">only {percentText(moved)} moved</span>
  if (pinned !== null) return <span class="tag">pinned by hand</span>
  return null
}

function whyNone(mode: Mode): string {
  switch (mode) {
    case 'off':
      return 'None: Spillway is off, and all traffic goes where BGP alone puts it.'
    case 'dry_run':
      return 'None, and none planned: no interface needs relief. Nothing is sent in dry-run.'
    case 'frozen':
      return 'None, and none is added while frozen.'
    case 'active':
      return 'None: all traffic goes where BGP alone puts it.'
  }
}
