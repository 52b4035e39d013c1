/** BGP session, telemetry and permission to inject of each router. */
import type { Seen } from '../data/live.ts'
import type { Gobgp, Router } from '../data/rest.ts'
import { ageText } from '../data/words.ts'
import { useCapped } from './capped.tsx'

const SHOWN = 6

export function Routers({ seen: { live, nowMs } }: { readonly seen: Seen }) {
  const status = live.status!
  const { shown, button } = useCapped(worstFirst(status.routers), SHOWN, 'routers')
  const elapsedMs = nowMs - Date.parse(status.time)
  return (
    <section class="routers" aria-labelledby="routers">
      <div class="section-head">
        <h2 id="routers">Routers</h2>
      </div>
      {status.routers.length === 0 && <p class="empty">None is configured.</p>}
      <table role="table">
        <caption class="unseen">BGP session, telemetry and GoBGP of each router</caption>
        <thead role="rowgroup">
          <tr role="row">
            <th role="columnheader" scope="col">
              Router
            </th>
            <th role="columnheader" scope="col">
              BGP session
            </th>
            <th role="columnheader" scope="col">
              Telemetry
            </th>
            <th role="columnheader" scope="col">
              GoBGP
            </th>
          </tr>
        </thead>
        <tbody role="rowgroup">
          {shown.map((router) => (
            <tr role="row" key={router.name}>
              <th role="rowheader" scope="row">
                {router.name} <small>{router.address}</small>
              </th>
              <td role="cell" data-label="BGP session">
                <Session of={router} />
              </td>
              <td role="cell" data-label="Telemetry">
                <Telemetry of={router} elapsedMs={elapsedMs} />
              </td>
              <td role="cell" data-label="GoBGP">
                <GobgpState of={status.gobgp.find(({ target }) => target === router.gobgp)} router={router} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {button}
    </section>
  )
}

/** Those with something missing come first; the others in the order of the configuration. */
function worstFirst(routers: readonly Router[]): readonly Router[] {
  const isGood = ({ bgp_session: { up, synced }, telemetry, permission }: Router): boolean =>
    up && synced && telemetry.state === 'fresh' && (permission === null || permission.state === 'granted')
  return routers.toSorted((a, b) => Number(isGood(a)) - Number(isGood(b)))
}

interface MarkProps {
  readonly good: boolean
  readonly text: string
}

function Mark({ good, text }: MarkProps) {
  return (
    <span class={good ? 'mark mark-ok' : 'mark mark-bad'}>
      <span aria-hidden="true">{good ? '✓' : '✕'}</span> {text}
    </span>
  )
}

function Session({ of: { bgp_session: session } }: { readonly of: Router }) {
  if (!session.up) return <Mark good={false} text="down" />
  return <Mark good={session.synced} text={session.synced ? 'up' : 'up, routes not read yet'} />
}

function Telemetry({ of: { telemetry }, elapsedMs }: { readonly of: Router; readonly elapsedMs: number }) {
  const { state, faults, age_seconds: age } = telemetry
  if (age === null) return <Mark good={false} text="nothing heard yet" />
  const text = `${state ?? 'not judged yet'}, ${ageText(age * 1_000 + elapsedMs)} old`
  return (
    <>
      <Mark good={state === 'fresh'} text={text} />
      {faults.length > 0 && <small>{faults.join('; ')}</small>}
    </>
  )
}

function GobgpState({ of: gobgp, router: { permission } }: { readonly of: Gobgp | undefined; readonly router: Router }) {
  if (gobgp === undefined) return null
  if (!gobgp.connected) {
    return (
      <>
        <Mark good={false} text={`${gobgp.target} does not answer`} />
        {gobgp.last_error !== null && <small>{gobgp.last_error}</small>}
      </>
    )
  }
  const may = permission === null || permission.state === 'granted'
  return (
    <>
      <Mark good={may} text={may ? (gobgp.version ?? 'connected') : permission.state.replaceAll('_', ' ')} />
      {!may && <small>{permission.why}</small>}
      {!gobgp.watchdog.seen && <small>no watchdog is seen</small>}
    </>
  )
}
