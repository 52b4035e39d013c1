/** Reads loads for a chart: aligned steps, few enough, from the tier that has them. */
import type { DatabaseSync } from 'node:sqlite'
import type { LoadQuery, Loads, LoadSeries } from './records.ts'
import { LOAD_TIERS, type LoadTier } from './schema.ts'

/** Whole multiples of the tiers' steps, s. */
const STEPS = [
  10, 20, 30, 60, 120, 300, 600, 1_200, 1_800, 3_600, 7_200, 14_400, 21_600, 43_200, 86_400,
] as const
const DAY = 86_400

/** Values of one column that an answer may hold: more would hold up who puts it into JSON by tens of ms. */
const MOST_VALUES = 24_000

/** What is too old is still there for a moment. */
const SLACK_MS = 60_000

const COLUMNS = ['out', 'outMax', 'natural', 'naturalMax', 'planned'] as const

/** Loads of the steps that lie in the range, the running one among them. */
export function readLoads(database: DatabaseSync, query: LoadQuery, nowMs: number): Loads {
  const interfaces = findInterfaces(database, query)
  const points = Math.max(1, Math.min(query.points, Math.floor(MOST_VALUES / Math.max(1, interfaces.length))))
  const { step, tier } = chooseStep(query, points, nowMs)
  const start = Math.floor(query.fromMs / 1000 / step) * step
  const steps = Math.min(Math.floor(query.toMs / 1000 / step) - start / step + 1, points + 1)
  const series = new Map(interfaces.map((one) => [one.id, emptySeries(one, steps)]))
  // One interface is looked up step by step, for the rows of a step lie together; all are read in one go. Only
  // steps that there are: whoever asks for thousands of years must not hold up the thread.
  const source =
    interfaces.length * 4 < countInterfaces(database)
      ? `WITH RECURSIVE step (at) AS (
           SELECT max(?2, (SELECT min(at) FROM ${tier.table}))
           UNION ALL SELECT at + ${tier.stepMs / 1000} FROM step
           WHERE at + ${tier.stepMs / 1000} < min(?3, (SELECT max(at) FROM ${tier.table}) + 1)
         )
         SELECT load.* FROM step CROSS JOIN json_each(?4) AS wanted
         JOIN ${tier.table} AS load ON load.at = step.at AND load.interface = wanted.value`
      : `SELECT * FROM ${tier.table} WHERE at >= ?2 AND at < ?3
         AND interface IN (SELECT value FROM json_each(?4))`
  const rows = database
    .prepare(
      `SELECT CAST((at - ?2) / ?1 AS INTEGER) AS step, interface, avg(out) AS out, max(out_max) AS outMax,
         avg(natural) AS natural, max(natural_max) AS naturalMax, avg(planned) AS planned
       FROM (${source}) GROUP BY step, interface`,
    )
    .iterate(step, start, start + steps * step, JSON.stringify(interfaces.map(({ id }) => id)))
  for (const row of rows) {
    const one = series.get(Number(row['interface']))!
    for (const column of COLUMNS) {
      const value = row[column]
      if (value !== null) one[column][Number(row['step'])] = Number(value)
    }
  }
  return { stepMs: step * 1000, startMs: start * 1000, steps, interfaces: [...series.values()] }
}

/**
 * The shortest step, s, that gives at most `points` and that is a multiple of a tier which still has the
 * beginning of the range; and the widest such tier, which has the fewest rows.
 */
function chooseStep(
  { fromMs, toMs }: LoadQuery,
  points: number,
  nowMs: number,
): { readonly step: number; readonly tier: LoadTier } {
  const wanted = Math.max(1, (toMs - fromMs) / 1000) / points
  const having = LOAD_TIERS.filter(({ keepMs }) => fromMs >= nowMs - keepMs - SLACK_MS)
  const finest = having[0]!.stepMs / 1000
  const step =
    STEPS.find((s) => s >= wanted && s % finest === 0) ?? Math.ceil(wanted / DAY) * DAY
  return { step, tier: having.findLast(({ stepMs }) => step % (stepMs / 1000) === 0)! }
}

interface Interface {
  readonly id: number
  readonly router: string
  readonly name: string
}

function findInterfaces(database: DatabaseSync, { router, interface: name }: LoadQuery): readonly Interface[] {
  return database
    .prepare(
      `SELECT id, router, name FROM interface
       WHERE (?1 IS NULL OR router = ?1) AND (?2 IS NULL OR name = ?2) ORDER BY id`,
    )
    .all(router ?? null, name ?? null)
    .map((row) => ({ id: Number(row['id']), router: String(row['router']), name: String(row['name']) }))
}

function countInterfaces(database: DatabaseSync): number {
  return Number(database.prepare('SELECT count(*) AS n FROM interface').get()!['n'])
}

function emptySeries({ router, name }: Interface, steps: number): LoadSeries {
  const unknown = (): Float64Array => new Float64Array(steps).fill(NaN)
  return {
    router,
    interface: name,
    out: unknown(),
    outMax: unknown(),
    natural: unknown(),
    naturalMax: unknown(),
    planned: unknown(),
  }
}
