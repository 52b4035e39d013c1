/**
 * Makes room where a relief found none: the interfaces of a router share its exits, and what chose first may
 * have taken what another has no substitute for. Pure.
 */
import type { PlannedLoads } from './loads.ts'
import type { Made, Move } from './moves.ts'
import type { Relief } from './relief.ts'

/** Moves looked at for it in one plan: some 10 ms. What more would gain is not worth a late plan. */
const EFFORT = 30_000
/** Detours that make way for each other in a row, at most. */
const LONGEST_CHAIN = 3
/** Less than this share of the interface's relief target is no gain. */
const LEAST_GAIN = 0.001

/**
 * Changes the reliefs so that less is missing in all, where that can be found with bounded effort.
 * `carriedBy` tells the detours that an interface carries since before this plan, as moves to somewhere else;
 * those that gave up their room are returned.
 */
export function makeRoom(
  reliefs: readonly Relief[],
  loads: PlannedLoads,
  carriedBy: (interfaceIndex: number) => readonly Move[],
): ReadonlyMap<Move, Made> {
  const search = new Search(reliefs, loads, carriedBy)
  search.run()
  for (const relief of reliefs) relief.dropUnneeded()
  for (const [move, made] of [...search.shifted].toReversed()) {
    if (!loads.hasRoom(move.on, move.takenBps)) continue
    made.undo()
    search.shifted.delete(move)
  }
  return search.shifted
}

class Search {
  readonly #reliefs: readonly Relief[]
  readonly #loads: PlannedLoads
  readonly #carriedBy: (interfaceIndex: number) => readonly Move[]
  /** Older detours that moved. */
  readonly shifted = new Map<Move, Made>()
  #effort = EFFORT
  /** Takes back what has been changed, the last first. */
  #undo: (() => void)[] = []

  constructor(
    reliefs: readonly Relief[],
    loads: PlannedLoads,
    carriedBy: (interfaceIndex: number) => readonly Move[],
  ) {
    this.#reliefs = reliefs
    this.#loads = loads
    this.#carriedBy = carriedBy
  }

