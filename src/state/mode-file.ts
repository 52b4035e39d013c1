/** Keeps the mode in a file: it survives restarts and crashes, and can be set with the service dead. */
import { chmodSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { z } from 'zod'
import { messageOf } from '../model/error-message.ts'
import { MODES, type Mode } from '../model/mode.ts'

const schema = z.object({
  mode: z.enum(MODES),
  /** `controller.dry_run` when the mode was set. */
  dry_run: z.boolean(),
})

const REMEDY = 'set the mode again (spillway off, freeze or on)'

export interface ModeFile {
  /**
   * The mode to start in. `frozen` and `off` hold until they are taken back. `active` and `dry_run` hold as
   * long as `controller.dry_run` says what it said when they were set: whoever edits it means it. Throws when
   * the file is there but cannot be understood: guessing could undo a kill switch.
   */
  read(): Mode
  /** Writes it in one step: a crash leaves the old mode or the new one. */
  write(mode: Mode): void
  /**
   * The mode that somebody else has written since the last call of any of these; undefined without such news.
   */
  readNews(): Mode | undefined
  /** Why the file tells no mode, though it once did or should; it then changes nothing. */
  readonly fault: string | undefined
}

/** `dryRun` is `controller.dry_run` of the configuration. */
export function createModeFile(file: string, dryRun: boolean): ModeFile {
  /** What the file held at the last look; undefined: it was not there. */
  let seen: string | undefined
  let fault: string | undefined

  const understand = (text: string | undefined): Mode => {
    seen = text
    const mode = text === undefined ? modeOf(dryRun) : parseMode(text, file, dryRun)
    fault = undefined
    return mode
  }
  return {
    read: () => {
      try {
        return understand(readText(file))
      } catch (error) {
        fault = messageOf(error)
        throw error
      }
    },
    write: (mode) => {
      const text = `${JSON.stringify({ mode, dry_run: dryRun })}\n`
      const next = `${file}.${process.pid}.new`
      writeFileSync(next, text, { flush: true })
      // Whoever sets it, and whatever the umask: the service has to read it, under its own user.
      chmodSync(next, 0o644)
      renameSync(next, file)
      understand(text)
    },
    readNews: () => {
      try {
        const [before, text] = [seen, readText(file)]
        if (text !== undefined) {
          const mode = understand(text)
          return text === before ? undefined : mode
        }
        if (seen !== undefined) fault = `${file} is not there any more: ${REMEDY}`
      } catch (error) {
        fault = messageOf(error)
      }
      return undefined
    },
    get fault() {
      return fault
    },
  }
}

/** The mode that the configuration alone asks for. */
export function modeOf(dryRun: boolean): Mode {
  return dryRun ? 'dry_run' : 'active'
}

function parseMode(text: string, file: string, dryRun: boolean): Mode {
  const saved = schema.safeParse(parseJson(text))
  if (!saved.success) throw new Error(`${file} should hold the mode but does not: ${REMEDY}`)
  const { mode, dry_run: setWhenDryRun } = saved.data
  return mode === 'frozen' || mode === 'off' || setWhenDryRun === dryRun ? mode : modeOf(dryRun)
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new Error(
      `the mode cannot be read (${messageOf(error)}): let the user of the service read it, or ${REMEDY}`,
      { cause: error },
    )
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
