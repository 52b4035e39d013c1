/** Why the lab cannot run here. */
import { spawnSync } from 'node:child_process'

/** Undefined where it can. */
export function labObstacle(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'the lab needs Linux and root'
  const args = ['--net', '--mount', '--pid', '--fork', 'true']
  const { status, stderr } = spawnSync('unshare', args, { encoding: 'utf8' })
  return status === 0 ? undefined : `the lab needs namespaces: ${stderr.trim()}`
}
