/**
 * The command `watchdog`: a watchdog for itself, for units and containers that the service's end shall not
 * touch.
 */
import { pino } from 'pino'
import type { Config } from '../config/config.ts'
import { loadOrReport } from '../config/load-or-report.ts'
import { createLogOutput } from '../process/log-output.ts'
import { monotonicClock } from '../process/monotonic-clock.ts'
import { createSupervisor } from '../process/supervisor.ts'
import { createWatchdog, type Watchdog, type WatchdogSettings } from '../watchdog/watchdog.ts'

/** What of a configuration concerns its watchdog. */
export function watchdogSettings({ routers, bgp, controller }: Config): WatchdogSettings {
  return {
    targets: [...new Set(routers.map(({ gobgp }) => gobgp))],
    marker: bgp.marker,
    leaseMs: controller.leaseMs,
  }
}

/**
 * Runs until SIGTERM or SIGINT. SIGHUP reads the configuration again and refuses a bad one without stopping.
 */
export async function watchdogCommand(file: string): Promise<number> {
  const base = { service: 'spillway', part: 'watchdog' }
  const logger = pino({ base, timestamp: pino.stdTimeFunctions.isoTime }, createLogOutput(process.stdout.fd))
  const start = (): Watchdog | undefined => {
    const config = loadOrReport(file, process.env, (text) => process.stderr.write(text))
    if (config === undefined) return undefined
    const settings = watchdogSettings(config)
    const started = createWatchdog(settings, 'alone', monotonicClock, logger)
    started.start()
    logger.info({ file, ...settings }, 'started')
    return started
  }
  let watchdog = start()
  if (watchdog === undefined) return 2
  const supervisor = createSupervisor(process.env, logger)
  supervisor.ready(() => true)
  process.on('SIGHUP', () => {
    const before = watchdog
    const next = start()
    if (next === undefined) return
    watchdog = next
    void before?.stop()
  })
  await new Promise((resolve) => {
    process.once('SIGTERM', resolve)
    process.once('SIGINT', resolve)
  })
  supervisor.stopping()
  logger.warn('stopping: nothing withdraws the overrides of a service that ends now')
  await watchdog.stop()
  return 0
}
