/** Where the service keeps what must survive it. */
import { basename, join } from 'node:path'
import type { Config } from '../config/config.ts'

/**
 * The file in `state_directory` that keeps one kind of state of the service that runs on a configuration
 * file. It bears the name of that file, so that several services can share a directory.
 */
export function statePath(
  { stateDirectory }: Config,
  configFile: string,
  kind: 'mode' | 'owner' | 'overrides',
): string {
  return join(stateDirectory, `${basename(configFile)}.${kind}`)
}
