/** The command `check`: says whether a configuration can run, and what it comes to. */
import { findWarnings } from '../config/find-warnings.ts'
import { loadOrReport } from '../config/load-or-report.ts'
import { renderConfig } from '../config/render-config.ts'
import type { CommandIo } from './command-io.ts'

/**
 * Prints the effective configuration and warnings, and returns 0; or every fault as
 * `FILE:LINE:COL PATH: what is wrong`, and returns 2.
 */
export function checkCommand(file: string, io: CommandIo): 0 | 2 {
  const config = loadOrReport(file, io.env, (text) => io.err(text))
  if (config === undefined) return 2
  for (const warning of findWarnings(config)) io.err(`warning: ${warning}\n`)
  io.out(renderConfig(config))
  return 0
}
