/** The history as the service holds it: a thread beside it, whatever its disk does. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { DatabaseSync } from 'node:sqlite'
import { Writable } from 'node:stream'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { createHistory, HistoryUnavailable, type History } from '../../src/history/history.ts'
import type { LoggedDecision } from '../../src/controller/decision-log.ts'
import type { CycleReport } from '../../src/controller/report.ts'
import { DECISION, REPORT } from '../api/fake-view.ts'
import { until } from '../simulator/until.ts'

let folder: string
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'spillway-history-'))))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const clock = () => performance.timeOrigin + performance.now()
const LIMITS = { keepMs: 30 * 86_400_000, maxBytes: 200 * 2 ** 20 }
/** Longer than any wait between two attempts. */
const SOON_MS = 60_000

function begin(file: string) {
  const lines: Record<string, unknown>[] = []
  const sink = new Writable({
    write: (chunk: Buffer, _, done) => {
      lines.push(JSON.parse(String(chunk)) as Record<string, unknown>)
      done()
    },
  })
  const history = createHistory({ file, ...LIMITS, clock, logger: pino({ base: null }, sink) })
  history.start()
  onTestFinished(() => history.stop())
  return { history, lines }
}

let lastId = DECISION.id
const decide = (): LoggedDecision => ({ ...DECISION, id: ++lastId })
const everything = { fromMs: undefined, toMs: undefined, router: undefined, prefix: undefined, kind: undefined, before: undefined, limit: 1000 }
const ids = async (history: History) => (await history.ask('decisions', everything)).map(({ id }) => id)
const isFaulty = (history: History) => history.findings().some(({ kind }) => kind === 'history_unavailable')

test('what was noted a moment ago is among the answers', async () => {
  const { history } = begin(join(folder, 'h.sqlite'))
  const one = decide()
  history.noteDecisions([one])
  expect(await ids(history)).toEqual([one.id])
})

test('what is noted before the end is there at the next start', async () => {
  const file = join(folder, 'h.sqlite')
  const { history } = begin(file)
  const one = decide()
  history.noteDecisions([one])
  history.note(REPORT, [])
  await history.stop()
  const next = begin(file).history
  expect(await ids(next)).toEqual([one.id])
  const loads = await next.ask('loads', { fromMs: REPORT.startedMs - 60_000, toMs: REPORT.startedMs, router: undefined, interface: undefined, points: 10 })
  expect(loads.interfaces.find((i) => i.interface === 'transit-a')!.natural).toContain(950e6)
})

describe('a place that cannot be written', () => {
  /** Fails, tells, loses nothing of some minutes, and goes on by itself. */
  async function survives(file: string, mend: () => void): Promise<void> {
    const { history, lines } = begin(file)
    const early = decide()
    history.noteDecisions([early])
    await until('it is told', () => isFaulty(history), SOON_MS)
    await expect(history.ask('decisions', everything)).rejects.toThrow(HistoryUnavailable)
    expect(lines).toMatchObject([{ msg: 'history cannot be written', file }])
    mend()
    const late = decide()
    history.noteDecisions([late])
    await until('it is over', () => !isFaulty(history), SOON_MS)
    expect(await ids(history)).toEqual([late.id, early.id])
    expect(lines.at(-1)).toMatchObject({ msg: 'history is written again' })
    expect(history.stats().writeFailures).toBeGreaterThan(0)
  }

  test('a directory that is not there', async () => {
    await survives(join(folder, 'later', 'h.sqlite'), () => mkdirSync(join(folder, 'later')))
  }, 2 * SOON_MS)

  test('one that another process holds', async () => {
    const file = join(folder, 'h.sqlite')
    const holder = new DatabaseSync(file)
    holder.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
    await survives(file, () => holder.close())
  }, 2 * SOON_MS)

  const mayMount = process.getuid?.() === 0 && canMount()
  test.skipIf(!mayMount)('a file system that is read-only (needs to mount)', async () => {
    mount('ro,size=8m')
    await survives(join(folder, 'h.sqlite'), () => execFileSync('mount', ['-o', 'remount,rw', folder]))
  }, 2 * SOON_MS)

  test.skipIf(!mayMount)('a full disk, from the start (needs to mount)', async () => {
    mount('size=1m')
    fillUp()
    await survives(join(folder, 'h.sqlite'), () => rmSync(join(folder, 'filler')))
  }, 2 * SOON_MS)

  test.skipIf(!mayMount)('a disk that fills up while it is written (needs to mount)', async () => {
    mount('size=4m')
    const { history } = begin(join(folder, 'h.sqlite'))
    const early = Array.from({ length: 50 }, decide)
    history.noteDecisions(early)
    expect(await ids(history)).toHaveLength(50)
    fillUp()
    // The log beside it is larger than it needs to be: it goes on for a while.
    const some: LoggedDecision[] = []
    await until('it is told', () => {
      const news = Array.from({ length: 20 }, decide)
      some.push(...news)
      history.noteDecisions(news)
      return isFaulty(history)
    }, SOON_MS)
    rmSync(join(folder, 'filler'))
    await until('it is over', () => !isFaulty(history), SOON_MS)
    const found = new Set<number>()
    for (let before: number | undefined; ; before = Math.min(...found)) {
      const page = await history.ask('decisions', { ...everything, before })
      if (page.length === 0) break
      for (const { id } of page) found.add(id)
    }
    expect([...early, ...some].filter(({ id }) => !found.has(id))).toEqual([])
  }, 2 * SOON_MS)

  function canMount(): boolean {
    const place = mkdtempSync(join(tmpdir(), 'spillway-mount-'))
    try {
      execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', place], { stdio: 'ignore' })
      execFileSync('umount', [place])
      return true
    } catch {
      return false
    } finally {
      rmSync(place, { recursive: true })
    }
  }
  function mount(options: string): void {
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder])
    // After the history has ended.
    afterThis(() => execFileSync('umount', ['-l', folder]))
  }
  function fillUp(): void {
    const { bavail, bsize } = statfsSync(folder)
    writeFileSync(join(folder, 'filler'), Buffer.alloc(bavail * bsize))
  }
})

test('200 interfaces and 50 decisions a cycle do not hold up the event loop, nor do answers', async () => {
  const { history } = begin(join(folder, 'h.sqlite'))
  const [router] = REPORT.routers
  const interfaces = Array.from({ length: 200 }, (_, i) => ({ ...router!.interfaces[0]!, name: `i${i}` }))
  const delay = monitorEventLoopDelay({ resolution: 1 })
  let longestNoteMs = 0
  delay.enable()
  for (let n = 0; n < 100; n++) {
    const report: CycleReport = { ...REPORT, startedMs: REPORT.startedMs + n * 10_000, routers: [{ ...router!, interfaces }] }
    const beganMs = performance.now()
    history.noteDecisions(Array.from({ length: 50 }, decide))
    history.note(report, [])
    longestNoteMs = Math.max(longestNoteMs, performance.now() - beganMs)
    if (n % 10 === 9) {
      const loads = await history.ask('loads', {
        fromMs: REPORT.startedMs, toMs: report.startedMs, router: undefined, interface: undefined, points: 360,
      })
      expect(loads.interfaces).toHaveLength(200)
    }
  }
  delay.disable()
  // On a machine that does nothing else both are a few ms.
  expect(longestNoteMs).toBeLessThan(100)
  expect(delay.percentile(99) / 1e6).toBeLessThan(100)
}, 60_000)

const after: (() => void)[] = []
function afterThis(clean: () => void): void {
  after.push(clean)
}
afterEach(() => {
  for (const clean of after.splice(0)) clean()
})
