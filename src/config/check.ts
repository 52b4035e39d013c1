/** The command `check`: says whether a configuration can run, and what it comes to. */
import type { Environment } from './environment.ts'
import { findWarnings } from './find-warnings.ts'
import { loadOrReport } from './load-or-report.ts'
import { renderConfig } from './render-config.ts'

export interface CheckIo {
  readonly env: Environment
  /** Standard output and standard error; each takes whole lines with their ends. */
  out(text: string): void
  err(text: string): void
}

/**
 * Prints the effective configuration and warnings, and returns 0; or every fault as
 * `FILE:LINE:COL PATH: what is wrong`, and returns 2.
 */
export function checkCommand(file: string, io: CheckIo): 0 | 2 {
  const config = loadOrReport(file, io.env, (text) => io.err(text))
  if (config === undefined) return 2
  for (const warning of findWarnings(config)) io.err(`warning: ${warning}\n`)
  io.out(renderConfig(config))
  return 0
}