  run(): void {
    while (this.#reliefs.some((relief) => relief.missingBps > 0 && this.#help(relief)));
  }

  /** True when less is missing in all than before. */
  #help(relief: Relief): boolean {
    // Whatever moves for whom: no more can be gained than there is room in all.
    if (this.#effort <= 0 || this.#loads.spareBps() < this.#leastGainBps(relief)) return false
    const blocked = relief.unmade.filter((move) => relief.isWithoutRoom(move))
    const force = (move: Move): boolean =>
      move.exits.some((exit) => this.#try(relief, () => this.#force(relief, move, exit)))
    return (
      blocked.some(force) ||
      this.#madeMoves().some(([other, move]) => this.#try(relief, () => this.#exchange(relief, other, move)))
    )
  }

  /** Keeps what an attempt did when it was worth it. */
  #try(relief: Relief, attempt: () => boolean): boolean {
    this.#effort -= this.#reliefs.length
    if (this.#effort <= 0) return false
    const after = this.#missingBps() - this.#leastGainBps(relief)
    return this.#wholly(() => attempt() && this.#missingBps() <= after)
  }

  /** Takes back what an attempt did when it fails. */
  #wholly(attempt: () => boolean): boolean {
    const mark = this.#undo.length
    const isDone = attempt()
    if (!isDone) for (const undo of this.#undo.splice(mark).toReversed()) undo()
    return isDone
  }

  /** Makes the move to the exit, whatever must leave that. */
  #force(relief: Relief, move: Move, exit: number): boolean {
    if (!this.#clear(exit, move.takenBps, [exit])) return false
    if (!this.#make(relief, move, exit)) return false
    for (const other of this.#reliefs) this.#fill(other)
    return true
  }

  /** Takes one move back, for others of the relief that come to more. */
  #exchange(relief: Relief, other: Relief, move: Move): boolean {
    this.#unmake(other, move)
    this.#fill(relief, move)
    this.#fill(other)
    return true
  }

  /**
   * Makes room on an exit: its detours go elsewhere, those of this plan before older ones; when that is not
   * enough, some of this plan are given up. `busy`: exits that are being cleared.
   */
  #clear(exit: number, bps: number, busy: readonly number[]): boolean {
    while (!this.#loads.hasRoom(exit, bps)) {
      const roomBps = this.#loads.roomBps(exit)
      if (this.#effort <= 0 || roomBps === undefined) return false
      const here = this.#madeMoves(exit)
      this.#effort -= 3 * this.#reliefs.reduce((sum, { made }) => sum + made.size, 0) + here.length
      if (this.#effort <= 0) return false
      const lackingBps = bps - roomBps
      const ordered = bestFirst(here, ([, move]) => move.takenBps, lackingBps)
      if (ordered.some(([other, move]) => this.#redirect(other, move, exit, busy))) continue
      if (this.#lighten(exit, lackingBps, busy)) continue
      if (busy.length === 1 && this.#shift(exit, lackingBps)) continue
      const victim = ordered.find(([, , { kind }]) => kind === 'relieve')
      if (victim === undefined || busy.length > 1) return false
      this.#unmake(victim[0], victim[1])
    }
    return true
  }

  /** A move of this plan leads elsewhere. */
  #redirect(relief: Relief, move: Move, from: number, busy: readonly number[]): boolean {
    const to = this.#findRoom(move, busy)
    if (to === undefined) return false
    this.#unmake(relief, move)
    return this.#make(relief, move, to) || !this.#make(relief, move, from)
  }

  /** An exit that is overloaded itself is relieved of more than it would need. */
  #lighten(exit: number, lackingBps: number, busy: readonly number[]): boolean {
    const own = this.#reliefs.find(({ on }) => on === exit)
    if (own === undefined) return false
    const { unmade } = own
    this.#effort -= 4 * unmade.length
    return bestFirst(unmade, ({ bps }) => bps, lackingBps).some((move) => {
      const to = this.#findRoom(move, busy)
      return to !== undefined && this.#make(own, move, to)
    })
  }

  /** An exit with room for the move, or where room can be made. */
  #findRoom({ exits, takenBps }: Move, busy: readonly number[]): number | undefined {
    const others = exits.filter((exit) => !busy.includes(exit))
    const free = others.find((exit) => this.#loads.hasRoom(exit, takenBps))
    if (free !== undefined || busy.length >= LONGEST_CHAIN || this.#effort <= 0) return free
    return others.find((exit) => this.#wholly(() => this.#clear(exit, takenBps, [...busy, exit])))
  }

  /** An older detour moves on, or home. */
  #shift(exit: number, lackingBps: number): boolean {
    const carried = this.#carriedBy(exit)
    this.#effort -= carried.length
    const ordered = bestFirst(carried, ({ takenBps }) => takenBps, lackingBps)
    const restlessLast = ordered.toSorted((a, b) => Number(a.isRestless) - Number(b.isRestless))
    return restlessLast.some((move) => {
      const made = move.make()
      if (typeof made === 'string') return false
      this.shifted.set(move, made)
      this.#undo.push(() => {
        made.undo()
        this.shifted.delete(move)
      })
      return true
    })
  }

  #fill(relief: Relief, without?: Move): void {
    if (relief.missingBps <= 0) return
    const moves = relief.unmade.filter((move) => move !== without)
    this.#effort -= 2 * moves.length
    relief.fill(moves, (move) => this.#undo.push(() => relief.unmake(move)))
  }

  #make(relief: Relief, move: Move, exit: number): boolean {
    if (!relief.make(move, exit)) return false
    this.#undo.push(() => relief.unmake(move))
    return true
  }

  #unmake(relief: Relief, move: Move): void {
    const made = relief.made.get(move)!
    relief.unmake(move)
    this.#undo.push(() => relief.remake(move, made))
  }

  /** All of this plan, or those to one exit. */
  #madeMoves(exit?: number): (readonly [Relief, Move, Made])[] {
    const all: (readonly [Relief, Move, Made])[] = []
    for (const relief of this.#reliefs) {
      for (const [move, made] of relief.made) {
        if (exit === undefined || made.on === exit) all.push([relief, move, made])
      }
    }
    return all
  }

  #leastGainBps({ on }: Relief): number {
    return LEAST_GAIN * this.#loads.targetBps(on)
  }

  #missingBps(): number {
    return this.#reliefs.reduce((sum, { missingBps }) => sum + Math.max(0, missingBps), 0)
  }
}

/** The smallest that suffices first, then larger ones, then the smaller ones from the largest on. */
function bestFirst<T>(items: readonly T[], bpsOf: (item: T) => number, neededBps: number): T[] {
  const lacks = (item: T): number => Number(bpsOf(item) < neededBps)
  return items.toSorted((a, b) => {
    const largestFirst = bpsOf(b) - bpsOf(a)
    return lacks(a) - lacks(b) || (lacks(a) === 1 ? largestFirst : -largestFirst)
  })
}
