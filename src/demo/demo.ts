/** The demo: a rush hour at a simulated edge, with real gobgpd processes and the service as it is. */
import { randomBytes } from 'node:crypto'
import type { Writable } from 'node:stream'
import { messageOf } from '../model/error-message.ts'
import { EXITS, renderServiceConfig } from './demo-edge.ts'
import { ensureGobgpd, thisMachine } from './ensure-gobgpd.ts'
import { awaitReady, playStory } from './play.ts'
import { createPresenter } from './presenter.ts'
import { createRestClient } from './rest-client.ts'
import { startStage, type Stage } from './stage.ts'
import { createStory } from './story.ts'

/** Ctrl-C, a polite kill, and a terminal that was closed. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export interface DemoOptions {
  /** Play one rush hour and end; else again and again until a signal ends it. */
  readonly once: boolean
  readonly out?: Writable & { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number }
  readonly env?: NodeJS.ProcessEnv
  readonly service?: { readonly dryRun?: boolean }
  /** Called when all processes run. */
  readonly onStage?: (stage: Stage) => void
}

const PARENT_INTERVAL_MS = 500

/**
 * Resolves with the exit code: 0 when every step came true (or, without `once`, when a signal ended it), else
 * 1, and what went wrong is told. Nothing is left running.
 */
export async function runDemo(options: DemoOptions): Promise<number> {
  const { once, out = process.stdout, env = process.env, service, onStage } = options
  const presenter = createPresenter({
    out,
    redraws: out.isTTY === true && env['TERM'] !== 'dumb',
    // https://no-color.org
    color: out.isTTY === true && (env['NO_COLOR'] ?? '') === '',
    steps: createStory().map(({ name }) => name),
  })
  const ending = new AbortController()
  let interrupted = false
  const interrupt = (signal: NodeJS.Signals): void => {
    interrupted = true
    ending.abort(new Error(`ended by ${signal}`))
  }
  // Once: a second signal ends this process at once, and the kernel ends its children.
  for (const signal of SIGNALS) process.once(signal, interrupt)
  // npm, when it is killed, does not take its command along.
  const parent = process.ppid
  const watching = env['npm_lifecycle_event'] === undefined ? undefined : setInterval(() => {
    if (process.ppid !== parent) ending.abort(new Error('npm, which started the demo, has ended'))
  }, PARENT_INTERVAL_MS)
  // Of this demo only: whoever sees its output may change the mode.
  const token = randomBytes(12).toString('base64url')
  let stage: Stage | undefined
  try {
    await ensureGobgpd({ ...thisMachine(), env }, (text) => presenter.tells(text))
    presenter.tells('starting two gobgpd, a simulated edge router and the service')
    stage = await startStage({
      exits: EXITS,
      renderConfig: (ports) => renderServiceConfig(ports, token, service?.dryRun ?? false),
      onDeath: (what) => ending.abort(new Error(what)),
    })
    onStage?.(stage)
    presenter.opens(stage.restBase, token)
    const rest = createRestClient(stage.restBase)
    presenter.tells('waiting for BGP: a new gobgpd takes some seconds until its session is up')
    await awaitReady(rest, ending.signal)
    for (;;) {
      await playStory(createStory(), stage, rest, presenter, ending.signal)
      presenter.passes('the rush hour is over, and every step came true')
      if (once) return 0
    }
  } catch (error) {
    if (interrupted && !once) return 0
    // A process that died explains better than whatever failed because of it.
    const reason: unknown = ending.signal.aborted ? ending.signal.reason : error
    presenter.fails(messageOf(reason))
    return 1
  } finally {
    clearInterval(watching)
    presenter.closes()
    await stage?.stop()
    for (const signal of SIGNALS) process.off(signal, interrupt)
  }
}
