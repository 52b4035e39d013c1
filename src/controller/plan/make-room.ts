/**
 * Makes room where a relief found none: the interfaces of a router share its exits, and what chose first may
 * have taken what another has no substitute for. Pure.
 */
import type { PlannedLoads } from './loads.ts'
import type { Made, Move } from './moves.ts'
import { leastBps } from './overload.ts'
import type { Relief } from './relief.ts'

/** Moves looked at for it in one plan: some 10 ms. What more would gain is not worth a late plan. */
const EFFORT = 30_000
/** Where no more moves than so many are to choose from, all is tried anew in other orders, each with this effort. */
const FEW = 150
const EFFORT_OF_AN_ORDER = 5_000
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
  search.runAnew()
  for (const relief of reliefs) relief.dropUnneeded()
  for (const [move, made] of [...search.shifted].toReversed()) {
    if (!loads.hasRoom(move.on, move.takenBps)) continue
    made.undo()
    search.shifted.delete(move)
  }
  return search.shifted
}

/** Of the moves that suffice for no link alone, the largest first. */
interface Order {
  /** To the exit with the least room that suffices, or with the most. */
  readonly isTight: boolean
  /** What has the fewest exits first. */
  readonly isScarceFirst: boolean
}

const ORDERS: readonly Order[] = [
  { isTight: true, isScarceFirst: true },
  { isTight: true, isScarceFirst: false },
  { isTight: false, isScarceFirst: true },
  { isTight: false, isScarceFirst: false },
]

class Search {
  readonly #reliefs: readonly Relief[]
  readonly #loads: PlannedLoads
  readonly #carriedBy: (interfaceIndex: number) => readonly Move[]
  /** Older detours that moved. */
  readonly shifted = new Map<Move, Made>()
  #effort = EFFORT
  /** What is helped is surely more than half the way from its high watermark to its speed. */
  #isUrgent = false
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

  /** A few moves may end where each is in the way of another: they are made anew in other orders, and the best is kept. */
  runAnew(): void {
    if (this.#reliefs.reduce((sum, { made, unmade }) => sum + made.size + unmade.length, 0) > FEW) return
    for (const order of ORDERS) {
      const relief = this.#reliefs.find(({ missingBps }) => missingBps > 0)
      if (relief === undefined) return
      this.#effort = EFFORT_OF_AN_ORDER
      this.#try(relief, () => {
        this.#makeAnew(order)
        this.run()
        return true
      })
    }
  }

  /** But for what has moved of late: that stays as it is. */
  #makeAnew({ isTight, isScarceFirst }: Order): void {
    for (const [relief, move, { kind }] of this.#madeMoves()) {
      if (kind === 'relieve' && !move.isRestless) this.#unmake(relief, move)
    }
    const scarce = (a: Move, b: Move): number => (isScarceFirst ? a.exits.length - b.exits.length : 0)
    const ordered = this.#reliefs
      .flatMap((relief) => relief.unmade.map((move) => ({ relief, move })))
      .sort((a, b) => scarce(a.move, b.move) || b.move.bps - a.move.bps)
    const roomBps = (exit: number): number => this.#loads.roomBps(exit) ?? 0
    this.#effort -= ordered.length
    for (const { relief, move } of ordered) {
      if (move.isRestless || move.bps > relief.missingBps) continue
      const free = move.exits.filter((exit) => this.#loads.hasRoom(exit, move.takenBps))
      const exit = free.sort((a, b) => (isTight ? roomBps(a) - roomBps(b) : roomBps(b) - roomBps(a)))[0]
      if (exit !== undefined) this.#make(relief, move, exit)
    }
    for (const relief of this.#reliefs) this.#fill(relief, relief.unmade.filter(({ isRestless }) => !isRestless))
  }

  /** True when less is missing in all than before. */
  #help(relief: Relief): boolean {
    // Whatever moves for whom: no more can be gained than there is room in all.
    if (this.#effort <= 0 || this.#loads.spareBps() < this.#leastGainBps(relief)) return false
    const blocked = relief.unmade.filter((move) => relief.isWithoutRoom(move))
    const { on } = relief
    this.#isUrgent = leastBps(this.#loads, on) > (this.#loads.highBps(on) + (this.#loads.speedBps(on) ?? Infinity)) / 2
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
    this.#fill(relief, relief.unmade.filter((one) => one !== move))
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

  /** An older detour moves on, or home; one that has moved of late is disturbed only for a link that is nearly full. */
  #shift(exit: number, lackingBps: number): boolean {
    const carried = this.#carriedBy(exit).filter(({ isRestless }) => !isRestless || this.#isUrgent)
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

  #fill(relief: Relief, moves = relief.unmade): void {
    if (relief.missingBps <= 0) return
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
