/**
 * The watchdog as the child of a service: a program of its own that outlives it. Argument: WatchdogSettings,
 * JSON.
 */
import { pino } from 'pino'
import { createLogOutput } from '../process/log-output.ts'
import { monotonicClock } from '../process/monotonic-clock.ts'
import { createWatchdog, type WatchdogSettings } from './watchdog.ts'

const LEAVE_CHECK_MS = 1_000

const settings = JSON.parse(process.argv[2]!) as WatchdogSettings
const base = { service: 'spillway', part: 'watchdog' }
const logger = pino({ base, timestamp: pino.stdTimeFunctions.isoTime }, createLogOutput(process.stdout.fd))
const watchdog = createWatchdog(settings, 'child', monotonicClock, logger)

/** What ends a service, and all that runs beside it, must not end what is to outlive it. */
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => watchdog.orphan())
process.on('disconnect', () => watchdog.orphan())
// The service may have gone before this was listened for.
if (!process.connected) watchdog.orphan()

watchdog.start()
const leaving = setInterval(() => {
  if (!watchdog.mayLeave()) return
  clearInterval(leaving)
  logger.info('nothing is left to guard')
  void watchdog.stop().then(() => {
    // Told by a signal, it is connected still, and that would keep it.
    if (process.connected) process.disconnect()
  })
}, LEAVE_CHECK_MS)
