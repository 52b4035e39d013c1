/** Sees to it that what the lab runs on is installed. */
import { execFile } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import type { Machine } from '../src/demo/ensure-gobgpd.ts'

/** Commands of Debian's packages; util-linux is on every Debian. */
const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  bird2: ['bird', 'birdc'],
  frr: ['/usr/lib/frr/zebra', '/usr/lib/frr/bgpd', 'vtysh'],
  gobgpd: ['gobgpd', 'gobgp'],
  iproute2: ['ip'],
  nftables: ['nft'],
  tcpdump: ['tcpdump'],
  'util-linux': ['unshare', 'setpriv', 'nsenter'],
}
/** What packages start on their own where systemd runs, and nobody asked for. */
const SERVICES: Readonly<Record<string, string>> = { bird2: 'bird.service', frr: 'frr.service', gobgpd: 'gobgpd.service' }

/** Packages of which a command is missing. */
export function missingPackages(env: NodeJS.ProcessEnv): readonly string[] {
  const isMissing = (name: string): boolean => COMMANDS[name]!.some((command) => !isExecutable(command, env))
  return Object.keys(COMMANDS).filter(isMissing)
}

/**
 * Resolves when nothing is missing. On Debian it is installed for that, and `say` is told; else this rejects.
 */
export async function ensurePackages(machine: Machine, say: (text: string) => void): Promise<void> {
  const missing = missingPackages(machine.env)
  if (missing.length === 0) return
  if (!machine.isDebian) {
    throw new Error(`these are missing, by the names of Debian's packages: ${missing.join(', ')}`)
  }
  const install = ['apt-get', 'install', '-y', '--no-install-recommends', ...missing]
  say(`${missing.join(', ')} missing; installing: ${install.join(' ')}`)
  await run(machine, ['apt-get', 'update'])
  await run(machine, install)
  const services = missing.flatMap((name) => SERVICES[name] ?? [])
  if (machine.hasSystemd && services.length > 0) {
    await run(machine, ['systemctl', 'disable', '--now', ...services])
  }
  const still = missingPackages(machine.env)
  if (still.length > 0) throw new Error(`still missing after apt-get installed them: ${still.join(', ')}`)
}

/** Rejects with what the command printed when it fails. */
async function run({ env }: Machine, [command, ...args]: readonly string[]): Promise<void> {
  await promisify(execFile)(command!, args, {
    env: { ...env, DEBIAN_FRONTEND: 'noninteractive' },
    maxBuffer: 16 * 1024 * 1024,
  })
}

/** At its path, or on PATH; root's folders count even where PATH leaves them out. */
function isExecutable(command: string, env: NodeJS.ProcessEnv): boolean {
  const path = [...(env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin']
  const folders = command.startsWith('/') ? [''] : path
  return folders.some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
