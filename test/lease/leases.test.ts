import { beforeEach, describe, expect, test } from 'vitest'
import type { Override } from '../../src/model/override.ts'
import { createLeases, type Leases } from '../../src/lease/leases.ts'
import type { GuardedStore, NoteStore } from '../../src/lease/ports.ts'
import type { Heartbeat, Lease } from '../../src/model/lease.ts'

const DURATION_MS = 20_000
const TARGET = '127.0.0.1:50051'
const FOREIGN: Lease = { owner: 'feedfeedfeedfeed', incarnation: 9, sequence: 1, durationMs: DURATION_MS, state: 'held' }

let nowMs: number
let lease: Lease | undefined
let heartbeat: Heartbeat | undefined
let writes: number
let away: string | undefined
/** What passes while gobgpd reads. */
let readTakesMs: number
let started: number
let replaced: number
let ends: { times: number; last: string | undefined }
let leases: Leases

beforeEach(() => {
  nowMs = 0
  lease = undefined
  heartbeat = undefined
  writes = 0
  away = undefined
  readTakesMs = 0
  started = 0
  replaced = 0
  ends = { times: 0, last: undefined }
  const store: NoteStore = {
    read: () => {
      nowMs += readTakesMs
      return away === undefined ? Promise.resolve({ lease, heartbeat }) : Promise.reject(new Error(away))
    },
    writeLease: (written) => {
      writes++
      lease = written
      return Promise.resolve()
    },
    writeHeartbeat: () => Promise.reject(new Error('a service has no heartbeat')),
    remove: () => Promise.reject(new Error('a service removes no note')),
  }
  leases = createLeases({
    routers: [{ name: 'edge1', gobgp: TARGET }],
    notes: () => store,
    self: { owner: '00c0ffeefeedbeef', incarnation: 1, durationMs: DURATION_MS },
    watchdog: { ensure: () => void started++, replace: () => void replaced++, ends: () => ends },
    clock: () => nowMs,
  })
})

/** Cycles, one a second, with a watchdog that beats unless told otherwise; the kinds of permission. */
async function cycle(count: number, { mayAct = true, role = 'child' }: { mayAct?: boolean; role?: Heartbeat['role'] | 'none' } = {}) {
  const kinds: string[] = []
  for (let n = 0; n < count; n++) {
    nowMs += 1000
    if (role !== 'none') heartbeat = { watchdog: 5, sequence: (heartbeat?.sequence ?? 0) + 1, role }
    kinds.push((await leases.gate.permission('edge1', mayAct)).kind)
  }
  return kinds
}
const why = async (): Promise<string> => {
  const permission = await leases.gate.permission('edge1', true)
  return permission.kind === 'granted' ? '' : permission.why
}
const add = async (): Promise<string> => {
  const guarded = leases.guard({ add: (_, __, checkLast) => new Promise((resolve) => resolve(checkLast?.())) } as GuardedStore)
  return guarded.add({ router: 'edge1' } as Override, 0).then(() => 'sent', (error: unknown) => (error as Error).message)
}

test('claimed, confirmed, granted; and released at the end', async () => {
  expect(await cycle(3)).toEqual(['no_additions', 'granted', 'granted'])
  await leases.release()
  expect(lease).toMatchObject({ owner: '00c0ffeefeedbeef', state: 'released' })
})

test('where nothing can be sent, nothing is written, and another\'s lease is told', async () => {
  expect(await cycle(3, { mayAct: false })).toEqual(['granted', 'granted', 'granted'])
  lease = FOREIGN
  expect(await cycle(1, { mayAct: false })).toEqual(['stand_by'])
  expect({ writes, started, findings: leases.findings() }).toEqual({ writes: 0, started: 0, findings: [] })
  expect(leases.status()[0]).toMatchObject({ rivalOwner: FOREIGN.owner, lease: { isOurs: false } })
})

test('another\'s lease: nothing is written, no watchdog is started, and it is an alarm', async () => {
  lease = FOREIGN
  expect(await cycle(2)).toEqual(['stand_by', 'stand_by'])
  expect(await why()).toContain(`Spillway ${FOREIGN.owner} holds the lease of gobgpd at ${TARGET}`)
  expect({ writes, started }).toEqual({ writes: 0, started: 0 })
  expect(leases.findings().map(({ kind }) => kind)).toEqual(['lease_foreign'])
  await leases.release()
  expect(lease).toBe(FOREIGN)
})

test('what hung between two cycles sends nothing any more', async () => {
  await cycle(3)
  expect(await add()).toBe('sent')
  nowMs += DURATION_MS / 2
  expect(await add()).toContain('has not been renewed for too long')
})

test('what hung between reading and writing does not write over another', async () => {
  await cycle(3)
  const before = writes
  readTakesMs = DURATION_MS / 2
  expect(await cycle(1)).toEqual(['no_additions'])
  expect(writes).toBe(before)
})

describe('a gobgpd that cannot tell', () => {
  test('stands by before the lease was ever had; afterwards what must go may go', async () => {
    away = 'Address family not supported'
    expect(await cycle(1)).toEqual(['stand_by'])
    expect(await why()).toContain('Address family not supported')
    expect(leases.findings().map(({ kind }) => kind)).toEqual(['lease_missing'])
    away = undefined
    await cycle(2)
    away = 'is away'
    expect(await cycle(1)).toEqual(['no_additions'])
    expect(await cycle(1, { mayAct: false })).toEqual(['granted'])
  })
})

describe('the watchdog', () => {
  test('is started where there is none, and without one nothing is added', async () => {
    expect(await cycle(3, { role: 'none' })).toEqual(['no_additions', 'no_additions', 'no_additions'])
    expect(started).toBe(3)
    expect(await why()).toBe(`no watchdog is seen to look after gobgpd at ${TARGET}`)
    await cycle(12, { role: 'none' })
    expect(replaced).toBeGreaterThan(0)
    expect(leases.findings().map(({ kind }) => kind)).toEqual(['watchdog_missing'])
    expect(await cycle(2)).toEqual(['granted', 'granted'])
  })

  test('is not started where another runs for itself', async () => {
    heartbeat = { watchdog: 5, sequence: 1, role: 'alone' }
    expect(await cycle(5, { role: 'alone' })).toEqual(['no_additions', 'granted', 'granted', 'granted', 'granted'])
    expect(started).toBe(0)
    await cycle(6, { role: 'none' })
    expect(started).toBeGreaterThan(0)
  })

  test('that ended is missing at once, though its last beat is not old', async () => {
    await cycle(3)
    ends = { times: 1, last: 'signal SIGKILL' }
    heartbeat = { ...heartbeat!, sequence: 100 }
    expect((await cycle(2, { role: 'none' })).at(-1)).toBe('no_additions')
    expect(await why()).toContain('the last one ended by signal SIGKILL')
    heartbeat = { watchdog: 6, sequence: 1, role: 'child' }
    expect(await cycle(1)).toEqual(['granted'])
  })
})
