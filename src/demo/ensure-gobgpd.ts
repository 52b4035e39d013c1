/** Sees to it that there is a gobgpd to run. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

export interface Machine {
  readonly env: NodeJS.ProcessEnv
  readonly isDebian: boolean
  readonly isRoot: boolean
  /** systemd is the init system, and starts what packages bring. */
  readonly hasSystemd: boolean
}

const RELEASES = 'https://github.com/osrg/gobgp/releases'
const INSTALL = ['apt-get', 'install', '-y', '--no-install-recommends', 'gobgpd'] as const

export function thisMachine(): Machine {
  return {
    env: process.env,
    isDebian: existsSync('/etc/debian_version'),
    isRoot: process.getuid?.() === 0,
    hasSystemd: existsSync('/run/systemd/system'),
  }
}

/**
 * Resolves when gobgpd is on PATH. On Debian as root it is installed for that, and `say` is told so; else
 * this rejects with the line that installs it.
 */
export async function ensureGobgpd(machine: Machine, say: (text: string) => void): Promise<void> {
  if (isOnPath('gobgpd', machine.env)) return
  if (!machine.isDebian) {
    throw new Error(`gobgpd is missing: put GoBGP 3.10 or later on PATH, from ${RELEASES}`)
  }
  if (!machine.isRoot) throw new Error(`gobgpd is missing; this installs it: sudo ${INSTALL.join(' ')}`)
  say(`gobgpd is missing; installing it: ${INSTALL.join(' ')}`)
  await run(machine, ['apt-get', 'update'])
  await run(machine, INSTALL)
  // The package also starts a gobgpd of its own, which nobody asked for.
  if (machine.hasSystemd) await run(machine, ['systemctl', 'disable', '--now', 'gobgpd.service'])
  if (!isOnPath('gobgpd', machine.env)) throw new Error('gobgpd is still missing after apt-get installed it')
}

/** Rejects with what the command printed when it fails. */
async function run(machine: Machine, [command, ...args]: readonly string[]): Promise<void> {
  const child = spawn(command!, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...machine.env, DEBIAN_FRONTEND: 'noninteractive' },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  }
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`${[command, ...args].join(' ')} failed:\n${output}`)
}

function isOnPath(command: string, env: NodeJS.ProcessEnv): boolean {
  return (env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK)
      return folder !== ''
    } catch {
      return false
    }
  })
}
