/** The command `run`: the service from start to end, and its signals. */
import { randomBytes } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { Logger } from 'pino'
import { ConfigError } from '../config/config-error.ts'
import type { Config } from '../config/config.ts'
import { findWarnings } from '../config/find-warnings.ts'
import { loadConfig } from '../config/load-config.ts'
import { loadOrReport } from '../config/load-or-report.ts'
import { statePath } from '../state/state-path.ts'
import { takeOwner, type Owner } from '../state/owner-file.ts'
import { createProcessLog } from '../process/process-log.ts'
import { messageOf } from '../model/error-message.ts'
import { monotonicClock } from '../process/monotonic-clock.ts'
import { spareMemory } from '../process/spare-memory.ts'
import { createSupervisor } from '../process/supervisor.ts'
import { endHandover, type Handover } from '../service/handover.ts'
import { createService, HandoverRefused, type Service } from '../service/service.ts'
import { createWatchdogChild } from '../watchdog/watchdog-child.ts'
import { watchdogSettings } from './watchdog.ts'

/** A cycle that is later than its interval by more is none of a service that lives. */
const CYCLE_LATE_MS = 15_000

/** Runs until SIGTERM or SIGINT; the overrides stay in GoBGP, so that an upgrade causes no flap. */
export async function runCommand(file: string, version: string): Promise<number> {
  // First of all: a reload may be asked for at any moment, and would end a process that does not listen yet.
  const nextSignal = listenForSignals()
  spareMemory()
  let config = loadOrReport(file, process.env, (text) => process.stderr.write(text))
  if (config === undefined) return 2
  const log = await createProcessLog({
    fd: process.stdout.fd,
    isTerminal: process.stdout.isTTY,
    // no-color.org
    colorize: (process.env['NO_COLOR'] ?? '') === '',
    level: config.log.level,
  })
  const { logger } = log
  const failToStart = (error: unknown): number => {
    logger.fatal({ error: messageOf(error) }, 'cannot start')
    return 1
  }
  let owner: Owner
  try {
    owner = takeOwner(statePath(config, file, 'owner'))
  } catch (error) {
    return failToStart(error)
  }
  if (owner.unkept !== undefined) {
    logger.warn(
      { error: owner.unkept },
      'the name of this service cannot be kept: ' +
        'one that is not in its file already is another after a restart',
    )
  }
  const identity = { owner: owner.name, incarnation: randomBytes(4).readUInt32BE() }
  const watchdog = createWatchdogChild({ settings: watchdogSettings(config), clock: monotonicClock, logger })
  const supervisor = createSupervisor(process.env, logger)
  let lastCycleMs = monotonicClock()
  const onCycle = (): void => void (lastCycleMs = monotonicClock())
  const start = async (settings: Config, before?: Handover): Promise<Service> => {
    log.setLevel(settings.log.level)
    for (const warning of findWarnings(settings)) logger.warn({ warning }, 'configuration')
    watchdog.configure(watchdogSettings(settings))
    const [modeFile, overrideFile] = (['mode', 'overrides'] as const).map((kind) =>
      statePath(settings, file, kind),
    ) as [string, string]
    const service = createService(
      settings,
      { identity, watchdog, modeFile, overrideFile, version, log, onCycle },
      before,
    )
    await service.start()
    return service
  }
  let service: Service
  try {
    service = await start(config)
  } catch (error) {
    return failToStart(error)
  }
  logger.info({ version, file, mode: service.mode() }, 'started')
  supervisor.ready(() => monotonicClock() - lastCycleMs < config!.controller.intervalMs + CYCLE_LATE_MS)

  for (;;) {
    const signal = await nextSignal()
    if (signal !== 'SIGHUP') {
      logger.info({ signal }, 'stopping; overrides stay in GoBGP')
      supervisor.stopping()
      await service.stop()
      return 0
    }
    const next = reload(file, config, logger)
    if (next === undefined) continue
    if (isDeepStrictEqual(next, config)) {
      // It may have been changed over REST, until now.
      log.setLevel(next.log.level)
      logger.info({ file }, 'configuration read again, and nothing in it has changed')
      continue
    }
    let before: Handover
    try {
      before = await service.handOver(next)
    } catch (error) {
      if (!(error instanceof HandoverRefused)) throw error
      logger.error({ file, reason: error.message }, 'the configuration cannot take over and was not taken')
      continue
    }
    try {
      service = await start(next, before)
      config = next
      logger.info({ file, mode: service.mode() }, 'configuration read again')
    } catch (error) {
      // What it names is not to be had, as an address that is taken: the edge shall not lose its controller.
      logger.error(
        { file, error: messageOf(error) },
        'the configuration cannot be put to work and was not taken',
      )
      try {
        service = await start(config, before)
      } catch (fault) {
        await endHandover(before)
        return failToStart(fault)
      }
    }
  }
}

/** The file's new content; undefined when it is bad, and the service goes on with what it has. */
function reload(file: string, { stateDirectory }: Config, logger: Logger): Config | undefined {
  try {
    const next = loadConfig(file, process.env)
    if (next.stateDirectory === stateDirectory) return next
    // Where nothing is kept yet, a kill switch would be forgotten.
    const remedy = 'stop the service, move its files there, and start it'
    logger.error(
      { file, from: stateDirectory, to: next.stateDirectory, remedy },
      'state_directory cannot change meanwhile',
    )
    return undefined
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    logger.error(
      { file, faults: error.message.split('\n') },
      'the configuration has faults and was not taken',
    )
    return undefined
  }
}

/** In the order in which they are heeded. */
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const
type Signal = (typeof SIGNALS)[number]

/**
 * None is missed while an earlier one is being handled; several of a kind count as one, and the end does not
 * wait for what is to be read again.
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
      // What came with it counts, too.
      await setImmediate()
    }
  }
}
