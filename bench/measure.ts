/** One receiver under one load: what it lost, and what it cost. */
import { execFile, execFileSync, spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { childrenOf, readUse, type Counted, type Receiver } from './receivers.ts'

/** What all receivers of a comparison have alike. */
export interface Setup {
  /** Holds the programs and the table, and takes files. */
  readonly folder: string
  readonly receiveBufferBytes: number
  /** Every so many-th datagram is cut short; 0: none. */
  readonly malformedEvery: number
}

export interface Load {
  readonly datagramsPerSecond: number
  readonly seconds: number
}

export interface Measurement {
  readonly sentPerSecond: number
  readonly sentSamples: number
  /** Share of the samples that it did not count. */
  readonly lostShare: number
  /** Of the whole receiver, less what it uses when idle, by what it counted. */
  readonly cpuSPer100k: number
  /** Cores that it kept busy while it was loaded, with what it does when idle. */
  readonly cores: number
  /** RSS at the end, 10⁶ bytes. */
  readonly memoryMb: number
  /** Of its CPU, the share that the kernel took. */
  readonly systemShare: number
}

/** A receiver that runs, warmed up. */
export interface Running {
  /** Loads it, and waits until it has taken all of it. */
  readonly load: (load: Load) => Promise<Measurement>
  /**
   * Stops it, sends so many datagrams, which its receive buffer must have room for, and has it take them while nobody
   * sends: datagrams/s.
   */
  readonly drain: (datagrams: number) => Promise<number>
}

interface Sent {
  /** Datagrams, those cut short among them. */
  readonly sent: number
  readonly samples: number
  readonly malformed: number
  readonly datagramsPerSecond: number
  readonly seconds: number
}

const PORT = 6343
/** So that several threads have something to share. */
const SOURCES = 8
/** As long as it takes our reader to do all that it does. */
const IDLE_MS = 5000
/** Compilers and tables need to warm up, and at last to what comes. */
const WARM_UP: Load = { datagramsPerSecond: 10_000, seconds: 3 }
const WARM_UP_S = 1
const DEADLINE_MS = 60_000
/**
 * A core for each, and realtime priority (sched(7)) for who sends and who receives, so that what else runs on the machine
 * takes no time from them. Of a receiver that has favored some of its threads itself, the others get what these leave, and
 * more of it than the rest of the machine (the nice value of a session).
 */
const REALTIME = ['--rr', '20']
const SENDER = ['chrt', ...REALTIME, 'taskset', '-c', '0']
const RECEIVER = ['sh', '-c', 'echo -20 >/proc/self/autogroup; exec "$@"', 'sh', 'taskset', '-c']

/**
 * Starts the receiver, warms it up, has it used and ends it. Gives what `use` resolves with, and what the receiver
 * printed. Throws when the samples that it counted in the end are not those sent less those that its socket dropped.
 */
export async function withReceiver<Result>(
  receiver: Receiver, setup: Setup, use: (running: Running) => Promise<Result>,
): Promise<{ readonly result: Result; readonly output: string }> {
  const { folder, receiveBufferBytes } = setup
  const [command, ...args] = [...RECEIVER, receiver.cores ?? '1', ...receiver.command(PORT, receiveBufferBytes)]
  const child = spawn(command!, args, {
    stdio: ['ignore', 'pipe', 'ignore'], cwd: folder, detached: true, env: { ...process.env, TABLE_DIR: folder },
  })
  const pid = child.pid!
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  let output = ''
  child.stdout.on('data', (text: Buffer) => (output += text.toString()))
  const total = { samples: 0, datagrams: 0, malformed: 0 }
  const add = (sent: Sent): Sent => {
    total.samples += sent.samples
    total.datagrams += sent.sent
    total.malformed += sent.malformed
    return sent
  }
  const send = async (load: Load): Promise<Sent> => {
    const sent = add(await sendLoad(load, setup))
    await settle(pid)
    return sent
  }
  try {
    await until(() => socketLines().length > 0, `${receiver.name} listens`)
    favorThreads(pid)
    await send(WARM_UP)
    const idle = readUse(pid)
    await delay(IDLE_MS)
    const idleCores = (readUse(pid).cpuS - idle.cpuS) / (IDLE_MS / 1000)
    const load = async (one: Load): Promise<Measurement> => {
      await send({ ...one, seconds: WARM_UP_S })
      const [counted, drops, before] = [receiver.read?.() ?? 0, readDrops(), readUse(pid)]
      const startedMs = performance.now()
      const sent = await send(one)
      const [after, tookS] = [readUse(pid), (performance.now() - startedMs) / 1000]
      const samples =
        receiver.read === undefined
          ? sent.samples - ((readDrops() - drops) * sent.samples) / sent.sent
          : receiver.read() - counted
      const cpuS = after.cpuS - before.cpuS
      return {
        sentPerSecond: sent.datagramsPerSecond,
        sentSamples: sent.samples,
        lostShare: 1 - samples / sent.samples,
        cpuSPer100k: ((cpuS - idleCores * tookS) / samples) * 100_000,
        cores: (cpuS - idleCores * (tookS - sent.seconds)) / sent.seconds,
        memoryMb: after.memoryMb,
        systemShare: (after.systemS - before.systemS) / cpuS,
      }
    }
    const drain = async (datagrams: number): Promise<number> => {
      process.kill(-pid, 'SIGSTOP')
      const drops = readDrops()
      add(await sendLoad({ datagramsPerSecond: 0, seconds: 0 }, setup, datagrams))
      if (readDrops() > drops) throw new Error(`the receive buffer is too small for ${datagrams} datagrams`)
      const startedMs = performance.now()
      process.kill(-pid, 'SIGCONT')
      await until(isEmpty, 'the socket is empty', 2)
      const tookMs = performance.now() - startedMs
      await settle(pid)
      return (datagrams / tookMs) * 1000
    }
    const result = await use({ load, drain })
    if (receiver.printed !== undefined) {
      const drops = readDrops()
      child.kill('SIGTERM')
      await ended
      judge(receiver, total, receiver.printed(output), drops)
    }
    return { result, output }
  } finally {
    // Its children hold its output; some of them outlive a gentler end.
    if (child.exitCode === null) process.kill(-pid, 'SIGKILL')
    await ended
  }
}

/** What is missing is what its socket dropped, and what it refused is what was cut short. */
function judge(
  { name }: Receiver, sent: { samples: number; datagrams: number; malformed: number }, counted: Counted, drops: number,
): void {
  const missing = sent.samples - counted.samples
  const dropped = (drops * sent.samples) / sent.datagrams
  if (Math.abs(missing - dropped) > 0.05 * dropped) {
    throw new Error(`${name}: ${missing} of ${sent.samples} samples are missing, for ${drops} drops`)
  }
  const { malformed = sent.malformed } = counted
  if (malformed > sent.malformed || malformed < sent.malformed - drops) {
    throw new Error(`${name}: refused ${malformed} datagrams for ${sent.malformed} that were cut short`)
  }
}

function favorThreads(pid: number): void {
  const threads = [pid, ...childrenOf(pid)].flatMap((process) => readdirSync(`/proc/${process}/task`))
  const favored = threads.filter((thread) => niceOf(thread) < 0)
  for (const thread of favored.length > 0 ? favored : threads) execFileSync('chrt', ['--pid', ...REALTIME, thread])
}

function niceOf(thread: string): number {
  return Number(readFileSync(`/proc/${thread}/stat`, 'latin1').split(') ')[1]!.split(' ')[16])
}

/** 0 a second: as fast as it goes. */
async function sendLoad(
  { datagramsPerSecond, seconds }: Load, { folder, malformedEvery }: Setup, count = Math.round(datagramsPerSecond * seconds),
): Promise<Sent> {
  const numbers = [PORT, datagramsPerSecond, count, SOURCES, malformedEvery].map(String)
  const [command, ...args] = [...SENDER, join(folder, 'sflow-load'), 'send', ...numbers]
  const { stdout } = await promisify(execFile)(command!, args, { cwd: folder, env: { ...process.env, TABLE_DIR: folder } })
  return JSON.parse(stdout) as Sent
}

/** Resolves when its socket is empty and it uses no more CPU than one that waits. */
async function settle(pid: number): Promise<void> {
  await until(isEmpty, 'the socket is empty')
  for (let before = readUse(pid).cpuS, waitedMs = 0; waitedMs < DEADLINE_MS; waitedMs += 500) {
    await delay(500)
    const now = readUse(pid).cpuS
    if (now - before <= 0.1) return
    before = now
  }
}

function isEmpty(): boolean {
  return socketLines().every((line) => /^\S+\s+\S+\s+\S+\s+\S+\s+\w+:00000000 /.test(line.trim()))
}

/** Datagrams that the receiver's sockets dropped so far. */
function readDrops(): number {
  return socketLines().reduce((sum, line) => sum + Number(line.trim().split(/\s+/).at(-1)), 0)
}

/** The receiver's sockets in the format of proc(5). */
function socketLines(): string[] {
  const suffix = `:${PORT.toString(16).toUpperCase()} `
  return readFileSync('/proc/net/udp', 'latin1').split('\n').filter((line) => line.includes(suffix))
}

async function until(isTrue: () => boolean, what: string, everyMs = 50): Promise<void> {
  const deadlineMs = performance.now() + DEADLINE_MS
  while (!isTrue()) {
    if (performance.now() > deadlineMs) throw new Error(`not within ${DEADLINE_MS / 1000} s: ${what}`)
    await delay(everyMs)
  }
}
