/**
 * The collector under load, beside those who do the same job: `npm run bench:collector [-- OPTIONS [NAME …]]`. Needs
 * Linux and root; installs gcc, pmacct and nfdump-sflow on Debian when they are missing.
 *
 *   --seconds N          of each load (5)
 *   --repeats N          rounds in which all take their turn (3)
 *   --rate N             datagrams a second, instead of each one's own
 *   --receive-buffer N   of each, MiB (32)
 *   --malformed N        every Nth datagram is cut short
 *   --no-search          does not look for the highest rate without loss, nor how fast each drains a backlog
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { withReceiver, type Measurement, type Setup } from './measure.ts'
import { createReceivers, PACKAGES, type Receiver } from './receivers.ts'

const HERE = import.meta.dirname
const ROOT = join(HERE, '..')
const FOLDER = join(ROOT, '.cache', 'bench')
const LOSSLESS_SHARE = 0.001
const RATES = [
  1000, 2500, 5000, 10_000, 20_000, 30_000, 40_000, 60_000, 80_000, 100_000, 125_000, 150_000, 175_000, 200_000, 225_000,
  250_000, 275_000, 300_000, 350_000, 400_000,
]
/** Below this share of a rate the sender is what cannot do it. */
const SENT_SHARE = 0.95
/** What waits in the receive buffer for who drains it while nobody sends, and room for it. */
const BACKLOG = 200_000
const BACKLOG_BYTES = 256 * 2 ** 20
/** How long a realtime thread runs before its equals do (sched(7)), while this lasts; ms. */
const TURN = '/proc/sys/kernel/sched_rr_timeslice_ms'
const SHORT_TURN_MS = 4
/** The largest receive buffer that it grants (socket(7)); bytes. */
const LARGEST_BUFFER = '/proc/sys/net/core/rmem_max'
const ENCLOSED = 'SPILLWAY_BENCH_ENCLOSED'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '5' },
    repeats: { type: 'string', default: '3' },
    rate: { type: 'string' },
    'receive-buffer': { type: 'string', default: '32' },
    malformed: { type: 'string', default: '0' },
    search: { type: 'boolean', default: true },
  },
  allowNegative: true,
})
const seconds = Number(values.seconds)
const repeats = Number(values.repeats)
const setup: Setup = {
  folder: FOLDER,
  receiveBufferBytes: Number(values['receive-buffer']) * 2 ** 20,
  malformedEvery: Number(values.malformed),
}
const chosen = createReceivers(FOLDER).filter(({ name }) => positionals.length === 0 || positionals.includes(name))

if (process.env[ENCLOSED] === undefined) process.exitCode = await enclose()
else await compare()

/** Prepares everything, then runs this again in a network namespace of its own. */
async function enclose(): Promise<number> {
  install()
  build()
  const before = [TURN, LARGEST_BUFFER].map((path) => [path, readFileSync(path, 'utf8')] as const)
  writeFileSync(TURN, String(SHORT_TURN_MS))
  writeFileSync(LARGEST_BUFFER, String(Math.max(setup.receiveBufferBytes, BACKLOG_BYTES, Number(readFileSync(LARGEST_BUFFER, 'utf8')))))
  try {
    return await runInside()
  } finally {
    for (const [path, value] of before) writeFileSync(path, value)
  }
}

async function runInside(): Promise<number> {
  const inside = ['ip link set lo up && exec "$@"', 'sh', process.execPath, fileURLToPath(import.meta.url), ...process.argv.slice(2)]
  const env = { ...process.env, [ENCLOSED]: '1', TABLE_DIR: FOLDER }
  const kill = ['--pid', '--fork', '--kill-child=SIGKILL', '--mount-proc']
  const child = spawn('unshare', ['--net', '--mount', ...kill, 'sh', '-c', ...inside], { stdio: 'inherit', env })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill('SIGKILL'))
  const [code] = (await once(child, 'close')) as [number | null]
  return code ?? 1
}

function install(): void {
  const needed = new Set(['gcc' as const, ...chosen.flatMap(({ needs }) => needs ?? [])])
  const names = [...needed].filter((name) => spawnSync('which', [name]).status !== 0).map((name) => PACKAGES[name])
  if (names.length === 0) return
  print(`installing ${names.join(', ')}`)
  const apt = ['-o', 'DPkg::Lock::Timeout=300']
  execFileSync('apt-get', [...apt, 'update'], { stdio: ['ignore', 'ignore', 'inherit'] })
  execFileSync('apt-get', [...apt, 'install', '-y', '--no-install-recommends', ...names], { stdio: ['ignore', 'ignore', 'inherit'] })
}

function build(): void {
  mkdirSync(FOLDER, { recursive: true })
  for (const name of ['full-table', 'sflow-load', 'sflow-floor']) {
    execFileSync('gcc', ['-O2', '-o', join(FOLDER, name), join(HERE, `${name}.c`), '-lm'], { stdio: 'inherit' })
  }
  if (!existsSync(join(FOLDER, 't4.bin'))) execFileSync(join(FOLDER, 'full-table'), { cwd: FOLDER })
  const compiler = join(ROOT, 'node_modules', '.bin', 'tsc')
  execFileSync(compiler, ['-p', HERE, '--outDir', join(FOLDER, 'compiled')], { stdio: 'inherit' })
}

