/** Loading for commands: a file with faults is told, not thrown. */
import { ConfigError } from './config-error.ts'
import type { Config } from './config.ts'
import type { Environment } from './environment.ts'
import { loadConfig } from './load-config.ts'

/** The configuration; undefined when the file has faults, after each was written as a line of its own. */
export function loadOrReport(
  file: string,
  env: Environment,
  err: (text: string) => void,
): Config | undefined {
  try {
    return loadConfig(file, env)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    err(`${error.message}\n`)
    return undefined
  }
}
