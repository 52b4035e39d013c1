/** The log of the process: JSON lines for machines, readable ones on a terminal, and a level that may change. */
import { pino, type Logger } from 'pino'
import type { LogLevel } from '../model/log-level.ts'
import { createLogOutput, type LogOutput } from './log-output.ts'

export interface ProcessLog {
  readonly logger: Logger
  level(): LogLevel
  /** For this logger and all its children, from now on. */
  setLevel(level: LogLevel): void
}

export interface ProcessLogOptions {
  /** Descriptor to write to. */
  readonly fd: number
  /** Somebody reads along. */
  readonly isTerminal: boolean
  /** On a terminal. */
  readonly colorize: boolean
  readonly level: LogLevel
}

export async function createProcessLog({ fd, isTerminal, colorize, level }: ProcessLogOptions): Promise<ProcessLog> {
  const output = createLogOutput(fd)
  const destination = isTerminal ? await prettify(output, colorize) : output
  // A child keeps the level that it was made with. Those of a service that has gone are not kept by this.
  const children = new Set<WeakRef<Logger>>()
  const logger = pino(
    {
      base: { service: 'spillway' },
      timestamp: pino.stdTimeFunctions.isoTime,
      level,
      onChild: (child) => {
        for (const known of children) if (known.deref() === undefined) children.delete(known)
        children.add(new WeakRef(child))
      },
    },
    destination,
  )
  return {
    logger,
    level: () => logger.level as LogLevel,
    setLevel: (next) => {
      logger.level = next
      for (const child of children) {
        const living = child.deref()
        if (living !== undefined) living.level = next
      }
    },
  }
}

/** Lines for people, written by the same output, which never waits. */
async function prettify(output: LogOutput, colorize: boolean): Promise<LogOutput> {
  const { prettyFactory } = await import('pino-pretty')
  const format = prettyFactory({
    colorize,
    colorizeObjects: false,
    ignore: 'service,part',
    singleLine: true,
    translateTime: 'SYS:yyyy-mm-dd HH:MM:ss.l',
  })
  return { write: (line) => output.write(format(line)) }
}
