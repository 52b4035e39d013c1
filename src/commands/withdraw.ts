/** The command `withdraw`: all our overrides straight out of GoBGP, whether the service lives or not. */
import { loadOrReport } from '../config/load-or-report.ts'
import { askService } from '../api/ask-service.ts'
import { statePath } from '../state/state-path.ts'
import { readOwner } from '../state/owner-file.ts'
import type { CommandIo } from './command-io.ts'
import { switchMode, type SwitchOutcome } from './set-mode.ts'
import { withdrawOverrides } from './withdraw-overrides.ts'

/**
 * Returns 1 when anything stays. A service that would put them back is switched off first; a dead one is left
 * alone.
 */
export async function withdrawCommand(file: string, io: CommandIo): Promise<0 | 1 | 2> {
  const config = loadOrReport(file, io.env, (text) => io.err(text))
  if (config === undefined) return 2
  const service = await askService(config)
  const wouldReturn = service !== undefined && (service.mode === 'active' || service.mode === 'frozen')
  let outcome: SwitchOutcome = service === undefined ? 'kept' : 'taken'
  if (wouldReturn) {
    io.out(
      `a service lives, is ${service.mode}, and would put them back: ` +
        'it is switched off ("on" takes that back)\n',
    )
    outcome = await switchMode('off', config, file, io)
  }
  const asked = outcome === 'taken' ? readOwner(statePath(config, file, 'owner')) : undefined
  const done = await withdrawOverrides(config, asked, io)
  return outcome !== 'failed' && done ? 0 : 1
}
