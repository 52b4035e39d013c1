/** What a command is; commands.ts has the table of them. */
import type { Option } from 'commander'
import type { CommandIo } from './command-io.ts'

/** What options come to. A command has those that its entry declares. */
export interface Given {
  readonly config?: string
  readonly live?: boolean
  readonly seconds?: number
  readonly gobgp?: string
  readonly once?: boolean
  readonly url?: string
  readonly json?: boolean
  readonly router?: string
  readonly interface?: string
}

export interface CommandCall {
  readonly given: Given
  /** Words behind the command's name, as its usage has them. */
  readonly words: readonly string[]
  readonly io: CommandIo
  readonly version: string
}

export interface CommandEntry {
  /** Its name, and the words that it takes: `explain <prefix>`. */
  readonly usage: string
  readonly group: 'The service:' | 'Switches:' | 'What goes on:'
  /** In one line. */
  readonly summary: string
  /** What its own help tells besides. */
  readonly details?: string
  readonly options: readonly Option[]
  /** A command line, and what it is for. */
  readonly examples: readonly (readonly [string, string])[]
  /** Resolves with the exit code; throws UsageError. It loads what it needs, so that no command waits for another's. */
  readonly act: (call: CommandCall) => Promise<number>
}

/** A command was called in a way that it cannot be: exit code 2, and the message. */
export class UsageError extends Error {}
