/** Real gobgpd processes for the demo and the tests: started on free loopback ports, never left behind. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client, credentials, type ServiceError } from '@grpc/grpc-js'
import { findFreePort } from './free-port.ts'

export interface GobgpdOptions {
  /** The configuration, TOML; it must have a [global.config], as only then BGP starts. */
  readonly config: string
  /** TCP port of the gRPC API on 127.0.0.1; a free one when left out. */
  readonly apiPort?: number
  /** Command to run (default: gobgpd). */
  readonly command?: string
  /** More arguments. */
  readonly args?: readonly string[]
  /** How long gobgpd may take until it answers, ms. */
  readonly startTimeoutMs?: number
}

export interface Gobgpd {
  /** gRPC target, `127.0.0.1:PORT`. */
  readonly api: string
  /** Process id of the gobgpd that runs, or ran last. */
  readonly pid: number
  /** What the running gobgpd has printed, its last 64 KiB. */
  readonly output: string
  /** Sends the signal and resolves when the process has ended; no error when it has ended already. */
  kill(signal: NodeJS.Signals): Promise<void>
  /** Starts again with the same ports and configuration, after SIGTERM when it still runs. */
  restart(): Promise<void>
  /** Ends the process, by SIGKILL when SIGTERM takes more than 5 s, and removes its folder. */
  stop(): Promise<void>
}

const OUTPUT_LIMIT = 64 * 1024
const PROBE_INTERVAL_MS = 25
const STOP_TIMEOUT_MS = 5_000
/** The API of gobgpd 3, then of 4. */
const SERVICES = ['apipb.GobgpApi', 'api.GoBgpService']

/**
 * Starts gobgpd and resolves when its gRPC API answers; rejects with gobgpd's own output when it does not.
 */
export async function startGobgpd(options: GobgpdOptions): Promise<Gobgpd> {
  const { command = 'gobgpd', startTimeoutMs = 15_000 } = options
  const api = `127.0.0.1:${options.apiPort ?? (await findFreePort('127.0.0.1'))}`
  const folder = await mkdtemp(join(tmpdir(), 'spillway-gobgpd-'))
  const file = join(folder, 'gobgpd.toml')
  await writeFile(file, options.config)
  let running: { process: ChildProcess; pid: number; output: string; error: Error | undefined }

  const hasEnded = (): boolean =>
    running.error !== undefined || running.process.exitCode !== null || running.process.signalCode !== null

  const start = async (): Promise<void> => {
    // setpriv replaces itself by gobgpd, which the kernel then ends with this process, even when that is
    // killed.
    const args = [...(options.args ?? []), '-f', file, '--api-hosts', api, '--pprof-disable', '--log-plain']
    const process = spawn('setpriv', ['--pdeathsig', 'SIGKILL', command, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const mine = { process, pid: process.pid ?? 0, output: '', error: undefined as Error | undefined }
    running = mine
    process.on('error', (error) => (mine.error = error))
    for (const stream of [process.stdout, process.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        mine.output = (mine.output + text).slice(-OUTPUT_LIMIT)
      })
    }
    const deadlineMs = Date.now() + startTimeoutMs
    while (!(await answers(api))) {
      if (!hasEnded() && Date.now() < deadlineMs) {
        await sleep(PROBE_INTERVAL_MS)
        continue
      }
      const silent = `gave no answer in ${startTimeoutMs} ms`
      const why = mine.error?.message ?? (hasEnded() ? 'ended at once' : silent)
      await kill('SIGKILL')
      throw new Error(`gobgpd at ${api}: ${why}\n${mine.output}`)
    }
  }

  const kill = async (signal: NodeJS.Signals): Promise<void> => {
    if (hasEnded()) return
    const ended = once(running.process, 'exit')
    running.process.kill(signal)
    await ended
  }

  const stop = async (): Promise<void> => {
    const tooLate = setTimeout(() => void kill('SIGKILL'), STOP_TIMEOUT_MS)
    await kill('SIGTERM')
    clearTimeout(tooLate)
    await rm(folder, { recursive: true, force: true })
  }

  try {
    await start()
  } catch (error) {
    await stop()
    throw error
  }
  return {
    api,
    get pid() {
      return running.pid
    },
    get output() {
      return running.output
    },
    kill,
    restart: async () => {
      await kill('SIGTERM')
      await start()
    },
    stop,
  }
}

/** True when GetBgp gives a started BGP server: the port alone opens before the configuration is read. */
async function answers(api: string): Promise<boolean> {
  const client = new Client(api, credentials.createInsecure())
  try {
    for (const service of SERVICES) {
      const reply = await new Promise<Buffer | ServiceError>((resolve) => {
        const plain = (bytes: Buffer): Buffer => bytes
        const options = { deadline: Date.now() + 1000 }
        const path = `/${service}/GetBgp`
        client.makeUnaryRequest(path, plain, plain, Buffer.alloc(0), options, (error, bytes) =>
          resolve(error ?? bytes ?? Buffer.alloc(0)))
      })
      // An empty `global` takes two bytes; a started server's has at least its ASN.
      if (Buffer.isBuffer(reply) && reply.length > 2) return true
    }
    return false
  } finally {
    client.close()
  }
}
