/** The commands that stop it, and let it go on. */
import type { CommandEntry } from './command-entry.ts'
import { configOption } from './options.ts'
import type { Switch } from './set-mode.ts'

const WITHOUT_TOKEN = `It works whether the service lives or not, and needs no token, but the right to write FILE.mode in
state_directory. The mode holds until the next of freeze, off and on, also after a restart.`

export const SWITCH_COMMANDS: readonly CommandEntry[] = [
  switchEntry('freeze', 'what is installed stays, and nothing is added or comes home'),
  switchEntry('off', 'withdraws everything, and nothing is added; waits until no gobgpd holds any'),
  switchEntry('on', 'goes back to what controller.dry_run says'),
  {
    usage: 'withdraw',
    group: 'Switches:',
    summary: 'withdraws all our overrides straight from GoBGP',
    details: `Whether the service lives or not, without a token. A service that would put them back, as it is active or
frozen, is switched off first.`,
    options: [configOption()],
    examples: [['spillway withdraw -c spillway.yaml', 'exits 0 when no gobgpd holds any override any more']],
    act: async ({ given, io }) => (await import('./withdraw.ts')).withdrawCommand(given.config!, io),
  },
]

function switchEntry(name: Switch, summary: string): CommandEntry {
  return {
    usage: name,
    group: 'Switches:',
    summary,
    details: WITHOUT_TOKEN,
    options: [configOption()],
    examples: [[`spillway ${name} -c spillway.yaml`, 'says whether a running service has taken it']],
    act: async ({ given, io }) => (await import('./set-mode.ts')).setModeCommand(name, given.config!, io),
  }
}
