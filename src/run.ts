/** The command `run`: the service from start to end, and its signals. */
import { pino, type Logger } from 'pino'
import { ConfigError } from './config/config-error.ts'
import type { Config } from './config/config.ts'
import { findWarnings } from './config/find-warnings.ts'
import { loadConfig } from './config/load-config.ts'
import { loadOrReport } from './config/load-or-report.ts'
import { createLogOutput } from './log-output.ts'
import { messageOf } from './model/error-message.ts'
import { createService, type Handover, type Service } from './service.ts'

/** Runs until SIGTERM or SIGINT; the overrides stay in GoBGP, so that an upgrade causes no flap. */
export async function runCommand(file: string, version: string): Promise<number> {
  // First of all: a reload may be asked for at any moment, and would end a process that does not listen yet.
  const nextSignal = listenForSignals()
  let config = loadOrReport(file, process.env, (text) => process.stderr.write(text))
  if (config === undefined) return 2
  const output = createLogOutput(process.stdout.fd)
  const logger = pino({ base: { service: 'spillway' }, timestamp: pino.stdTimeFunctions.isoTime }, output)
  const start = async (settings: Config, before?: Handover): Promise<Service> => {
    for (const warning of findWarnings(settings)) logger.warn({ warning }, 'configuration')
    const service = createService(settings, { modeFile: `${file}.mode`, version, logger }, before)
    await service.start()
    return service
  }
  const failToStart = (error: unknown): number => {
    logger.fatal({ error: messageOf(error) }, 'cannot start')
    return 1
  }
  let service: Service
  try {
    service = await start(config)
  } catch (error) {
    return failToStart(error)
  }
  logger.info({ version, file, mode: service.mode() }, 'started')

  for (;;) {
    const signal = await nextSignal()
    if (signal !== 'SIGHUP') {
      logger.info({ signal }, 'stopping; overrides stay in GoBGP')
      await service.stop()
      return 0
    }
    const next = reload(file, logger)
    if (next === undefined) continue
    const before = await service.handOver(next)
    try {
      service = await start(next, before)
      config = next
      logger.info({ file, mode: service.mode() }, 'configuration read again')
    } catch (error) {
      // What it names is not to be had, as an address that is taken: the edge shall not lose its controller.
      logger.error({ file, error: messageOf(error) }, 'the configuration cannot be put to work and was not taken')
      try {
        service = await start(config, { controller: before.controller, collector: undefined })
      } catch (fault) {
        return failToStart(fault)
      }
    }
  }
}

/** The file's new content; undefined when it is bad, and the service goes on with what it has. */
function reload(file: string, logger: Logger): Config | undefined {
  try {
    return loadConfig(file, process.env)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    logger.error({ file, faults: error.message.split('\n') }, 'the configuration has faults and was not taken')
    return undefined
  }
}

/** In the order in which they are heeded. */
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const
type Signal = (typeof SIGNALS)[number]

/**
 * None is missed while an earlier one is being handled; several of a kind count as one, and the end does not wait
 * for what is to be read again.
 */
function listenForSignals(): () => Promise<Signal> {
  const waiting = new Set<Signal>()
  let wake = (): void => {}
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      waiting.add(signal)
      wake()
    })
  }
  return async () => {
    for (;;) {
      const first = SIGNALS.find((signal) => waiting.delete(signal))
      if (first !== undefined) return first
      await new Promise<void>((resolve) => (wake = resolve))
    }
  }
}
