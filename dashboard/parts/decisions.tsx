/** The last decisions in words. */
import type { Decision } from '../data/rest.ts'
import { hashOf } from '../data/route.ts'
import { timeText, wordsOf } from '../data/words.ts'
import { useCapped } from './capped.tsx'

const SHOWN = 12
const SHOWN_ON_WALL = 5

interface DecisionsProps {
  readonly decisions: readonly Decision[]
  readonly nowMs: number
  readonly wall: boolean
  readonly title?: string
}

export function Decisions({ decisions, nowMs, wall, title = 'Decisions' }: DecisionsProps) {
  const { shown, button } = useCapped(decisions, wall ? SHOWN_ON_WALL : SHOWN, 'decisions')
  return (
    <section class="decisions" aria-labelledby="decisions">
      <div class="section-head">
        <h2 id="decisions">{title}</h2>
      </div>
      {decisions.length === 0 && <p class="empty">None yet.</p>}
      <ol>
        {shown.map((one) => (
          <li key={one.id} class={`decision-${one.kind}`}>
            <time dateTime={one.at}>{timeText(one.at, nowMs)}</time> <b>{wordsOf(one.kind)}</b>{' '}
            {one.prefix !== null && (
              <a class="prefix" href={hashOf({ kind: 'prefix', router: one.router, prefix: one.prefix })}>
                {one.prefix}
              </a>
            )}{' '}
            {!one.acted && <span class="tag">not sent</span>} <span class="router">{one.router}</span> {one.reason}
          </li>
        ))}
      </ol>
      {button}
    </section>
  )
}
