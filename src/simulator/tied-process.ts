/** Child processes that cannot outlive their parent. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'

export interface TiedProcess {
  readonly process: ChildProcess
  readonly pid: number
  /** The last 16 KiB that it printed: standard error, and standard output unless that is read by others. */
  readonly output: string
  /** Resolves with how it ended, in words; never rejects. */
  readonly ended: Promise<string>
  /** SIGTERM, then SIGKILL when it takes more than 3 s; resolves when the process has ended. */
  stop(): Promise<void>
}

const OUTPUT_LIMIT = 16 * 1024
const STOP_TIMEOUT_MS = 3_000

/**
 * Starts a command that the kernel kills together with this process, whatever ends it (`setpriv --pdeathsig`,
 * prctl(2) PR_SET_PDEATHSIG). It has a process group of its own: Ctrl-C reaches this process alone.
 */
export function startTied(
  command: string,
  args: readonly string[],
  options: { readonly env?: NodeJS.ProcessEnv; readonly readsStdout?: boolean } = {},
): TiedProcess {
  const process = spawn('setpriv', ['--pdeathsig', 'SIGKILL', command, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
    ...(options.env !== undefined && { env: options.env }),
  })
  let output = ''
  const keep = (text: string): void => {
    output = (output + text).slice(-OUTPUT_LIMIT)
  }
  process.stderr.setEncoding('utf8').on('data', keep)
  process.stdout.setEncoding('utf8')
  if (options.readsStdout !== true) process.stdout.on('data', keep)
  // Writing to a process that has just ended: `ended` tells of it.
  process.stdin.on('error', () => {})
  const ended = new Promise<string>((resolve) => {
    process.on('error', (error) => resolve(error.message))
    process.on('exit', (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`))
  })

  return {
    process,
    pid: process.pid ?? 0,
    get output() {
      return output
    },
    ended,
    stop: async () => {
      if (process.pid === undefined || process.exitCode !== null || process.signalCode !== null) return
      const exit = once(process, 'exit')
      process.kill('SIGTERM')
      const tooLate = setTimeout(() => process.kill('SIGKILL'), STOP_TIMEOUT_MS)
      await exit
      clearTimeout(tooLate)
      // What it started and left behind may hold the other ends.
      process.stdout.destroy()
      process.stderr.destroy()
    },
  }
}
