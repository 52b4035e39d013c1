/** Shows the demo: redrawn in place on a terminal, else as lines with their time. */
import type { Writable } from 'node:stream'
import type { Observation } from './observation.ts'
import type { Audience } from './play.ts'
import { renderEvent, renderLoads, renderScreen, type Event } from './screen.ts'
import { paint } from '../process/styled-line.ts'
import { createTerminal } from './terminal.ts'

export interface PresenterOptions {
  readonly out: Writable & { readonly columns?: number; readonly rows?: number }
  /** The output is a terminal that can move its cursor. */
  readonly redraws: boolean
  readonly color: boolean
  /** Names of the steps. */
  readonly steps: readonly string[]
}

export interface Presenter extends Audience {
  /** The service listens here, and its API takes the token. */
  opens(restBase: string, token: string): void
  fails(text: string): void
  closes(): void
}

const LOADS_INTERVAL_MS = 2_000

export function createPresenter({ out, redraws, color, steps }: PresenterOptions): Presenter {
  const terminal = createTerminal(out, color)
  const events: Event[] = []
  let told: string[] = []
  let restBase: string | undefined
  let token = ''
  let step: string | undefined
  let now: Observation | undefined
  let loadsToldMs = -Infinity

  const draw = (): void => {
    if (!redraws) return
    terminal.redraw(renderScreen({ steps, step, now, events, restBase, token }, out.columns ?? 80, out.rows ?? 24))
  }
  const add = (kind: Event['kind'], text: string): void => {
    // On the screen an event is one line; what a process printed comes below it when all is over.
    const event: Event = { atMs: Date.now(), kind, text: redraws ? text.split('\n')[0]! : text }
    events.push(event)
    if (redraws) draw()
    else out.write(`${paint(renderEvent(event), color)}\n`)
  }

  return {
    opens: (base, taken) => {
      restBase = base
      token = taken
      add('tells', `the service speaks REST at ${base}/api/v1/interfaces, overrides and decisions`)
      add('tells', `the page is at ${base}/; to change the mode there, the token is ${token}`)
    },
    tells: (text) => add('tells', text),
    passes: (text) => add('passes', text),
    fails: (text) => {
      add('fails', text)
      if (redraws && text.includes('\n')) out.write(`${text}\n`)
    },
    sees: (seen, { name }) => {
      step = name
      now = seen
      const before = new Set(told)
      told = seen.decisions.map(({ at, kind, prefix }) => `${at} ${kind} ${prefix}`)
      const fresh = seen.decisions.filter(({ acted }, i) => acted && !before.has(told[i]!))
      for (const { kind, reason } of fresh.toReversed()) add('decision', `${kind}: ${reason}`)
      draw()
      if (redraws || performance.now() - loadsToldMs < LOADS_INTERVAL_MS) return
      loadsToldMs = performance.now()
      add('loads', renderLoads(seen))
    },
    closes: () => terminal.release(),
  }
}
