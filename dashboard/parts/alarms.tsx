/** What is wrong and wants an operator. */
import type { Seen } from '../data/live.ts'
import { ageText, wordsOf } from '../data/words.ts'

export function Alarms({ seen: { live, nowMs } }: { readonly seen: Seen }) {
  const alarms = live.status?.alarms ?? []
  return (
    <section class={alarms.length === 0 ? 'unseen' : 'alarms'} aria-labelledby="alarms">
      <div class="section-head">
        <h2 id="alarms">Alarms</h2>
      </div>
      {/* Only what is new is read out; the ages, which grow every second, are not. */}
      <ul aria-live="polite" aria-relevant="additions">
        {alarms.map(({ kind, router, interface: name, since, message }) => (
          <li key={`${kind} ${router} ${name}`} class="alarm">
            <p>
              <b>{wordsOf(kind)}</b>
              {router !== null && ` ${router}`}
              {name !== null && ` ${name}`}
              <span class="since" aria-live="off">
                {' '}
                for {ageText(nowMs - Date.parse(since))}
              </span>
            </p>
            <p>{message}</p>
          </li>
        ))}
      </ul>
    </section>
  )
}
