/** One prefix's story: where it can go and goes, how much it carries, its override, what was decided about it. */
import { useState } from 'preact/hooks'
import type { Seen } from '../data/live.ts'
import { get, type Decision, type Explanation, type Override, type PastOverride, type Path, type RateWithHalves } from '../data/rest.ts'
import { hashOf } from '../data/route.ts'
import { ageText, countText, rateText, timeText, UNKNOWN } from '../data/words.ts'
import { Decisions } from './decisions.tsx'
import { OverrideState } from './detours.tsx'
import { Back, Unknown } from './interface-view.tsx'
import { PinDialog, WithdrawDialog } from './hand-dialogs.tsx'
import { useReading } from './reading.ts'

interface PrefixViewProps {
  readonly seen: Seen
  readonly place: { readonly router: string; readonly prefix: string }
}

/** What is being ordered by hand. */
type Hand = { readonly kind: 'pin' } | { readonly kind: 'withdraw'; readonly of: Override }

export function PrefixView({ seen: { live, nowMs }, place: { router, prefix } }: PrefixViewProps) {
  const [hand, setHand] = useState<Hand>()
  const rates = useReading(`${router} ${prefix}`, () => get<RateWithHalves>('rates', { router, prefix }))
  const paths = useReading(`${router} ${prefix}`, () => get<Path[]>('paths', { router, prefix }))
  const explained = useReading(`${router} ${prefix}`, () => get<Explanation>('explain', { router, prefix }))
  const decided = useReading(`${router} ${prefix}`, () =>
    get<Decision[]>('decisions', { router, prefix, limit: '50' }),
  )
  const past = useReading(`${router} ${prefix}`, () =>
    get<PastOverride[]>('history/overrides', { router, prefix, limit: '50' }),
  )
  const known = rates.value?.prefix ?? prefix
  const parent = paths.value?.[0]?.prefix
  const overrides = live.overrides.filter(
    (o) => o.router === router && (o.prefix === known || o.parent_prefix === known || o.prefix === parent),
  )
  const fault = rates.fault ?? paths.fault
  if (fault !== undefined && rates.value === undefined) return <Unknown what={fault} />
  return (
    <div class="detail">
      <Back />
      <h2 tabIndex={-1}>
        <span class="router">{router}</span> <span class="prefix">{known}</span>
      </h2>
      {fault !== undefined && <p class="failure">{fault}</p>}
      {explained.value !== undefined && <Explained of={explained.value} />}
      {rates.value !== undefined && <Rates of={rates.value} />}
      <section aria-labelledby="overrides">
        <div class="section-head">
          <h3 id="overrides">Override</h3>
        </div>
        {overrides.length === 0 && <p>None: it goes where BGP alone puts it.</p>}
        {overrides.map((one) => (
          <OverrideStory key={one.id} of={one} nowMs={nowMs} onWithdraw={() => setHand({ kind: 'withdraw', of: one })} />
        ))}
        <button type="button" onClick={() => setHand({ kind: 'pin' })}>
          Pin it to an exit …
        </button>
      </section>
      {paths.value !== undefined && <Paths paths={paths.value} />}
      <Decisions decisions={decided.value ?? []} nowMs={nowMs} wall={false} title="Decisions about it" />
      {hand?.kind === 'pin' && (
        <PinDialog
          router={router}
          prefix={known}
          bps={rates.value?.bps}
          interfaces={live.interfaces}
          onClose={() => setHand(undefined)}
        />
      )}
      {hand?.kind === 'withdraw' && <WithdrawDialog of={hand.of} onClose={() => setHand(undefined)} />}
      <Past overrides={past.value ?? []} fault={past.fault} nowMs={nowMs} />
    </div>
  )
}

/** In the words of `spillway explain`. */
function Explained({ of: { goes, why, to_move: toMove } }: { readonly of: Explanation }) {
  const parts = [
    ['Where it goes', goes],
    ['Why', why],
    ['What would move it', toMove],
  ] as const
  return (
    <section class="explained" aria-labelledby="explained">
      <h3 id="explained" class="unseen">
        In words
      </h3>
      <dl>
        {parts.map(([term, sentences]) => (
          <div key={term}>
            <dt>{term}</dt>
            {sentences.map((sentence) => (
              <dd key={sentence} class={sentence.startsWith('- ') ? 'item' : ''}>
                {sentence.replace(/^- /, '')}
              </dd>
            ))}
          </div>
        ))}
      </dl>
    </section>
  )
}

