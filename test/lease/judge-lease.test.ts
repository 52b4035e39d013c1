import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { judgeLease, leaseNotSeen, NO_LEASE, type LeaseMemory, type LeaseSelf, type LeaseStep } from '../../src/lease/judge-lease.ts'
import type { Lease } from '../../src/model/lease.ts'

const DURATION_MS = 20_000
const self = (n: number, owner = n): LeaseSelf =>
  ({ owner: String(owner).padStart(16, '0'), incarnation: n, durationMs: DURATION_MS })

/** What gobgpd holds. */
class Board {
  lease: Lease | undefined
}

/** A service as its cycles see the lease, on a clock of its own. */
class Holder {
  memory: LeaseMemory = NO_LEASE
  step: LeaseStep = { kind: 'rest' }
  readonly #board: Board
  readonly #self: LeaseSelf
  constructor(board: Board, own: LeaseSelf) {
    this.#board = board
    this.#self = own
  }
  read(nowMs: number, mayAct = true): LeaseStep {
    const { memory, step } = judgeLease(this.memory, { lease: this.#board.lease, nowMs, mayAct }, this.#self)
    this.memory = memory
    this.step = step
    return step
  }
  write(): void {
    if ('write' in this.step) this.#board.lease = this.step.write
    this.step = { kind: 'rest' }
  }
  look(nowMs: number, mayAct = true): LeaseStep['kind'] {
    const { kind } = this.read(nowMs, mayAct)
    this.write()
    return kind
  }
  unanswered(nowMs: number): void {
    this.memory = leaseNotSeen(this.memory, nowMs)
  }
}

/** Looks every second for so long; the kinds of steps, repetitions left out. */
function lookFor(holder: Holder, fromMs: number, ms: number): string[] {
  const steps: string[] = []
  for (let t = fromMs; t < fromMs + ms; t += 1000) {
    const kind = holder.look(t)
    if (steps.at(-1) !== kind) steps.push(kind)
  }
  return steps
}

describe('one service', () => {
  test('claims what is free, and has it when it finds it again', () => {
    expect(lookFor(new Holder(new Board(), self(1)), 0, 3000)).toEqual(['claim', 'renew'])
  })

  test('goes on at once after a crash, after an orderly end, and after a restart of gobgpd', () => {
    const board = new Board()
    const first = new Holder(board, self(1))
    lookFor(first, 0, 3000)
    expect(new Holder(board, self(2, 1)).look(0)).toBe('renew')
    board.lease = { ...board.lease!, state: 'released' }
    const third = new Holder(board, self(3, 1))
    expect(third.look(0)).toBe('renew')
    board.lease = undefined
    expect(third.look(1000)).toBe('renew')
  })

  test('does not go on under what has lapsed', () => {
    const board = new Board()
    const holder = new Holder(board, self(1))
    lookFor(holder, 0, 3000)
    board.lease = { ...board.lease!, state: 'lapsed' }
    expect(lookFor(holder, 60_000, 3000)).toEqual(['claim', 'renew'])
    board.lease = undefined
    expect(lookFor(holder, 120_000, 3000)).toEqual(['claim', 'renew'])
  })

  test('takes none while nothing can be sent, and releases what it had', () => {
    const board = new Board()
    const holder = new Holder(board, self(1))
    expect(holder.look(0, false)).toBe('rest')
    expect(board.lease).toBeUndefined()
    lookFor(holder, 1000, 3000)
    expect(holder.look(5000, false)).toBe('release')
    expect(board.lease?.state).toBe('released')
    expect(holder.look(6000, false)).toBe('rest')
  })
})

describe('two services', () => {
  test('the second stays out, and takes over when the first has not renewed for its duration', () => {
    const board = new Board()
    lookFor(new Holder(board, self(1)), 0, 3000)
    const second = new Holder(board, self(2))
    expect(lookFor(second, 0, DURATION_MS)).toEqual(['stand_by'])
    expect(lookFor(second, DURATION_MS, 3000)).toEqual(['claim', 'renew'])
  })

  test('the second looks less often than the lease of the first lasts: it takes over all the same', () => {
    const board = new Board()
    lookFor(new Holder(board, { ...self(1), durationMs: 3000 }), 0, 3000)
    const second = new Holder(board, self(2))
    const steps = [0, 1, 2, 3].map((i) => second.look(i * (DURATION_MS / 3)))
    expect(steps).toEqual(['stand_by', 'claim', 'renew', 'renew'])
  })

  test('time in which gobgpd did not answer does not count, and the first gets a moment to come back', () => {
    const board = new Board()
    lookFor(new Holder(board, self(1)), 0, 3000)
    const second = new Holder(board, self(2))
    lookFor(second, 0, DURATION_MS - 2000)
    for (let t = DURATION_MS - 2000; t < 10 * DURATION_MS; t += 1000) second.unanswered(t)
    expect(lookFor(second, 10 * DURATION_MS, 5000)).toEqual(['stand_by'])
    expect(lookFor(second, 10 * DURATION_MS + 5000, 3000)).toEqual(['claim', 'renew'])
  })

  test('after a restart of gobgpd the first comes first', () => {
    const board = new Board()
    const [first, second] = [new Holder(board, self(1)), new Holder(board, self(2))]
    lookFor(first, 0, 3000)
    lookFor(second, 0, 3000)
    board.lease = undefined
    expect(lookFor(second, 3000, 10_000)).toEqual(['stand_by'])
    expect(first.look(3000)).toBe('renew')
    expect(lookFor(second, 13_000, 10_000)).toEqual(['stand_by'])
  })

  test('one that is released goes to whoever comes', () => {
    const board = new Board()
    lookFor(new Holder(board, self(1)), 0, 3000)
    board.lease = { ...board.lease!, state: 'released' }
    expect(lookFor(new Holder(board, self(2)), 0, 3000)).toEqual(['claim', 'renew'])
  })

  test('a copy of the first, as of a cloned machine, takes it once and leaves it when the first shows up', () => {
    const board = new Board()
    const [first, copy] = [new Holder(board, self(1)), new Holder(board, self(2, 1))]
    lookFor(first, 0, 3000)
    const steps = [3000, 4000, 5000, 6000].map((t) => [copy.look(t), first.look(t)])
    expect(steps).toEqual([['renew', 'renew'], ['stand_by', 'renew'], ['stand_by', 'renew'], ['stand_by', 'renew']])
    // The first is gone: its copy waits as any other.
    expect(lookFor(copy, 7000, DURATION_MS)).toEqual(['stand_by'])
    expect(lookFor(copy, 7000 + DURATION_MS, 3000)).toEqual(['claim', 'renew'])
    // It was stopped, not dead.
    expect(lookFor(first, 10_000 + DURATION_MS, 3000)).toEqual(['stand_by'])
  })

  test('a dry-run sees the lease and writes nothing', () => {
    const board = new Board()
    lookFor(new Holder(board, self(1)), 0, 3000)
    const before = board.lease
    const second = new Holder(board, self(2))
    expect(second.look(0, false)).toBe('stand_by')
    expect(board.lease).toBe(before)
  })
})

test('whatever happened: once all have read what all have written, one holds it', () => {
  const action = fc.oneof(
    fc.record({ who: fc.nat(2), what: fc.constantFrom('read', 'write', 'look', 'look', 'unanswered', 'idle') }),
    fc.record({ who: fc.constant(0), what: fc.constantFrom('restart', 'fence', 'wait') }),
  )
  fc.assert(
    // Two of the three may bear the same name, as two containers that share a directory.
    fc.property(fc.array(action, { maxLength: 60 }), fc.boolean(), (actions, sharesName) => {
      const board = new Board()
      const all = [self(1), self(2), self(3, sharesName ? 1 : 3)].map((own) => new Holder(board, own))
      let nowMs = 0
      for (const { who, what } of actions) {
        const holder = all[who]!
        nowMs += 400
        if (what === 'read') holder.read(nowMs)
        else if (what === 'write') holder.write()
        else if (what === 'look') holder.look(nowMs)
        else if (what === 'idle') holder.look(nowMs, false)
        else if (what === 'unanswered') holder.unanswered(nowMs)
        else if (what === 'restart') board.lease = undefined
        else if (what === 'fence' && board.lease !== undefined) board.lease = { ...board.lease, state: 'lapsed' }
        else nowMs += DURATION_MS
      }
      for (const holder of all) holder.write()
      for (let round = 0; round < 2; round++) for (const holder of all) holder.look((nowMs += 400))
      const held = (): number => all.filter(({ memory }) => memory.held).length
      expect(held()).toBeLessThanOrEqual(1)
      for (let t = 0; t < 3 * DURATION_MS; t += 1000) {
        for (const holder of all) holder.look((nowMs += 300))
        expect(held()).toBeLessThanOrEqual(1)
      }
      expect(held()).toBe(1)
    }),
    { numRuns: 500 },
  )
})
