/** The tables of the history, and how each version of them came from the one before. */

/** Marks a file as ours: `Spil`, in SQLite's `PRAGMA application_id`. */
export const APPLICATION_ID = 0x5370696c

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

export interface LoadTier {
  readonly table: string
  readonly stepMs: number
  /** Kept for so long, or for `history.keep` when that is shorter. */
  readonly keepMs: number
}

/** Loads are kept at several widths of step; each is made of the one before. */
export const LOAD_TIERS: readonly [LoadTier, ...LoadTier[]] = [
  { table: 'load_10s', stepMs: 10_000, keepMs: 6 * HOUR_MS },
  { table: 'load_1m', stepMs: MINUTE_MS, keepMs: 3 * DAY_MS },
  { table: 'load_10m', stepMs: 10 * MINUTE_MS, keepMs: Infinity },
  // For months of many interfaces at once.
  { table: 'load_2h', stepMs: 2 * HOUR_MS, keepMs: Infinity },
]

// By time first: what is new goes to the end of the table, and what is old leaves from its beginning.
const loadTable = (table: string): string => `
  CREATE TABLE ${table} (
    at INTEGER NOT NULL, interface INTEGER NOT NULL,
    out INTEGER, out_max INTEGER, natural INTEGER, natural_max INTEGER, planned INTEGER,
    PRIMARY KEY (at, interface)
  ) WITHOUT ROWID;`

/**
 * SQL that leads from each version to the next; `PRAGMA user_version` counts them. What has been released is
 * never changed, only added to. Loads have their times in s, all else in ms since the epoch.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE interface (
    id INTEGER PRIMARY KEY, router TEXT NOT NULL, name TEXT NOT NULL, UNIQUE (router, name)
  );
  ${['load_10s', 'load_1m', 'load_10m'].map(loadTable).join('')}
  CREATE TABLE decision (
    id INTEGER PRIMARY KEY, at INTEGER NOT NULL, router TEXT NOT NULL, kind TEXT NOT NULL,
    prefix TEXT, first BLOB, from_interface TEXT, to_interface TEXT, bps INTEGER,
    reason TEXT NOT NULL, inputs TEXT NOT NULL, acted INTEGER NOT NULL
  );
  CREATE INDEX decision_first ON decision (first) WHERE first IS NOT NULL;
  CREATE TABLE override (
    row INTEGER PRIMARY KEY, key TEXT NOT NULL, id TEXT NOT NULL, router TEXT NOT NULL,
    prefix TEXT NOT NULL, first BLOB NOT NULL, parent_prefix TEXT NOT NULL,
    from_interface TEXT NOT NULL, to_interface TEXT NOT NULL, next_hop TEXT NOT NULL,
    added INTEGER NOT NULL, added_reason TEXT NOT NULL, added_bps INTEGER NOT NULL,
    withdrawn INTEGER, withdrawn_reason TEXT, withdrawn_bps INTEGER
  );
  CREATE INDEX override_open ON override (router, key) WHERE withdrawn IS NULL;
  CREATE INDEX override_first ON override (first);
  CREATE TABLE alarm (
    row INTEGER PRIMARY KEY, kind TEXT NOT NULL, router TEXT, interface TEXT,
    message TEXT NOT NULL, begun INTEGER NOT NULL, ended INTEGER
  );
  CREATE INDEX alarm_open ON alarm (kind) WHERE ended IS NULL;
  CREATE TABLE mode (at INTEGER PRIMARY KEY, mode TEXT NOT NULL);
  `,
  loadTable('load_2h'),
]
