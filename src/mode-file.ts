/** Keeps the mode in a file, so that it survives restarts. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { z } from 'zod'
import { MODES, type Mode } from './model/mode.ts'

const schema = z.object({
  mode: z.enum(MODES),
  /** `controller.dry_run` when the mode was set. */
  dry_run: z.boolean(),
})

/**
 * The mode to start in. `frozen` and `off` hold until they are taken back. `active` and `dry_run` hold as long
 * as `controller.dry_run` says what it said when they were set: whoever edits it means it.
 * Throws when the file is there but cannot be understood: guessing could undo a kill switch.
 */
export function readMode(file: string, dryRun: boolean): Mode {
  const fromConfig: Mode = dryRun ? 'dry_run' : 'active'
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return fromConfig
    throw error
  }
  const saved = schema.safeParse(parseJson(text))
  if (!saved.success) throw new Error(`${file} should hold the mode but does not; remove it to start as configured`)
  const { mode, dry_run: setWhenDryRun } = saved.data
  return mode === 'frozen' || mode === 'off' || setWhenDryRun === dryRun ? mode : fromConfig
}

/** Writes it in one step: a crash leaves the old mode or the new one. */
export function writeMode(file: string, mode: Mode, dryRun: boolean): void {
  writeFileSync(`${file}.new`, `${JSON.stringify({ mode, dry_run: dryRun })}\n`)
  renameSync(`${file}.new`, file)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
