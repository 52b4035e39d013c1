/** Who takes part: how each is started on a port, and what it counted in the end. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Ours, compiled, in the folder. */
export const OURS = join('compiled', 'bench', 'receiver-process.js')

export interface Receiver {
  readonly name: string
  readonly does: string
  /** Datagrams a second that its CPU is measured at: well below what it loses at. */
  readonly rate: number
  /** Those that it may run on; by default one that is not the sender's. */
  readonly cores?: string
  /** Command of a Debian package that it needs. */
  readonly needs?: keyof typeof PACKAGES
  readonly command: (port: number, receiveBufferBytes: number) => readonly string[]
  /** Samples that it counted, once it is quiet and before it is ended; undefined: its output tells. */
  readonly read?: () => number
  /** By what it printed until it ended. */
  readonly printed?: (output: string) => Counted
}

export interface Counted {
  readonly samples: number
  /** Datagrams that it refused; undefined when it does not tell. */
  readonly malformed?: number
}

/** `folder` holds the programs and the table, and takes their files. */
export function createReceivers(folder: string): readonly Receiver[] {
  const ours = (name: string, does: string, rate: number, workers: number): Omit<Receiver, 'cores'> => ({
    name,
    does,
    rate,
    // As bin/spillway starts the service of an installed package.
    command: (port, bytes) => [
      process.execPath, process.env['NODE_FLAGS']!, join(folder, OURS), String(port), String(workers), String(bytes),
    ],
    printed: countsIn,
  })
  return [
    {
      name: 'C floor',
      does: 'recvmmsg, decode, longest match, sums; nothing else',
      rate: 100_000,
      command: (port, bytes) => [join(folder, 'sflow-floor'), String(port), String(bytes)],
      printed: countsIn,
    },
    ours('ours', 'windows, numbering, checks, a snapshot a second; a thread reads', 100_000, 1),
    { ...ours('ours on two cores', 'the same, one of the cores being the sender\'s', 100_000, 1), cores: '0,1' },
    { ...ours('ours, two threads', 'the same, two threads read', 100_000, 2), cores: '0,1' },
    ours('ours by events', 'the same, every datagram an event of the main thread', 20_000, 0),
    createSfcapd(join(folder, 'sfcapd')),
    createSfacctd(folder),
  ]
}

function countsIn(output: string): Counted {
  const { samples, malformed } = JSON.parse(output) as { samples: number; malformed?: Record<string, number> }
  return malformed === undefined ? { samples } : { samples, malformed: sum(Object.values(malformed)) }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((one, other) => one + other, 0)
}

/** Flows go to a file, without a longest match. */
function createSfcapd(folder: string): Receiver {
  return {
    name: 'sfcapd',
    needs: 'sfcapd',
    does: 'decode, write flows to a file; no longest match',
    rate: 100_000,
    command: (port, bytes) => {
      rmSync(folder, { recursive: true, force: true })
      mkdirSync(folder)
      return ['sfcapd', '-p', String(port), '-b', '127.0.0.1', '-B', String(bytes), '-w', folder]
    },
    printed: () => ({ samples: Number(/^Flows: (\d+)/m.exec(nfdump(folder))?.[1]) }),
  }
}

function nfdump(folder: string): string {
  return execFileSync('nfdump', ['-I', '-R', folder], { encoding: 'utf8' })
}

/** Its socket takes what its table then misses, so that the table is what counts. */
function createSfacctd(folder: string): Receiver {
  const [file, pipe] = [join(folder, 'sfacctd.conf'), join(folder, 'sfacctd.pipe')]
  return {
    name: 'sfacctd',
    needs: 'sfacctd',
    does: 'longest match, memory table by agent, interface, network',
    rate: 8000,
    command: (port, bytes) => {
      const settings = {
        daemonize: false, sfacctd_port: port, sfacctd_ip: '127.0.0.1', plugins: 'memory', imt_path: pipe,
        aggregate: 'peer_src_ip, out_iface, dst_net', networks_file: join(folder, 'networks.txt'), sfacctd_net: 'file',
        imt_buckets: 1_048_573, imt_mem_pools_number: 0, imt_mem_pools_size: 1_048_576,
        plugin_pipe_size: 64 * 2 ** 20, plugin_buffer_size: 65_536, plugin_pipe_check_core_pid: false,
        core_proc_name: 'bench', sfacctd_pipe_size: bytes,
      }
      writeFileSync(file, Object.entries(settings).map(([key, value]) => `${key}: ${value}\n`).join(''))
      return ['sfacctd', '-f', file]
    },
    read: () => {
      const table = execFileSync('pmacct', ['-s', '-O', 'csv', '-p', pipe], { encoding: 'utf8', maxBuffer: 2 ** 30 })
      const [head, ...rows] = table.trim().split('\n')
      const column = head!.split(',').indexOf('PACKETS')
      return sum(rows.map((row) => Number(row.split(',')[column])))
    },
  }
}

/** Debian's packages of the commands above. */
export const PACKAGES = { sfacctd: 'pmacct', sfcapd: 'nfdump-sflow', gcc: 'gcc' } as const

export function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ').filter(Boolean).map(Number)
}

/** CPU of a process and its children so far, s, and memory, 10⁶ bytes, by proc(5): all of its threads. */
export function readUse(pid: number): { cpuS: number; systemS: number; memoryMb: number } {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]!.split(' ')
  const status = readFileSync(`/proc/${pid}/status`, 'latin1')
  const own = {
    cpuS: (Number(stat[11]) + Number(stat[12])) / 100,
    systemS: Number(stat[12]) / 100,
    memoryMb: (Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024) / 1e6,
  }
  return childrenOf(pid).map(readUse).reduce(
    (all, use) => ({
      cpuS: all.cpuS + use.cpuS, systemS: all.systemS + use.systemS, memoryMb: all.memoryMb + use.memoryMb,
    }),
    own,
  )
}
