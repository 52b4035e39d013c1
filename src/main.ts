/** The command line: arguments → command → exit code. */
import { readFileSync } from 'node:fs'
import { runCommandLine } from './commands/command-line.ts'

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string
}

/** A reader that has gone, as after `| head -1` or with a terminal, must not end a kill switch half way. */
function writeTo(stream: NodeJS.WriteStream): (text: string) => void {
  stream.on('error', () => {})
  return (text) => void stream.write(text)
}

const io = { env: process.env, out: writeTo(process.stdout), err: writeTo(process.stderr) }
process.exitCode = await runCommandLine(process.argv.slice(2), { io, version })
