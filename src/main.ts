/** The command line: arguments → command → exit code. */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'

const USAGE = `usage: spillway COMMAND

  run -c FILE        the service
  check -c FILE      reads and checks FILE; prints the effective configuration, or every fault
  withdraw -c FILE   withdraws all our overrides straight from GoBGP, whether the service lives or not
  demo [--once]      an edge with real gobgpd processes goes through a rush hour; --once: in at most 60 s

  --version          prints the version

Exit codes: 0 done, 1 failed at run time, 2 wrong usage or configuration.
`

const VERSION = (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string })
  .version

/** Commands load their own modules: `check` shall not wait for gRPC, nor `run` for the demo. */
async function main(args: readonly string[]): Promise<number> {
  let parsed
  try {
    parsed = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        config: { type: 'string', short: 'c' },
        once: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
        version: { type: 'boolean' },
      },
    })
  } catch (error) {
    return refuse((error as Error).message)
  }
  const { values, positionals } = parsed
  const [command, ...rest] = positionals
  if (values.help === true || command === 'help') return print(process.stdout, USAGE, 0)
  if (values.version === true) return print(process.stdout, `spillway ${VERSION}\n`, 0)
  if (command === undefined) return refuse('which command?')
  if (rest.length > 0) return refuse(`"${rest[0]}" is one word too many`)
  if (values.once === true && command !== 'demo') return refuse('--once goes with demo')
  if (command === 'demo') {
    if (values.config !== undefined) return refuse('demo brings its own configuration')
    const { runDemo } = await import('./demo/demo.ts')
    return runDemo({ once: values.once ?? false, out: process.stdout, env: process.env })
  }
  if (command !== 'run' && command !== 'check' && command !== 'withdraw') {
    return refuse(`there is no command "${command}"`)
  }
  const file = values.config
  if (file === undefined) return refuse(`${command} needs -c FILE`)
  switch (command) {
    case 'run':
      return (await import('./run.ts')).runCommand(file, VERSION)
    case 'check': {
      const { checkCommand } = await import('./config/check.ts')
      const io = { env: process.env, out: writeTo(process.stdout), err: writeTo(process.stderr) }
      return checkCommand(file, io)
    }
    case 'withdraw':
      return (await import('./withdraw.ts')).withdrawCommand(file)
  }
}

function refuse(what: string): number {
  return print(process.stderr, `spillway: ${what}\n\n${USAGE}`, 2)
}

function print(stream: NodeJS.WriteStream, text: string, exitCode: number): number {
  stream.write(text)
  return exitCode
}

function writeTo(stream: NodeJS.WriteStream): (text: string) => void {
  return (text) => void stream.write(text)
}

process.exitCode = await main(process.argv.slice(2))
