/** The history in its file, without the thread around it. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openDatabase } from '../../src/history/open-database.ts'
import type { DecisionQuery, HistoryRecord, LoadRecord, OverrideQuery } from '../../src/history/records.ts'
import { MIGRATIONS } from '../../src/history/schema.ts'
import { HistoryStore } from '../../src/history/store.ts'

const DAY_MS = 86_400_000
const START_MS = Date.UTC(2030, 0, 10)
const KEEP = { keepMs: 30 * DAY_MS, maxBytes: 200 * 2 ** 20 }

let folder: string
let file: string
let store: HistoryStore
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spillway-history-'))
  file = join(folder, 'history.sqlite')
  store = new HistoryStore({ file, ...KEEP })
})
afterEach(() => {
  store.close()
  rmSync(folder, { recursive: true })
})

describe('loads', () => {
  const carry = (fromMs: number, seconds: number, of: (ms: number) => Partial<LoadRecord>): void => {
    for (let ms = fromMs; ms < fromMs + seconds * 1000; ms += 10_000) {
      store.write([{ kind: 'loads', atMs: ms, loads: [load(of(ms))] }], ms)
    }
  }
  const ask = (fromMs: number, toMs: number, points: number, nowMs = toMs) =>
    store.ask('loads', { fromMs, toMs, points, router: undefined, interface: undefined }, nowMs)

  test('come out as they went in, one value for each step, and NaN where nothing was known', () => {
    carry(START_MS, 60, (ms) => ({ out: ms === START_MS + 20_000 ? null : 100 + (ms - START_MS) / 10_000 }))
    const loads = ask(START_MS, START_MS + 59_000, 100)
    expect(loads).toMatchObject({ stepMs: 10_000, startMs: START_MS, steps: 6 })
    expect([...loads.interfaces[0]!.out]).toEqual([100, 101, NaN, 103, 104, 105])
  })

  test('wider steps are averages, and keep the peak', () => {
    carry(START_MS, 3600, (ms) => ({ out: ms === START_MS + 600_000 ? 970 : 100, outMax: ms === START_MS + 600_000 ? 999 : 100 }))
    const { stepMs, interfaces: [one] } = ask(START_MS, START_MS + 3_599_000, 60)
    expect(stepMs).toBe(60_000)
    expect(one!.out[10]).toBe((5 * 100 + 970) / 6)
    expect(one!.outMax[10]).toBe(999)
    expect(one!.out[11]).toBe(100)
    const wide = ask(START_MS, START_MS + 3_599_000, 6)
    expect(wide.stepMs).toBe(600_000)
    expect([...wide.interfaces[0]!.out].map(Math.round)).toEqual([100, Math.round((59 * 100 + 970) / 60), 100, 100, 100, 100])
    expect(wide.interfaces[0]!.outMax[1]).toBe(999)
  })

  test('the running wide step is there already', () => {
    carry(START_MS, 30, () => ({ out: 7 }))
    expect([...ask(START_MS - 3_570_000, START_MS + 30_000, 6).interfaces[0]!.out]).toEqual([NaN, NaN, NaN, NaN, NaN, NaN, 7])
  })

  test('what is older than the finest steps are kept comes from wider ones, and what is older than all is gone', () => {
    carry(START_MS, 600, () => ({ out: 5 }))
    const later = (days: number) => START_MS + days * DAY_MS
    store.write([], later(1))
    expect(ask(START_MS, START_MS + 600_000, 1000, later(1)).stepMs).toBe(60_000)
    expect(ask(START_MS, START_MS + 599_000, 1000, later(1)).interfaces[0]!.out.every((v) => v === 5)).toBe(true)
    store.write([], later(4))
    expect(ask(START_MS, START_MS + 599_000, 1000, later(4))).toMatchObject({ stepMs: 600_000, steps: 1 })
    expect([...ask(START_MS, START_MS + 599_000, 1000, later(4)).interfaces[0]!.out]).toEqual([5])
    store.write([], later(31))
    expect([...ask(START_MS, START_MS + 599_000, 1000, later(31)).interfaces[0]!.out]).toEqual([NaN])
  })

  test('one of many interfaces is found by its steps, and gives the same as all of them', () => {
    const loads = Array.from({ length: 20 }, (_, i) => load({ interface: `i${i}`, out: i }))
    for (let n = 0; n < 12; n++) store.write([{ kind: 'loads', atMs: START_MS + n * 10_000, loads }], START_MS)
    const range = { fromMs: START_MS, toMs: START_MS + 119_000, points: 12, router: undefined }
    const one = store.ask('loads', { ...range, interface: 'i7' }, START_MS)
    const all = store.ask('loads', { ...range, interface: undefined }, START_MS)
    expect(one.interfaces).toEqual([all.interfaces[7]])
    expect(all.interfaces[7]!.out.every((value) => value === 7)).toBe(true)
  })

  test('thousands of years are answered at once: only steps that there are are looked up', () => {
    const names = ['i0', 'i1', 'i2', 'i3', 'i4', 'i5', 'i6', 'i7']
    store.write([{ kind: 'loads', atMs: START_MS, loads: names.map((name) => load({ interface: name, out: 5 })) }], START_MS)
    for (const [from, to] of [['0001-01-01', '9999-01-01'], ['2030-01-09', '9999-01-01']] as const) {
      const query = { fromMs: Date.parse(from), toMs: Date.parse(to), points: 10, router: undefined, interface: 'i3' }
      const begunMs = performance.now()
      const [one] = store.ask('loads', query, START_MS).interfaces
      expect(performance.now() - begunMs).toBeLessThan(2_000)
      expect([...one!.out].filter((bps) => !Number.isNaN(bps))).toEqual([5])
    }
  })

  test('never more points than were asked for, but for the ends', () => {
    carry(START_MS, 100, () => ({}))
    for (const [span, points] of [[60, 7], [3600, 100], [86_400, 360], [30 * 86_400, 500], [90 * 86_400, 20]] as const) {
      expect(ask(START_MS - span * 1000, START_MS, points).steps).toBeLessThanOrEqual(points + 1)
    }
  })
})

describe('overrides', () => {
  const held = (...prefixes: string[]): HistoryRecord => ({
    kind: 'overrides', router: 'edge1', atMs: START_MS + 1000, held: prefixes,
    added: new Map(prefixes.map((prefix) => [prefix, {
      id: prefix, prefix, parentPrefix: prefix, from: 'a', to: 'b', nextHop: '192.0.2.1', bps: 10, addedMs: START_MS, reason: 'full',
    }])),
    lastBps: new Map([['10.0.0.0/24', 5]]),
    reasons: [{ prefix: '10.0.0.0/23', reason: 'room again' }].filter(() => !prefixes.includes('10.0.0.0/24')),
  })
  const ask = (filter: Partial<OverrideQuery> = {}) =>
    store.ask('overrides', {
      fromMs: undefined, toMs: undefined, router: undefined, interface: undefined, prefix: undefined, before: undefined, limit: 10, ...filter,
    }, START_MS)

  test('one that is held no more has ended, with the reason', () => {
    store.write([held('10.0.0.0/24', '10.0.1.0/24')], START_MS)
    store.write([held('10.0.1.0/24')], START_MS)
    expect(ask().map(({ prefix, withdrawnMs, withdrawnReason, withdrawnBps }) => ({ prefix, withdrawnMs, withdrawnReason, withdrawnBps }))).toEqual([
      { prefix: '10.0.1.0/24', withdrawnMs: null, withdrawnReason: null, withdrawnBps: null },
      { prefix: '10.0.0.0/24', withdrawnMs: START_MS + 1000, withdrawnReason: 'room again', withdrawnBps: 5 },
    ])
  })

  test('after a restart what is still held goes on, and what went meanwhile has ended', () => {
    store.write([held('10.0.7.0/24', '10.0.1.0/24')], START_MS)
    store.close()
    store = new HistoryStore({ file, ...KEEP })
    store.write([held('10.0.1.0/24')], START_MS)
    expect(ask().map(({ prefix, withdrawnReason }) => [prefix, withdrawnReason])).toEqual([
      ['10.0.1.0/24', null],
      ['10.0.7.0/24', 'GoBGP does not hold it any more'],
    ])
  })

  test('those of a router that is no longer there have ended', () => {
    store.write([held('10.0.1.0/24')], START_MS)
    store.write([{ kind: 'routers', atMs: START_MS + 5000, names: ['edge2'] }], START_MS)
    expect(ask()).toMatchObject([{ withdrawnMs: START_MS + 5000 }])
  })

  test('are found by a prefix that holds them or that they hold, and by either interface', () => {
    store.write([held('10.0.0.0/16', '10.1.0.0/24', '2001:db8::/32')], START_MS)
    const found = (prefix: string) => ask({ prefix }).map((o) => o.prefix)
    expect(found('10.0.7.0/24')).toEqual(['10.0.0.0/16'])
    expect(found('10.0.0.0/8')).toEqual(['10.1.0.0/24', '10.0.0.0/16'])
    expect(found('10.1.0.7/32')).toEqual(['10.1.0.0/24'])
    expect(found('2001:db8:7::1/128')).toEqual(['2001:db8::/32'])
    expect(found('::/0')).toEqual(['2001:db8::/32'])
    expect(found('192.0.2.0/24')).toEqual([])
    expect([ask({ interface: 'a' }).length, ask({ interface: 'b' }).length, ask({ interface: 'c' }).length]).toEqual([3, 3, 0])
  })

  test('pages follow one another without gap or double', () => {
    store.write([held(...Array.from({ length: 25 }, (_, i) => `10.0.${i}.0/24`))], START_MS)
    const pages: string[] = []
    for (let before: number | undefined; ; ) {
      const page = ask({ before })
      if (page.length === 0) break
      pages.push(...page.map((o) => o.prefix))
      before = page.at(-1)!.row
    }
    expect(pages).toEqual(Array.from({ length: 25 }, (_, i) => `10.0.${24 - i}.0/24`))
  })
})

test('decisions come newest first, by prefix, kind and what came before', () => {
  const kinds = ['relieve', 'release'] as const
  for (let n = 0; n < 20; n++) store.write([decision(n, { kind: kinds[n % 2]!, prefix: `10.0.${n}.0/24` })], START_MS)
  expect(decisions({ limit: 3 }).map(({ prefix }) => prefix)).toEqual(['10.0.19.0/24', '10.0.18.0/24', '10.0.17.0/24'])
  expect(decisions({ kind: 'release', before: idOf(3) }).map(({ prefix }) => prefix)).toEqual(['10.0.1.0/24'])
  expect(decisions({ prefix: '10.0.4.0/22' }).map(({ prefix }) => prefix)).toEqual([7, 6, 5, 4].map((n) => `10.0.${n}.0/24`))
  expect(decisions({ fromMs: START_MS + 5, toMs: START_MS + 6 }).map(({ id }) => id)).toEqual([idOf(6), idOf(5)])
  expect(decisions({ limit: 1 })).toEqual([(decision(19, { kind: 'release', prefix: '10.0.19.0/24' }) as { decision: unknown }).decision])
})

test('alarms begin and end, and go on over a restart', () => {
  const alarm = { kind: 'session_down', router: 'edge1', interface: null, message: 'away', sinceMs: START_MS } as const
  const alarms = () =>
    store.ask('alarms', { fromMs: undefined, toMs: undefined, router: undefined, kind: undefined, before: undefined, limit: 10 }, 0)
  store.write([{ kind: 'alarms', atMs: START_MS, active: [alarm, { ...alarm, router: 'edge2' }] }], START_MS)
  store.close()
  store = new HistoryStore({ file, ...KEEP })
  store.write([{ kind: 'alarms', atMs: START_MS + 9, active: [{ ...alarm, sinceMs: START_MS + 8 }] }], START_MS)
  expect(alarms().map(({ router, begunMs, endedMs }) => ({ router, begunMs, endedMs }))).toEqual([
    { router: 'edge2', begunMs: START_MS, endedMs: START_MS + 9 },
    { router: 'edge1', begunMs: START_MS, endedMs: null },
  ])
})

describe('a file that cannot be used', () => {
  test('one that is no database is moved aside, a new one begun, and that is said once', () => {
    writeFileSync(file, 'x'.repeat(10_000))
    const { setAside } = store.write([decision(1)], START_MS)
    expect(setAside).toMatch(/^it was damaged \(.*\), and was moved to .*history\.sqlite\.damaged$/)
    expect(readFileSync(`${file}.damaged`, 'utf8')).toBe('x'.repeat(10_000))
    expect(decisions({})).toHaveLength(1)
    expect(store.write([decision(2)], START_MS).setAside).toBeUndefined()
  })

  test('one with damaged pages, too', () => {
    store.write(Array.from({ length: 5000 }, (_, n) => decision(n)), START_MS)
    store.close()
    const bytes = readFileSync(file)
    writeFileSync(file, bytes.fill(0xaa, 40_000, bytes.length - 40_000))
    expect(store.write([decision(1)], START_MS).setAside).toContain('was damaged')
    expect(decisions({})).toHaveLength(1)
  })

  test('pages that are damaged while it is open are found when they are used', () => {
    // More than SQLite keeps in memory.
    store.write(Array.from({ length: 50_000 }, (_, n) => decision(n, { prefix: `10.${n >> 8}.${n & 255}.0/24` })), START_MS)
    store.close()
    store.write([], START_MS)
    const bytes = readFileSync(file)
    writeFileSync(file, bytes.fill(0xaa, 40_000))
    const { setAside } = store.write([decision(50_000, { prefix: '10.77.0.0/24' })], START_MS)
    expect(setAside).toContain('was damaged')
    expect(decisions({}).map(({ id }) => id)).toEqual([idOf(50_000)])
  })

  test('a later version is moved aside, not touched', () => {
    const newer = openDatabase(file, KEEP.maxBytes, [...MIGRATIONS, 'CREATE TABLE tomorrow (a)']).database
    newer.close()
    expect(store.write([decision(1)], START_MS).setAside).toContain(`a later version (${MIGRATIONS.length + 1})`)
    const kept = new DatabaseSync(`${file}.version-${MIGRATIONS.length + 1}`)
    expect(kept.prepare('SELECT count(*) AS n FROM tomorrow').get()!['n']).toBe(0)
    kept.close()
  })

  test('the first version is brought up to today, and its loads go on', () => {
    openDatabase(file, KEEP.maxBytes, MIGRATIONS.slice(0, 1)).database.close()
    store.write([{ kind: 'loads', atMs: START_MS, loads: [load({ out: 7 })] }], START_MS)
    expect(store.ask('loads', { fromMs: START_MS, toMs: START_MS + 1, points: 1, router: undefined, interface: undefined }, START_MS).interfaces).toHaveLength(1)
  })

  test('an earlier version is brought up, and keeps what it has', () => {
    store.write([decision(1)], START_MS)
    store.close()
    const { database } = openDatabase(file, KEEP.maxBytes, [...MIGRATIONS, 'ALTER TABLE decision ADD COLUMN weather TEXT'])
    expect(database.prepare('SELECT count(*) AS n, max(weather) AS weather FROM decision').get()).toEqual({ n: 1, weather: null })
    expect(database.prepare('PRAGMA user_version').get()).toEqual({ user_version: MIGRATIONS.length + 1 })
    database.close()
  })

  test("another program's database is left as it is", () => {
    const theirs = new DatabaseSync(file)
    theirs.exec('CREATE TABLE theirs (a)')
    theirs.close()
    expect(() => store.write([decision(1)], START_MS)).toThrow('is a database of something else: give history.file another name')
    expect(existsSync(`${file}.damaged`)).toBe(false)
  })

  test('one that another process holds cannot be written, and can be as soon as it lets go', () => {
    const other = new HistoryStore({ file, ...KEEP })
    other.write([decision(1)], START_MS)
    expect(() => store.write([decision(2)], START_MS)).toThrow('database is locked')
    other.close()
    store.write([decision(2)], START_MS)
    expect(decisions({})).toHaveLength(2)
  })

  test('one that is removed while it is open is begun anew', () => {
    store.write([decision(1)], START_MS)
    rmSync(file)
    expect(store.write([decision(2)], START_MS).isFirst).toBe(true)
    expect(decisions({}).map(({ id }) => id)).toEqual([idOf(2)])
  })
})

test('it stays within its size, and the newest is what stays', () => {
  const maxBytes = 2 ** 20
  store = new HistoryStore({ file, keepMs: KEEP.keepMs, maxBytes })
  const loads = Array.from({ length: 100 }, (_, i) => load({ interface: `i${i}`, out: 1e11 + i, natural: 1e11, planned: 1e11 }))
  let nowMs = START_MS
  let most = 0
  // Each minute as a minute of the service's, and a decision of every cycle.
  for (let minute = 0; minute < 150; minute++, nowMs += 60_000) {
    const many = Array.from({ length: 30 }, (_, n) => decision(minute * 60_000 + n))
    most = Math.max(most, store.write([...many, { kind: 'loads', atMs: nowMs, loads }], nowMs).bytes)
  }
  expect(most).toBeLessThanOrEqual(maxBytes)
  expect(most).toBeGreaterThan(maxBytes / 2)
  const { out } = store.ask('loads', { fromMs: nowMs - 600_000, toMs: nowMs, points: 10, router: undefined, interface: 'i7' }, nowMs).interfaces[0]!
  expect([...out].filter((value) => value === 1e11 + 7)).toHaveLength(10)
  expect(decisions({ limit: 1 })[0]!.id).toBe(idOf(149 * 60_000 + 29))
})

function decisions(filter: Partial<DecisionQuery>) {
  return store.ask('decisions', {
    fromMs: undefined, toMs: undefined, router: undefined, prefix: undefined, kind: undefined, before: undefined, limit: 100, ...filter,
  }, START_MS)
}

const idOf = (n: number): number => (START_MS + n) * 1000

function decision(n: number, more: { kind?: 'relieve' | 'release'; prefix?: string } = {}): HistoryRecord {
  const { kind = 'relieve', prefix = '10.0.0.0/24' } = more
  return {
    kind: 'decision',
    decision: {
      id: idOf(n), atMs: START_MS + n, router: 'edge1', kind, prefix, from: 'a', to: 'b', bps: 100,
      reason: 'a is planned to carry 9.0 Gbps: its high watermark is 80 % of 10.0 Gbps', inputs: { planned: 9e9 }, acted: true,
    },
  }
}

function load(of: Partial<LoadRecord>): LoadRecord {
  return { router: 'edge1', interface: 'a', out: 1, outMax: of.out ?? 1, natural: 1, naturalMax: 1, planned: 1, ...of }
}
