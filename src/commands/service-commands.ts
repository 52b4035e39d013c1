/** The commands that are the service, or come before it. */
import { Option, InvalidArgumentError } from 'commander'
import { UsageError, type CommandEntry } from './command-entry.ts'
import { configOption } from './options.ts'

/** How long `check --live` listens for sFlow. */
const LISTEN_SECONDS = 30
const MOST_SECONDS = 3600

export const SERVICE_COMMANDS: readonly CommandEntry[] = [
  {
    usage: 'run',
    group: 'The service:',
    summary: 'the service',
    details: `SIGTERM and SIGINT stop it in order and leave the overrides to the lease, so that an upgrade causes no
flap. SIGHUP reads the file again, and a bad one is refused without stopping.`,
    options: [configOption()],
    examples: [
      ['spillway run -c spillway.yaml', 'in dry-run, unless the file says controller.dry_run: false'],
      ['kill -HUP PID', 'reads the file again'],
    ],
    act: async ({ given, version }) => (await import('./run.ts')).runCommand(given.config!, version),
  },
  {
    usage: 'check',
    group: 'The service:',
    summary: 'checks a configuration and, with --live, its surroundings',
    details: `Prints the effective configuration, every key with its value, or every fault as FILE:LINE:COL PATH: what is
wrong. With --live it asks GoBGP, listens for sFlow, and calls each thing good, doubtful or bad. It changes nothing.`,
    options: [
      configOption(),
      new Option('--live', 'asks GoBGP and listens for sFlow; beside a running service it asks that'),
      new Option('--seconds <N>', `listens for at most so long (default: ${LISTEN_SECONDS})`).argParser(readSeconds),
    ],
    examples: [
      ['spillway check -c spillway.yaml', 'every fault, or all keys with their values'],
      ['spillway check --live -c spillway.yaml', 'before the first start, and when something looks odd'],
    ],
    act: async ({ given, io }) => {
      const { live, seconds = LISTEN_SECONDS } = given
      if (live === true) return (await import('./check-live.ts')).checkLiveCommand(given.config!, seconds, io)
      if (given.seconds !== undefined) throw new UsageError('--seconds goes with check --live')
      return (await import('./check.ts')).checkCommand(given.config!, io)
    },
  },
  {
    usage: 'watchdog',
    group: 'The service:',
    summary: 'withdraws the overrides when no service renews its lease',
    details: 'Beside one of its own, in a unit or a container for itself, `run` starts none.',
    options: [configOption()],
    examples: [['spillway watchdog -c spillway.yaml', 'until SIGTERM; SIGHUP reads the file again']],
    act: async ({ given }) => (await import('./watchdog.ts')).watchdogCommand(given.config!),
  },
  {
    usage: 'gobgpd-config',
    group: 'The service:',
    summary: 'writes the configuration of the gobgpd that fits',
    options: [
      configOption(),
      new Option('--gobgp <TARGET>', 'which one, where the routers name several: HOST:PORT or unix:/PATH'),
    ],
    examples: [['spillway gobgpd-config -c spillway.yaml > gobgpd.toml', 'TOML, with how to start it on top']],
    act: async ({ given, io }) =>
      (await import('./gobgpd-config.ts')).gobgpdConfigCommand(given.config!, given.gobgp, io),
  },
  {
    usage: 'demo',
    group: 'The service:',
    summary: 'an edge with real gobgpd processes goes through a rush hour',
    details: 'It brings its own configuration, listens on loopback only, and leaves nothing behind.',
    options: [new Option('--once', 'in at most 60 s; fails when a step does not come true')],
    examples: [
      ['spillway demo', 'again and again, to look at; `spillway top` and `explain` can ask it, too'],
      ['spillway demo --once', 'once, and judges every step'],
    ],
    act: async ({ given, io }) =>
      (await import('../demo/demo.ts')).runDemo({
        once: given.once ?? false, out: process.stdout, env: io.env,
      }),
  },
]

function readSeconds(text: string): number {
  const seconds = Number(text)
  if (Number.isInteger(seconds) && seconds >= 1 && seconds <= MOST_SECONDS) return seconds
  throw new InvalidArgumentError(`It takes a whole number from 1 to ${MOST_SECONDS}.`)
}