interface PastProps {
  readonly overrides: readonly PastOverride[]
  readonly fault: string | undefined
  readonly nowMs: number
}

/** Detours of before that are over. */
function Past({ overrides, fault, nowMs }: PastProps) {
  const over = overrides.filter(({ withdrawn }) => withdrawn !== null)
  return (
    <section aria-labelledby="past">
      <div class="section-head">
        <h3 id="past">Earlier detours</h3>
      </div>
      {fault !== undefined && <p class="empty">Not known: {fault}</p>}
      {over.length === 0 && fault === undefined && <p class="empty">None.</p>}
      <ul class="past">
        {over.map((one) => (
          <li key={one.entry}>
            <time dateTime={one.added}>{timeText(one.added, nowMs)}</time> for{' '}
            {ageText(Date.parse(one.withdrawn!) - Date.parse(one.added))}: <span class="prefix">{one.prefix}</span>,{' '}
            {rateText(one.added_bps)}, {one.from_interface} → {one.to_interface}. {one.added_reason}; ended:{' '}
            {one.withdrawn_reason}
          </li>
        ))}
      </ul>
    </section>
  )
}

interface OverrideStoryProps {
  readonly of: Override
  readonly nowMs: number
  readonly onWithdraw: () => void
}

function OverrideStory({ of: one, nowMs, onWithdraw }: OverrideStoryProps) {
  return (
    <p>
      <span class="prefix">{one.prefix}</span> from {one.from_interface || UNKNOWN} to {one.to_interface} (next hop{' '}
      <span class="prefix">{one.next_hop}</span>), {rateText(one.bps)}, for {ageText(nowMs - Date.parse(one.since))}:{' '}
      {one.reason} <OverrideState of={one} />{' '}
      <button type="button" onClick={onWithdraw} aria-label={`Withdraw ${one.prefix} …`}>
        Withdraw …
      </button>
    </p>
  )
}

function Rates({ of: rate }: { readonly of: RateWithHalves }) {
  const link = (prefix: string) => hashOf({ kind: 'prefix', router: rate.router, prefix })
  return (
    <section aria-labelledby="rates">
      <div class="section-head">
        <h3 id="rates">Rate</h3>
      </div>
      <p>
        <b class="share">{rateText(rate.bps)}</b> from {countText(rate.samples, 'sample')}
      </p>
      {rate.halves.length > 0 && (
        <ul class="halves">
          {rate.halves.map((half) => (
            <li key={half.prefix}>
              <a class="prefix" href={link(half.prefix)}>
                {half.prefix}
              </a>{' '}
              {rateText(half.bps)}, {countText(half.samples, 'sample')}
              <i
                class="meter"
                aria-hidden="true"
                style={{ width: `${rate.bps === 0 ? 0 : (half.bps / rate.bps) * 100}%` }}
              />
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

function Paths({ paths }: { readonly paths: readonly Path[] }) {
  return (
    <section aria-labelledby="paths">
      <div class="section-head">
        <h3 id="paths">Received paths, best first</h3>
      </div>
      {paths.length === 0 && <p class="empty">No received route covers it.</p>}
      {paths.length > 0 && (
        <table role="table" class="paths">
          <thead role="rowgroup">
            <tr role="row">
              {['Route', 'Interface', 'Next hop', 'LOCAL_PREF', 'AS path', 'MED', 'RPKI', 'Choice'].map((name) => (
                <th key={name} role="columnheader" scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody role="rowgroup">
            {paths.map((path) => (
              <tr role="row" key={`${path.next_hop} ${path.as_path}`}>
                <th role="rowheader" scope="row" class="prefix">
                  {path.prefix}
                </th>
                <td role="cell" data-label="Interface">
                  {path.interface ?? UNKNOWN}
                </td>
                <td role="cell" data-label="Next hop" class="prefix">
                  {path.next_hop}
                </td>
                <td role="cell" data-label="LOCAL_PREF">
                  {path.local_pref ?? UNKNOWN}
                </td>
                <td role="cell" data-label="AS path">
                  {path.as_path === '' ? 'empty' : path.as_path}
                </td>
                <td role="cell" data-label="MED">
                  {path.med ?? UNKNOWN}
                </td>
                <td role="cell" data-label="RPKI">
                  {path.rpki.replaceAll('_', ' ')}
                </td>
                <td role="cell">
                  {path.best && <span class="tag">best by BGP</span>}{' '}
                  {path.overridden && <span class="tag">overridden</span>}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}
