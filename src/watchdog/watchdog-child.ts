/** Has a watchdog run beside the service: starts it, and starts it again when it ends. */
import { fork, type ChildProcess } from 'node:child_process'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import type { Logger } from 'pino'
import type { WatchdogChild } from '../lease/ports.ts'
import type { Clock } from '../model/clock.ts'
import type { WatchdogSettings } from './watchdog.ts'

export interface WatchdogChildOptions {
  readonly settings: WatchdogSettings
  readonly clock: Clock
  readonly logger: Logger
  /** For tests (default: watchdog-process). */
  readonly program?: string
}

export interface KeptWatchdogChild extends WatchdogChild {
  /** A child with other settings is started; the one that runs ends when the other has taken over. */
  configure(settings: WatchdogSettings): void
  /** Leaves the child alone: it ends when nothing is left to guard. */
  leave(): void
}

/** The sources' extension in a checkout, the compiled files' in a package. */
const PROGRAM = fileURLToPath(new URL(`./watchdog-process${extname(import.meta.url)}`, import.meta.url))
const FIRST_DELAY_MS = 500
const LONGEST_DELAY_MS = 30_000
/** Who ran for so long was well: the next start is not delayed. */
const WELL_AFTER_MS = 10_000

export function createWatchdogChild(options: WatchdogChildOptions): KeptWatchdogChild {
  const { clock, logger, program = PROGRAM } = options
  let { settings } = options
  let child: { readonly process: ChildProcess; readonly startedMs: number } | undefined
  let ends: ReturnType<WatchdogChild['ends']> = { times: 0, last: undefined }
  let delayMs = 0
  let notBeforeMs = -Infinity

  const start = (): void => {
    // In a session of its own: neither Ctrl-C nor the end of the service's terminal reaches it.
    const forked = fork(program, [JSON.stringify(settings)], {
      detached: true, stdio: ['ignore', 'inherit', 'inherit', 'ipc'], execArgv: [],
    })
    const mine = { process: forked, startedMs: clock() }
    child = mine
    const ended = (how: string): void => {
      if (child !== mine) return
      child = undefined
      ends = { times: ends.times + 1, last: how }
      const wasWell = clock() - mine.startedMs >= WELL_AFTER_MS
      delayMs = wasWell ? 0 : Math.min(Math.max(2 * delayMs, FIRST_DELAY_MS), LONGEST_DELAY_MS)
      notBeforeMs = clock() + delayMs
      logger.error({ pid: forked.pid, how, restartsInMs: delayMs }, 'the watchdog has ended')
    }
    forked.on('error', (error) => ended(error.message))
    forked.on('exit', (code, signal) => ended(signal === null ? `exit code ${code}` : `signal ${signal}`))
    // The service may end without it.
    forked.unref()
    forked.channel?.unref()
    const { targets } = settings
    if (forked.pid !== undefined) logger.info({ pid: forked.pid, targets }, 'the watchdog was started')
  }
  const leave = (): void => {
    const left = child
    child = undefined
    if (left?.process.connected === true) left.process.disconnect()
  }

  return {
    ensure: () => {
      if (child === undefined && clock() >= notBeforeMs) start()
    },
    replace: () => {
      if (child === undefined || clock() - child.startedMs < WELL_AFTER_MS) return
      logger.error({ pid: child.process.pid }, 'the watchdog does not beat and is replaced')
      child.process.kill('SIGKILL')
    },
    ends: () => ends,
    configure: (next) => {
      if (isDeepStrictEqual(next, settings)) return
      settings = next
      if (child === undefined) return
      leave()
      start()
    },
    leave,
  }
}
