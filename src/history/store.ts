/** The history in its file: opened when it can be, closed when it fails, opened again. */
import { messageOf } from '../model/error-message.ts'
import {
  fileIdentity, isDamage, moveAside, openDatabase, sqliteCode, SQLITE_FULL, type OpenedDatabase,
} from './open-database.ts'
import { readLoads } from './read-loads.ts'
import { readAlarms, readDecisions, readModes, readOverrides } from './read-records.ts'
import type { HistoryQuestion, HistoryQuestions, HistoryRecord } from './records.ts'
import { trim, usedBytes, type Bounds } from './trim.ts'
import { RecordWriter } from './write-records.ts'

export interface StoreOptions extends Bounds {
  readonly file: string
}

export interface Written {
  /** Of the file that hold something. */
  readonly bytes: number
  /** What happened to a file that was in the way, in words. */
  readonly setAside: string | undefined
  /** Since the file was opened: what was written before may not be in it. */
  readonly isFirst: boolean
}

const NEARLY_FULL = 0.8
/** How often what is too old is looked for. */
const TRIM_INTERVAL_MS = 60_000

interface Open extends OpenedDatabase {
  readonly writer: RecordWriter
  readonly identity: string | undefined
  isWritten: boolean
}

/** Blocks its thread: it is made for one of its own. */
export class HistoryStore {
  readonly #options: StoreOptions
  #open: Open | undefined
  #trimmedMs = -Infinity

  constructor(options: StoreOptions) {
    this.#options = options
  }

  /** Throws when it cannot be written now; nothing of the batch is then. */
  write(records: readonly HistoryRecord[], nowMs: number): Written {
    try {
      return this.#write(records, nowMs)
    } catch (error) {
      this.close()
      if (!isDamage(error)) throw explain(error)
      try {
        const aside = moveAside(this.#options.file, 'damaged')
        const written = this.#write(records, nowMs)
        return { ...written, setAside: `it was damaged (${messageOf(error)}), and was moved to ${aside}` }
      } catch (again) {
        this.close()
        throw explain(again)
      }
    }
  }

  #write(records: readonly HistoryRecord[], nowMs: number): Written {
    const open = this.#opened()
    const { database, writer, setAside } = open
    try {
      writer.write(records)
    } catch (error) {
      // Full by our own bound, and not the disk: the oldest makes room.
      const { maxBytes } = this.#options
      if (sqliteCode(error) !== SQLITE_FULL || usedBytes(database) < maxBytes * NEARLY_FULL) throw error
      trim(database, { ...this.#options, maxBytes: maxBytes * NEARLY_FULL }, nowMs)
      writer.write(records)
    }
    if (nowMs - this.#trimmedMs >= TRIM_INTERVAL_MS || nowMs < this.#trimmedMs) {
      trim(database, this.#options, nowMs)
      this.#trimmedMs = nowMs
    }
    const isFirst = !open.isWritten
    open.isWritten = true
    return { bytes: usedBytes(database), setAside: isFirst ? setAside : undefined, isFirst }
  }

  /** Throws when it cannot be read now. */
  ask<Q extends HistoryQuestion>(
    question: Q,
    query: HistoryQuestions[Q]['query'],
    nowMs: number,
  ): HistoryQuestions[Q]['answer'] {
    try {
      const { database } = this.#opened()
      const answers: { [K in HistoryQuestion]: (of: HistoryQuestions[K]['query']) => HistoryQuestions[K]['answer'] } = {
        decisions: (of) => readDecisions(database, of),
        overrides: (of) => readOverrides(database, of),
        alarms: (of) => readAlarms(database, of),
        modes: (of) => readModes(database, of),
        loads: (of) => readLoads(database, of, nowMs),
      }
      return answers[question](query)
    } catch (error) {
      this.close()
      throw explain(error)
    }
  }

  close(): void {
    const open = this.#open
    this.#open = undefined
    open?.database.close()
  }

  #opened(): Open {
    const { file, maxBytes } = this.#options
    // Somebody has moved or removed it: what is written on would be seen by nobody.
    if (this.#open !== undefined && fileIdentity(file) !== this.#open.identity) this.close()
    if (this.#open === undefined) {
      const opened = openDatabase(file, maxBytes)
      this.#open = { ...opened, writer: new RecordWriter(opened.database), identity: fileIdentity(file), isWritten: false }
    }
    return this.#open
  }
}

function explain(error: unknown): Error {
  const isFull = sqliteCode(error) === SQLITE_FULL
  return new Error(isFull ? 'the disk, or history.max_size, is full' : messageOf(error), { cause: error })
}