/** The highest rate that a receiver took with next to nothing lost. */
interface Limit extends Measurement {
  /** The sender could send no more. */
  readonly isAll: boolean
}

interface Row {
  readonly receiver: Receiver
  readonly runs: Measurement[]
  limit?: Limit | undefined
  /** Datagrams/s while nobody sends. */
  drained?: number
}

/** All in turn, several times over, so that what else the machine does meets them alike. */
async function compare(): Promise<void> {
  const rows: Row[] = chosen.map((receiver) => ({ receiver, runs: [] }))
  for (let i = 0; i < repeats; i++) {
    for (const { receiver, runs } of rows) runs.push(await run(receiver))
  }
  if (values.search) {
    for (const row of rows) {
      row.limit = await findLimit(row.receiver)
      row.drained = await drain(row.receiver)
    }
  }
  printTable(rows)
  print(`\nin memory, ns of CPU: ${execFileSync(process.execPath, [join(HERE, 'in-memory.ts')], { encoding: 'utf8' })}`)
}

async function run(receiver: Receiver): Promise<Measurement> {
  const datagramsPerSecond = Number(values.rate ?? receiver.rate)
  const { result, output } = await withReceiver(receiver, setup, ({ load }) => load({ datagramsPerSecond, seconds }))
  print(`${receiver.name}: ${describe(result)}${output.startsWith('{') ? `\n  ${output.trim()}` : ''}`)
  return result
}

/** The highest of the rates that it takes with at most 0.1 % lost, at the second try at the latest. */
async function findLimit(receiver: Receiver): Promise<Limit | undefined> {
  const { result } = await withReceiver(receiver, setup, async ({ load }) => {
    let limit: Limit | undefined
    let [low, high] = [-1, RATES.length]
    const test = async (datagramsPerSecond: number): Promise<Measurement> => {
      const measured = await load({ datagramsPerSecond, seconds })
      print(`${receiver.name}, search: ${describe(measured)}`)
      return measured
    }
    while (high - low > 1) {
      const middle = (low + high) >> 1
      let measured = await test(RATES[middle]!)
      if (measured.lostShare > LOSSLESS_SHARE) measured = await test(RATES[middle]!)
      const isAll = measured.sentPerSecond < RATES[middle]! * SENT_SHARE
      const isLossless = measured.lostShare <= LOSSLESS_SHARE
      if (isLossless && measured.sentPerSecond > (limit?.sentPerSecond ?? 0)) limit = { ...measured, isAll }
      if (isLossless && !isAll) low = middle
      else high = middle
    }
    return limit
  })
  return result
}

/** Datagrams/s, the median of three. */
async function drain(receiver: Receiver): Promise<number> {
  const { result } = await withReceiver(receiver, { ...setup, receiveBufferBytes: BACKLOG_BYTES }, async (running) => {
    const rates = []
    for (let i = 0; i < 3; i++) rates.push(await running.drain(BACKLOG))
    return median(rates)
  })
  print(`${receiver.name}: drains ${result.toFixed(0)} datagrams/s while nobody sends`)
  return result
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? NaN
}

function describe({ sentPerSecond, lostShare, cpuSPer100k, cores, systemShare, memoryMb }: Measurement): string {
  const cpu = `${cpuSPer100k.toFixed(4)} CPU-s/100k, ${cores.toFixed(2)} cores, ${(systemShare * 100).toFixed(0)} % of it the kernel's`
  return `${sentPerSecond}/s, ${(lostShare * 100).toFixed(3)} % lost, ${cpu}, ${memoryMb.toFixed(0)} MB`
}

/** The ratio is that of the runs of one round. */
function printTable(rows: readonly Row[]): void {
  const ours = rows.find(({ receiver: { name } }) => name === 'ours')?.runs
  print('\n| receiver | does | lossless datagrams/s | cores then | drains, datagrams/s | CPU-s per 100k samples | to ours | MB |')
  print('|---|---|---|---|---|---|---|---|')
  for (const { receiver: { name, does }, runs, limit, drained } of rows) {
    const ratios = ours?.map(({ cpuSPer100k }, i) => runs[i]!.cpuSPer100k / cpuSPer100k) ?? []
    const cells = [
      name, does, `${limit?.sentPerSecond ?? ''}${limit?.isAll === true ? ', all that was sent' : ''}`, limit?.cores.toFixed(2) ?? '',
      drained?.toFixed(0) ?? '',
      median(runs.map((one) => one.cpuSPer100k)).toFixed(4), median(ratios).toFixed(2),
      median(runs.map(({ memoryMb }) => memoryMb)).toFixed(0),
    ]
    print(`| ${cells.join(' | ')} |`)
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
