/** Load over time, by interface. */
import type { Interface } from './rest.ts'

export interface Trend {
  /** Seconds since the epoch, ascending; the others have a value for each, bit/s. */
  readonly times: readonly number[]
  readonly natural: readonly (number | null)[]
  readonly out: readonly (number | null)[]
  readonly planned: readonly (number | null)[]
}

/** What the page has seen itself: the last minutes, second by second, and all where there is no history. */
export interface Trends {
  note(interfaces: readonly Interface[], timeMs: number): void
  of(router: string, name: string): Trend
}

/** 15 minutes of one look per second. */
const KEPT = 900
/** Where so much is missing, seconds, what was before is left to the history, which has no gap there. */
const GAP = 10

interface Column {
  times: number[]
  natural: (number | null)[]
  out: (number | null)[]
  planned: (number | null)[]
}

export function createTrends(): Trends {
  const columns = new Map<string, Column>()
  return {
    note: (interfaces, timeMs) => {
      const time = timeMs / 1_000
      for (const one of interfaces) {
        const key = keyOf(one.router, one.name)
        let column = columns.get(key)
        const last = column?.times.at(-1) ?? -Infinity
        if (time <= last) continue
        if (column === undefined || time - last > GAP) {
          columns.set(key, (column = { times: [], natural: [], out: [], planned: [] }))
        }
        column.times.push(time)
        column.natural.push(one.natural_bps)
        column.out.push(one.out_bps)
        column.planned.push(one.planned_bps)
        if (column.times.length > KEPT) for (const values of Object.values(column)) values.shift()
      }
    },
    of: (router, name) => columns.get(keyOf(router, name)) ?? emptyTrend(),
  }
}

export function emptyTrend(): Trend {
  return { times: [], natural: [], out: [], planned: [] }
}

function keyOf(router: string, name: string): string {
  return JSON.stringify([router, name])
}

/** `recent`, and of `earlier` what comes before it. Pure. */
export function joinTrends(earlier: Trend, recent: Trend): Trend {
  const start = recent.times[0] ?? Infinity
  const end = earlier.times.findIndex((time) => time >= start)
  const kept = end === -1 ? earlier.times.length : end
  return {
    times: [...earlier.times.slice(0, kept), ...recent.times],
    natural: [...earlier.natural.slice(0, kept), ...recent.natural],
    out: [...earlier.out.slice(0, kept), ...recent.out],
    planned: [...earlier.planned.slice(0, kept), ...recent.planned],
  }
}
