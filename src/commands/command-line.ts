/** Reads a command line, by the table of commands, and does what it says. */
import { Command, CommanderError } from 'commander'
import { UsageError, type CommandCall, type CommandEntry, type Given } from './command-entry.ts'
import { COMMANDS } from './commands.ts'

/** What the command is called in. */
export type CommandWorld = Pick<CommandCall, 'io' | 'version'>

const EXIT_CODES = '\nExit codes: 0 done, 1 failed at run time, 2 wrong usage or configuration.\n'
const WRONG_USAGE = 2

/** Resolves with the exit code. Faults of the usage are said on standard error, the first line being what. */
export async function runCommandLine(args: readonly string[], world: CommandWorld): Promise<number> {
  let exitCode = 0
  const program = createProgram(world, (code) => (exitCode = code))
  try {
    const [first, second] = args
    if (first === undefined) program.error('which command?')
    // `help COMMAND` of one that is not there would show the general help and be content.
    const isKnown = program.commands.some((command) => command.name() === second)
    if (first === 'help' && second !== undefined && !isKnown) program.error(`unknown command '${second}'`)
    await program.parseAsync(args, { from: 'user' })
    return exitCode
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return error.exitCode === 0 ? 0 : WRONG_USAGE
  }
}

function createProgram({ io, version }: CommandWorld, done: (exitCode: number) => void): Command {
  const program = new Command('spillway')
    .description('Steers traffic at a BGP edge. `spillway help COMMAND` tells more of each.')
    .version(`spillway ${version}`, '--version', 'prints the version')
    .helpOption('-h, --help', 'prints this')
    .helpCommand('help [command]', 'tells of a command')
    .addHelpText('after', EXIT_CODES)
  const output = {
    writeOut: (text: string) => io.out(text),
    writeErr: (text: string) => io.err(text),
    outputError: (text: string) => io.err(`spillway: ${text.replace(/^error: /, '')}`),
  }
  const settle = (command: Command): Command => command.configureOutput(output).exitOverride()
  settle(program).showHelpAfterError('(spillway help lists the commands)')
  program.configureHelp({ subcommandTerm: (command) => `${command.name()} ${wordsOf(command)}`.trim() })
  for (const entry of COMMANDS) {
    const command = settle(program.command(entry.usage))
      .helpGroup(entry.group)
      .summary(entry.summary)
      .description(describe(entry))
      .addHelpText('after', `\nExamples:\n${exampleLines(entry)}`)
      .showHelpAfterError(`(spillway help ${entry.usage.split(' ')[0]!} tells how it is called)`)
    for (const option of entry.options) command.addOption(option)
    command.action(async () => {
      try {
        done(await entry.act({ given: command.opts<Given>(), words: command.args, io, version }))
      } catch (error) {
        if (!(error instanceof UsageError)) throw error
        command.error(error.message)
      }
    })
  }
  return program
}

function describe({ summary, details }: CommandEntry): string {
  const first = summary[0]!.toUpperCase() + summary.slice(1)
  // It is wrapped to the terminal's width.
  return details === undefined ? first : `${first}\n\n${details.replaceAll('\n', ' ')}`
}

function wordsOf({ registeredArguments }: Command): string {
  return registeredArguments.map((argument) => `<${argument.name()}>`).join(' ')
}

function exampleLines({ examples }: CommandEntry): string {
  return examples.map(([line, what]) => `  ${line}\n      ${what}\n`).join('')
}
