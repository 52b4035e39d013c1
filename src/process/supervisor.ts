/**
 * systemd, or whatever else supervises this process by sd_notify(3): told when the service is ready, that it lives,
 * and that it stops. Node.js has no unix datagram sockets, so systemd's own command speaks for us
 * (NotifyAccess=all). Without NOTIFY_SOCKET nothing is told.
 */
import { spawn } from 'node:child_process'
import type { Logger } from 'pino'

export interface Supervisor {
  /**
   * It is ready. From then on, where the supervisor asks for it (WATCHDOG_USEC), it is told that we live, three
   * times in its time, for as long as `isAlive`.
   */
  ready(isAlive: () => boolean): void
  /** It stops, and is not to be taken for dead. */
  stopping(): void
}

const TELLS_PER_TIME = 3

export function createSupervisor(env: NodeJS.ProcessEnv, logger: Logger): Supervisor {
  let timer: NodeJS.Timeout | undefined
  let isMute = (env['NOTIFY_SOCKET'] ?? '') === ''
  const tell = (what: string): void => {
    if (isMute) return
    const command = spawn('systemd-notify', [what], { stdio: 'ignore', env: { ...process.env, ...env } })
    command.on('error', (error) => {
      isMute = true
      logger.error({ error: error.message }, 'systemd-notify cannot be run: the supervisor is told nothing')
    })
  }
  return {
    ready: (isAlive) => {
      tell('READY=1')
      const timeMs = Number(env['WATCHDOG_USEC'] ?? 0) / 1000
      const isOurs = (env['WATCHDOG_PID'] ?? String(process.pid)) === String(process.pid)
      if (isMute || !isOurs || !(timeMs > 0)) return
      timer = setInterval(() => {
        if (isAlive()) tell('WATCHDOG=1')
      }, timeMs / TELLS_PER_TIME)
      timer.unref()
    },
    stopping: () => {
      clearInterval(timer)
      tell('STOPPING=1')
    },
  }
}
