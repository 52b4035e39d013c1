/**
 * Namespaces for the whole lab: processes, mounts and network of its own. The kernel ends every process and
 * drops every namespace, link and file of it together with its first process, which dies with the process
 * that started it. So there is nothing to clean up, whatever happens, and nothing that two labs could share.
 */
import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, readlinkSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export interface EnclosedLab {
  /** Resolves with its exit code. */
  readonly ended: Promise<number>
  /** Ends it at once. */
  end(): void
}

const PROGRAM = fileURLToPath(new URL('./play-lab.ts', import.meta.url))
const TIE = ['setpriv', '--pdeathsig', 'SIGKILL']
const ENCLOSE = ['unshare', '--net', '--mount', '--pid', '--fork', '--kill-child=SIGKILL']
/** Where daemons would leave something: sockets and named namespaces, configurations, crash logs. */
const OWN_FOLDERS = ['/run', '/etc/frr', '/var/tmp']
/** The lab's own files. */
export const FOLDER = '/run/lab'

/** Starts the lab with this process's standard input and output. */
export function encloseLab(args: readonly string[]): EnclosedLab {
  const [command, ...rest] = [...TIE, ...ENCLOSE, process.execPath, PROGRAM, ...args]
  const env = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`, TMPDIR: FOLDER }
  const child = spawn(command!, rest, { stdio: 'inherit', env })
  const ended = new Promise<number>((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code) => resolve(code ?? 1))
  })
  return { ended, end: () => child.kill('SIGKILL') }
}

/**
 * Makes the enclosure a place of its own, called once by the first process in it. Returns the id by which
 * that process is known outside, for `nsenter`.
 */
export function furnishEnclosure(): number {
  if (process.pid !== 1) throw new Error('this is a part of the lab: start it with npm run lab')
  // Until /proc is mounted anew it speaks of the processes outside.
  const outerPid = Number(readlinkSync('/proc/self'))
  execFileSync('mount', ['-t', 'proc', 'proc', '/proc'])
  for (const folder of OWN_FOLDERS) execFileSync('mount', ['-t', 'tmpfs', '-o', 'mode=755', 'lab', folder])
  mkdirSync(FOLDER)
  return outerPid
}
