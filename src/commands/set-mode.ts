/**
 * The commands `freeze`, `off` and `on`: the mode by its file, with no token, whether the service lives or
 * not.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../config/config.ts'
import { loadOrReport } from '../config/load-or-report.ts'
import { statePath } from '../state/state-path.ts'
import { readOwner } from '../state/owner-file.ts'
import { createModeFile, modeOf } from '../state/mode-file.ts'
import { messageOf } from '../model/error-message.ts'
import type { Mode } from '../model/mode.ts'
import { monotonicClock } from '../process/monotonic-clock.ts'
import { askService, serviceUrl } from '../api/ask-service.ts'
import type { CommandIo } from './command-io.ts'

export type Switch = 'freeze' | 'off' | 'on'

const CONFIRM_WITHIN_MS = 10_000
const ASK_INTERVAL_MS = 100

/** What holds in each mode. */
const MEANING: Readonly<Record<Mode, string>> = {
  active: 'it steers',
  dry_run: 'it decides and sends nothing, as controller.dry_run says',
  frozen: 'what is installed stays, and nothing is added; lost routes are still withdrawn',
  off: 'every override is withdrawn, and none is added',
}

/** Returns 0 when the mode holds, or will at the next start; 1 when something did not come true. */
export async function setModeCommand(command: Switch, file: string, io: CommandIo): Promise<0 | 1 | 2> {
  const config = loadOrReport(file, io.env, (text) => io.err(text))
  if (config === undefined) return 2
  const { dryRun } = config.controller
  const mode = command === 'freeze' ? 'frozen' : command === 'off' ? 'off' : modeOf(dryRun)
  const outcome = await switchMode(mode, config, file, io)
  const holds = outcome !== 'failed'
  if (mode !== 'off') return holds ? 0 : 1
  // The service does it, too; this proves it, and does it where there is no service. gRPC is loaded only now,
  // when the mode is in its file and the service at work: that takes longest.
  const { withdrawOverrides } = await import('./withdraw-overrides.ts')
  const asked = outcome === 'taken' ? readOwner(statePath(config, file, 'owner')) : undefined
  const done = await withdrawOverrides(config, asked, io)
  return holds && done ? 0 : 1
}

/**
 * `taken`: by a running service. `kept`: none answers, and the next start takes it. `failed`: it does not
 * hold.
 */
export type SwitchOutcome = 'taken' | 'kept' | 'failed'

/** Writes the mode, waits until a running service has taken it, and says what holds now. */
export async function switchMode(
  mode: Mode,
  config: Config,
  file: string,
  io: CommandIo,
): Promise<SwitchOutcome> {
  const modeFile = statePath(config, file, 'mode')
  try {
    createModeFile(modeFile, config.controller.dryRun).write(mode)
  } catch (error) {
    const remedy = 'call this as the user that the service runs as, or as root'
    io.err(`the mode cannot be kept (${messageOf(error)}): ${remedy}\n`)
    return 'failed'
  }
  const url = serviceUrl(config.api.listen)
  const deadlineMs = monotonicClock() + CONFIRM_WITHIN_MS
  for (;;) {
    const status = await askService(config)
    if (status === undefined) {
      io.out(`${mode}: no service answers at ${url}; it will start in mode ${mode}\n`)
      return 'kept'
    }
    if (status.mode === mode && status.cycleMode === mode) {
      io.out(`${mode}: the service at ${url} has taken it: ${MEANING[mode]}\n`)
      return 'taken'
    }
    if (monotonicClock() >= deadlineMs) {
      io.err(
        status.mode === mode
          ? `${mode}: the service at ${url} has taken it, but a cycle in it is not over yet: ` +
              'see GET /api/v1/status\n'
          : `${mode} is kept in ${modeFile}, but the service at ${url} is ${status.mode}: ` +
              `is ${file} its configuration, ` +
              'and was it read again (SIGHUP) since it was changed?\n',
      )
      return 'failed'
    }
    await sleep(ASK_INTERVAL_MS)
  }
}
