/** The table of commands. */
import { ASKING_COMMANDS } from './asking-commands.ts'
import type { CommandEntry } from './command-entry.ts'
import { SERVICE_COMMANDS } from './service-commands.ts'
import { SWITCH_COMMANDS } from './switch-commands.ts'

export const COMMANDS: readonly CommandEntry[] = [...SERVICE_COMMANDS, ...ASKING_COMMANDS, ...SWITCH_COMMANDS]
