/** The commands that ask a running service. */
import { Option } from 'commander'
import { UsageError, type CommandCall, type CommandEntry } from './command-entry.ts'
import { askingOptions, routerOption } from './options.ts'

const WHERE = `It asks the service at api.listen of the configuration that -c names, or at --url. It needs no token and changes
nothing.`

export const ASKING_COMMANDS: readonly CommandEntry[] = [
  {
    usage: 'status',
    group: 'What goes on:',
    summary: 'mode, gobgpd, sessions, telemetry, loads and alarms of a running service',
    details: WHERE,
    options: askingOptions(),
    examples: [
      ['spillway status', 'of the service on this machine'],
      ['spillway status -c /etc/spillway/spillway.yaml', 'of the one that this file is of'],
      ["spillway status --json | jq '.status.alarms'", 'for scripts'],
    ],
    act: (call) => ask(call, async (client, { printStatus }) => printStatus(client, call)),
  },
  {
    usage: 'overrides',
    group: 'What goes on:',
    summary: 'what is moved from where to where, since when and why',
    details: WHERE,
    options: [
      ...askingOptions(), routerOption(),
      new Option('--interface <NAME>', 'what is moved away from this interface only'),
    ],
    examples: [
      ['spillway overrides', 'all, the largest first'],
      ['spillway overrides --router edge1 --interface transit-a', 'what is moved away from one link'],
    ],
    act: (call) => ask(call, async (client, { printOverrides }) => printOverrides(client, call)),
  },
  {
    usage: 'top',
    group: 'What goes on:',
    summary: 'interfaces and top prefixes, live',
    details: `${WHERE}
Each second anew. Keys: q quits, up and down choose an interface, s sorts, r turns the order round, o shows overrides
instead of prefixes, p pauses, h helps. Without a terminal it prints one table, as with --once.`,
    options: [...askingOptions(), routerOption(), new Option('--once', 'prints one table and ends')],
    examples: [
      ['spillway top', 'of the service on this machine'],
      ['spillway top --router edge1', 'one router only'],
      ['spillway top --once > top.txt', 'once, to keep'],
    ],
    act: (call) => ask(call, async (client, { printTop }) => printTop(client, call)),
  },
  {
    usage: 'explain <prefix>',
    group: 'What goes on:',
    summary: 'where a prefix goes, why, and what would have to change for it to move',
    details: `${WHERE}
The prefix may be an address. What it says is as of the last cycle, and in dry-run the same but for the last step.`,
    options: [...askingOptions(), routerOption()],
    examples: [
      ['spillway explain 198.51.100.0/24', 'on every router'],
      ['spillway explain 198.51.100.7 --router edge1', 'the prefix that this address belongs to, on one router'],
      ['spillway explain 2001:db8::/32 --json', 'all figures'],
    ],
    act: (call) => ask(call, async (client, { printExplanation }) => printExplanation(client, call)),
  },
]

type Asking = typeof import('./ask.ts')
type Client = NonNullable<ReturnType<Asking['clientOf']>>

/** Finds the service, and turns what it refuses into an exit code. */
async function ask(
  call: CommandCall,
  act: (client: Client, asking: Asking) => Promise<void>,
): Promise<number> {
  const asking = await import('./ask.ts')
  const client = asking.clientOf(call)
  if (client === undefined) return 2
  try {
    await act(client, asking)
    return 0
  } catch (error) {
    const refused = asking.refusalOf(error)
    if (refused === undefined) throw error
    if (refused.isUsage) throw new UsageError(refused.message)
    call.io.err(`spillway: ${refused.message}\n`)
    return 1
  }
}
