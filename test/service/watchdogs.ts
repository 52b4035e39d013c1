/** Watchdogs that services have started: processes of their own, which outlive them. */
import { globSync, readFileSync } from 'node:fs'

/** Process ids of those that look after the gobgpd at the target. */
export function findWatchdogs(target: string): number[] {
  return globSync('/proc/[0-9]*/cmdline').flatMap((file) => {
    try {
      const line = readFileSync(file, 'utf8')
      return line.includes('watchdog-process') && line.includes(`"${target}"`) ? [Number(file.split('/')[2])] : []
    } catch {
      // It has ended meanwhile.
      return []
    }
  })
}
