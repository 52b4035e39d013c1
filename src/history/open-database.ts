/** Opens the file of the history, and sees to it that it is one. */
import { existsSync, renameSync, rmSync, statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { APPLICATION_ID, MIGRATIONS } from './schema.ts'

/** SQLite's primary result codes (sqlite.org/rescode.html). */
export const SQLITE_FULL = 13
const SQLITE_CORRUPT = 11
const SQLITE_NOTADB = 26

/** The file is there and shall stay as it is. */
export class ForeignFile extends Error {}

export interface OpenedDatabase {
  readonly database: DatabaseSync
  /** What happened to a file that could not be used, in words. */
  readonly setAside: string | undefined
}

/** Another process may hold the file for a moment. */
const BUSY_TIMEOUT_MS = 1_000
/** The write-ahead log is cut back to so much. */
const JOURNAL_LIMIT_BYTES = 4 * 2 ** 20

/**
 * Opens or creates the file, for this process alone, and brings its tables to today's version. A file that is
 * damaged, or of a later version, is renamed, and a new one begun. Throws SQLite's error, or ForeignFile when
 * it is a database of something else.
 */
export function openDatabase(
  file: string,
  maxBytes: number,
  migrations: readonly string[] = MIGRATIONS,
): OpenedDatabase {
  try {
    const { database, version } = openChecked(file, maxBytes, migrations)
    if (version <= migrations.length) return { database, setAside: undefined }
    database.close()
    const aside = moveAside(file, `version-${version}`)
    const setAside = `it is of a later version (${version}), and was moved to ${aside}`
    return { database: openChecked(file, maxBytes, migrations).database, setAside }
  } catch (error) {
    if (!isDamage(error)) throw error
    const aside = moveAside(file, 'damaged')
    const setAside = `it was damaged (${(error as Error).message}), and was moved to ${aside}`
    return { database: openChecked(file, maxBytes, migrations).database, setAside }
  }
}

/** True of an error that says that the content of the file makes no sense. */
export function isDamage(error: unknown): boolean {
  const code = sqliteCode(error)
  return code === SQLITE_CORRUPT || code === SQLITE_NOTADB
}

/** SQLite's primary result code of an error; undefined when it is none of SQLite's. */
export function sqliteCode(error: unknown): number | undefined {
  const { errcode } = error as { errcode?: unknown }
  return typeof errcode === 'number' ? errcode & 0xff : undefined
}

function openChecked(
  file: string,
  maxBytes: number,
  migrations: readonly string[],
): { database: DatabaseSync; version: number } {
  const database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS })
  try {
    // Two services that write one history would mix theirs up. It also spares the file of shared memory.
    database.exec('PRAGMA locking_mode = EXCLUSIVE')
    const isNew = numberOf(database, 'PRAGMA page_count') === 0
    if (!isNew && numberOf(database, 'PRAGMA application_id') !== APPLICATION_ID) {
      throw new ForeignFile(`${file} is a database of something else: give history.file another name`)
    }
    if (isNew) {
      database.exec('PRAGMA auto_vacuum = INCREMENTAL')
      database.exec(`PRAGMA application_id = ${APPLICATION_ID}`)
    }
    database.exec('PRAGMA journal_mode = WAL')
    // A crash of the process loses nothing; one of the machine at most what came last (sqlite.org/wal.html).
    database.exec('PRAGMA synchronous = NORMAL')
    database.exec(`PRAGMA journal_size_limit = ${JOURNAL_LIMIT_BYTES}`)
    database.exec('PRAGMA cache_size = -8000')
    database.exec(`PRAGMA max_page_count = ${Math.floor(maxBytes / numberOf(database, 'PRAGMA page_size'))}`)
    const check = database.prepare('PRAGMA quick_check(1)').get() as { quick_check: string }
    if (check.quick_check !== 'ok') {
      throw Object.assign(new Error(check.quick_check), { errcode: SQLITE_CORRUPT })
    }
    const version = numberOf(database, 'PRAGMA user_version')
    for (const [i, sql] of migrations.entries()) {
      if (i >= version) database.exec(`BEGIN IMMEDIATE; ${sql}; PRAGMA user_version = ${i + 1}; COMMIT`)
    }
    return { database, version }
  } catch (error) {
    database.close()
    throw error
  }
}

/** The first column of the one row that the statement gives. */
export function numberOf(database: DatabaseSync, sql: string): number {
  return Number(Object.values(database.prepare(sql).get()!)[0])
}

/** Takes the place of an earlier one that was moved so; one is kept, lest they fill the disk. */
export function moveAside(file: string, why: string): string {
  const aside = `${file}.${why}`
  renameSync(file, aside)
  for (const suffix of ['-wal', '-journal']) {
    rmSync(aside + suffix, { force: true })
    if (existsSync(file + suffix)) renameSync(file + suffix, aside + suffix)
  }
  return aside
}

/** What tells a file from another that takes its name. */
export function fileIdentity(file: string): string | undefined {
  const stat = statSync(file, { throwIfNoEntry: false })
  return stat && `${stat.dev}:${stat.ino}`
}
