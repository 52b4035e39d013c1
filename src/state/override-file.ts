/** Keeps the story of every override in a file: where its traffic is from, since when, and why. */
import { readFileSync } from 'node:fs'
import { rename, rm, writeFile } from 'node:fs/promises'
import type { Logger } from 'pino'
import { z } from 'zod'
import type { CycleReport } from '../controller/report.ts'
import {
  tellKeptOut, tellStories, type AllKeptOut, type AllStories, type Story,
} from '../controller/stories.ts'
import type { Finding } from '../model/alarm.ts'
import type { Clock } from '../model/clock.ts'
import { messageOf } from '../model/error-message.ts'
import { formatAddress, formatPrefix, parseAddress, parsePrefix } from '../model/prefix.ts'

const schema = z.object({
  overrides: z.array(
    z.object({
      router: z.string(),
      prefix: z.string().transform(parsePrefix),
      next_hop: z.string().transform(parseAddress),
      parent_prefix: z.string().transform(parsePrefix),
      from_interface: z.string(),
      since: z.iso.datetime().transform(Date.parse),
      reason: z.string(),
      pinned_until: z.iso.datetime().transform(Date.parse).optional(),
    }),
  ),
  kept_out: z
    .array(
      z.object({
        router: z.string(),
        prefix: z.string().transform(parsePrefix),
        from_interface: z.string(),
        to_interface: z.string(),
        why: z.string(),
        until: z.iso.datetime().transform(Date.parse),
      }),
    )
    .default([]),
})

const WRITE_INTERVAL_MS = 1000

export interface Told {
  readonly stories: AllStories
  /** What operators withdrew, and when it may come back. */
  readonly keptOut: AllKeptOut
}

export interface OverrideFile {
  /**
   * What an earlier process left; nothing when the file is missing or cannot be understood, which is told
   * once.
   */
  read(): Told
  /**
   * To be called after every cycle. Writes, in its own time and once a second at most, when a story has
   * changed.
   */
  note(report: CycleReport): void
  /** Writes what is not written yet; never rejects. */
  flush(): Promise<void>
  /** What is wrong with the file. */
  findings(): readonly Finding[]
}

export function createOverrideFile(file: string, clock: Clock, logger: Logger): OverrideFile {
  let told: Told = { stories: new Map(), keptOut: new Map() }
  let written: string | undefined
  let lastWriteMs = -Infinity
  let fault: string | undefined
  let writing: Promise<void> = Promise.resolve()
  let isWriting = false

  const write = async (): Promise<void> => {
    const text = render(told)
    if (text === written) return
    isWriting = true
    const next = `${file}.${process.pid}.new`
    try {
      await writeFile(next, text, { flush: true })
      await rename(next, file)
      written = text
      fault = undefined
    } catch (error) {
      fault = messageOf(error)
      await rm(next, { force: true }).catch(() => {})
    }
    lastWriteMs = clock()
    isWriting = false
  }
  return {
    read: () => {
      try {
        const text = readFileSync(file, 'utf8')
        told = parse(text)
        written = text
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
          logger.warn(
            { file, reason: messageOf(error) },
            'why overrides are there is not known: the file is no use',
          )
        }
      }
      return told
    },
    note: (report) => {
      told = { stories: tellStories(told.stories, report), keptOut: tellKeptOut(report) }
      if (!isWriting && clock() - lastWriteMs >= WRITE_INTERVAL_MS) writing = write()
    },
    flush: async () => {
      await writing
      await write()
    },
    findings: () =>
      fault === undefined
        ? []
        : [{
            kind: 'override_file',
            router: undefined,
            interface: undefined,
            message:
              `${file} cannot be written (${fault}): overrides stay, ` +
              'but a restart would not know why they are there',
          }],
  }
}

function render({ stories, keptOut }: Told): string {
  const overrides = [...stories].flatMap(([router, own]) =>
    [...own.values()].map(({ prefix, nextHop, parentPrefix, fromInterface, sinceMs, reason, pinnedUntilMs }) => ({
      router,
      prefix: formatPrefix(prefix),
      next_hop: formatAddress(nextHop),
      parent_prefix: formatPrefix(parentPrefix),
      from_interface: fromInterface,
      since: toText(sinceMs),
      reason,
      ...(pinnedUntilMs === undefined ? {} : { pinned_until: toText(pinnedUntilMs) }),
    })),
  )
  const kept = [...keptOut].flatMap(([router, own]) =>
    own.map(({ prefix, fromInterface, toInterface, why, untilMs }) => ({
      router,
      prefix: formatPrefix(prefix),
      from_interface: fromInterface,
      to_interface: toInterface,
      why,
      until: toText(untilMs),
    })),
  )
  return `${JSON.stringify({ overrides, kept_out: kept }, undefined, 1)}\n`
}

function toText(ms: number): string {
  return new Date(ms).toISOString()
}

function parse(text: string): Told {
  const { overrides, kept_out: keptOut } = schema.parse(JSON.parse(text))
  return {
    stories: new Map(
      [...Map.groupBy(overrides, ({ router }) => router)].map(([router, own]) => [
        router,
        new Map(own.map((told) => [formatPrefix(told.prefix), readStory(told)])),
      ]),
    ),
    keptOut: new Map(
      [...Map.groupBy(keptOut, ({ router }) => router)].map(([router, own]) => [
        router,
        own.map(({ prefix, from_interface: fromInterface, to_interface: toInterface, why, until: untilMs }) => ({
          prefix, fromInterface, toInterface, why, untilMs,
        })),
      ]),
    ),
  }
}

function readStory(told: z.output<typeof schema>['overrides'][number]): Story {
  return {
    prefix: told.prefix,
    nextHop: told.next_hop,
    parentPrefix: told.parent_prefix,
    fromInterface: told.from_interface,
    sinceMs: told.since,
    reason: told.reason,
    pinnedUntilMs: told.pinned_until,
  }
}
