/**
 * Sends what its words say, `ADDRESS=MBPS ...`, until a signal ends it: the server's traffic, by hand.
 */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { readStreams } from './read-streams.ts'

const streams = readStreams(process.argv.slice(2))
if (streams === undefined || streams.length === 0) {
  process.stderr.write('usage: send ADDRESS=MBPS ..., as in 1.0.0.1=20 4.0.0.1=25\n')
  process.exit(2)
}
const sender = spawn(process.execPath, [fileURLToPath(new URL('./sender.ts', import.meta.url))], {
  stdio: ['pipe', 'ignore', 'inherit'],
})
sender.stdin.write(`${JSON.stringify(streams)}\n`)
sender.on('exit', (code) => process.exit(code ?? 1))
const total = streams.reduce((sum, { bps }) => sum + bps, 0) / 1e6
process.stdout.write(`sending ${total} Mbps; Ctrl-C ends it\n`)
