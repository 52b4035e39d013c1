/** Sets the mode of a running service: kept in its file, whoever sets it, and put to work within seconds. */
import { setTimeout } from 'node:timers/promises'
import type { Logger } from 'pino'
import { ApiError } from '../api/api-error.ts'
import type { ModeChange } from '../api/view.ts'
import type { Controller } from '../controller/controller.ts'
import type { OverrideStore } from '../controller/ports.ts'
import { createModeFile, type ModeFile } from '../state/mode-file.ts'
import type { Finding } from '../model/alarm.ts'
import { messageOf } from '../model/error-message.ts'
import type { Mode } from '../model/mode.ts'
import { within } from '../process/within.ts'

export interface ModeSwitch {
  /** Begins to follow the file; others may write it, with no token but the right to. */
  start(controller: Controller): void
  stop(): void
  /**
   * The mode to start in: the file's or, where that is broken or could not be written, that of the service
   * before.
   */
  readonly initial: Mode
  /**
   * Kept first: a crash on the way must not forget a kill switch. It takes effect in any case; rejects with
   * ApiError when it will not survive a restart. Resolves within 5 s, with what is not done yet.
   */
  set(mode: Mode): Promise<ModeChange>
  /** For the service that takes over from this one. */
  handover(): ModeHandover
  /** What is wrong with the file. */
  findings(): readonly Finding[]
}

export interface ModeHandover {
  readonly mode: Mode
  /** False when the file could not be written: it tells an older one. */
  readonly isKept: boolean
  /** `controller.dry_run` of that service. */
  readonly dryRun: boolean
}

/**
 * The mode to start in, after the service `before`. One that could not be written holds as it would in the
 * file; throws when the file cannot be understood and there is no service before.
 */
export function startingMode(modeFile: ModeFile, dryRun: boolean, before: ModeHandover | undefined): Mode {
  try {
    const mode = modeFile.read()
    if (before === undefined || before.isKept) return mode
    return before.mode === 'off' || before.mode === 'frozen' || before.dryRun === dryRun ? before.mode : mode
  } catch (error) {
    if (before === undefined) throw error
    return before.mode
  }
}

export interface ModeSwitchOptions {
  readonly file: string
  /** `controller.dry_run`. */
  readonly dryRun: boolean
  readonly routers: readonly string[]
  readonly overrides: Pick<OverrideStore, 'list'>
  readonly logger: Logger
}

/** How soon a change of the file is seen. */
const LOOK_INTERVAL_MS = 250
/** Together below 5 s: for cycles in the new mode, and then for GoBGP to tell what it holds. */
const CYCLES_WITHIN_MS = 3_000
const LIST_WITHIN_MS = 1_500
/** Before it asks again. */
const PAUSE_MS = 100

/** Throws when the file cannot be understood and there is no service `before`, whose mode would be taken. */
export function createModeSwitch(options: ModeSwitchOptions, before: ModeHandover | undefined): ModeSwitch {
  const { file, dryRun, routers, overrides, logger } = options
  const modeFile = createModeFile(file, dryRun)
  let controller: Controller
  let looking: NodeJS.Timeout | undefined

  let isKept = before?.isKept ?? true

  const look = (): void => {
    const mode = modeFile.readNews()
    if (mode !== undefined) isKept = true
    if (mode === undefined || mode === controller.mode()) return
    logger.info({ from: controller.mode(), to: mode, file }, 'mode changed in its file')
    void controller.setMode(mode)
  }
  /** Routers whose overrides GoBGP still holds; without a number when it does not tell. */
  const findLeft = async (): Promise<ModeChange['left']> => {
    const held = await Promise.all(
      routers.map(async (router) => {
        const installed = await within(LIST_WITHIN_MS, overrides.list(router).catch(() => undefined))
        return { router, overrides: installed?.length }
      }),
    )
    return held.filter((router) => router.overrides !== 0)
  }
  return {
    initial: startingMode(modeFile, dryRun, before),
    start: (started) => {
      controller = started
      looking = setInterval(look, LOOK_INTERVAL_MS)
    },
    stop: () => clearInterval(looking),
    set: async (mode) => {
      let unkept: string | undefined
      try {
        modeFile.write(mode)
      } catch (error) {
        unkept = messageOf(error)
      }
      isKept = unkept === undefined
      const endMs = performance.now() + CYCLES_WITHIN_MS
      let applied = false
      let left: ModeChange['left'] = []
      do {
        const cycle = await within(endMs - performance.now(), controller.setMode(mode).then(() => true))
        applied ||= cycle ?? false
        if (mode === 'off') left = await findLeft()
        if (left.length === 0) break
        // A cycle passes over a gobgpd that is slow to tell what it holds, or not connected yet: the next one has it.
        await setTimeout(PAUSE_MS)
      } while (performance.now() < endMs && controller.mode() === mode)
      if (unkept !== undefined) {
        throw new ApiError(
          500,
          'mode_not_kept',
          `the mode is ${mode} now, but will not survive a restart: ${unkept}`,
        )
      }
      return { applied, left }
    },
    handover: () => ({ mode: controller.mode(), isKept, dryRun }),
    findings: () => {
      if (modeFile.fault === undefined) return []
      const message = `the mode stays as it is, and another cannot be set by file: ${modeFile.fault}`
      return [{ kind: 'mode_file', router: undefined, interface: undefined, message }]
    },
  }
}
