/** The relief of one interface in the making: what may leave it, and what does. Pure but for its own state. */
import { comparePrefixes } from '../../model/prefix.ts'
import type { Obstacle } from './candidates.ts'
import type { PlannedLoads } from './loads.ts'
import { MovePool } from './move-pool.ts'
import type { Made, Move } from './moves.ts'
import { leastBps } from './overload.ts'
import { restlessGoalBps } from './restless.ts'

export class Relief {
  /** The interface, as index. */
  readonly on: number
  /** Before anything left it, bit/s. */
  readonly beforeBps: number
  /** Demand that is in no move, bit/s by obstacle. */
  stuck: ReadonlyMap<Obstacle, number> = new Map()
  readonly #loads: PlannedLoads
  #moves: readonly Move[] = []
  readonly #made = new Map<Move, Made>()
  /** What was in the way of a move when it was last tried. */
  readonly #refused = new Map<Move, Obstacle>()
  /** Load that is low enough when only what has moved of late is left to move, bit/s. */
  #enoughBps = -Infinity

  constructor(on: number, loads: PlannedLoads) {
    this.on = on
    this.beforeBps = loads.plannedBps(on)
    this.#loads = loads
  }

  /** What is missing to the relief target, or to what is enough, bit/s; 0 or less when it is reached. */
  get missingBps(): number {
    return this.#loads.plannedBps(this.on) - Math.max(this.#loads.targetBps(this.on), this.#enoughBps)
  }

  get made(): ReadonlyMap<Move, Made> {
    return this.#made
  }

  /** Moves that could be made and are not, the largest first. */
  get unmade(): readonly Move[] {
    return this.#moves.filter((move) => !this.#made.has(move))
  }

  /** True when nothing but room was in the way of the move. */
  isWithoutRoom(move: Move): boolean {
    return this.#refused.get(move) === 'no room'
  }

  /** More moves to choose from; those that are given up may not be made any more. */
  offer(moves: readonly Move[], givenUp: readonly Move[] = []): void {
    const gone = new Set(givenUp.filter((move) => !this.#made.has(move)))
    this.#moves = [...this.#moves.filter((move) => !gone.has(move)), ...moves].sort(compareMoves)
  }

  /**
   * Makes moves until the target is reached: as few as possible, the last as small as possible; what has moved
   * of late only when the others do not suffice.
   */
  fill(moves = this.unmade, note: (move: Move) => void = () => {}): void {
    for (const restless of [false, true]) {
      if (this.missingBps > 0) this.#fillFrom(moves.filter(({ isRestless }) => isRestless === restless), note)
    }
  }

  /** The same without what has moved of late. */
  fillRested(): void {
    this.#fillFrom(this.unmade.filter(({ isRestless }) => !isRestless), () => {})
  }

  /**
   * After that, what has moved of late as well: but only while the link is surely above its high watermark still, and no
   * further than half the way from there to the target. A link that passes its mark by a hair, or seems to for
   * the noise of a short look, must not send on all that just came.
   */
  fillRestless(): void {
    if (this.missingBps <= 0 || !this.unmade.some(({ isRestless }) => isRestless)) return
    const highBps = this.#loads.highBps(this.on)
    const isOver = leastBps(this.#loads, this.on) > highBps
    this.#enoughBps = isOver ? restlessGoalBps(highBps, this.#loads.targetBps(this.on)) : this.#loads.plannedBps(this.on)
    this.fill()
  }

  #fillFrom(moves: readonly Move[], note: (move: Move) => void): void {
    const pool = new MovePool(moves)
    while (this.missingBps > 0) {
      const taken = pool.take(this.missingBps)
      if (taken === undefined) return
      if (this.make(moves[taken]!)) note(moves[taken]!)
    }
  }

  /** Makes one move, to where it can best or to one exit only; false when something is in the way. */
  make(move: Move, only?: number): boolean {
    const result = move.make(only)
    if (typeof result === 'string') this.#refused.set(move, result)
    else this.#made.set(move, result)
    return typeof result !== 'string'
  }

  unmake(move: Move): void {
    this.#made.get(move)?.undo()
    this.#made.delete(move)
  }

  /** What `unmake` took back, as it was. */
  remake(move: Move, made: Made): void {
    made.redo()
    this.#made.set(move, made)
  }

  /** Takes back what later, larger moves made unnecessary. */
  dropUnneeded(): void {
    const made = [...this.#made.keys()].sort(compareMoves).toReversed()
    for (const move of made.toSorted((a, b) => Number(b.isRestless) - Number(a.isRestless))) {
      if (this.missingBps + move.bps <= 0) this.unmake(move)
    }
  }

  /** What keeps demand on the interface, bit/s by obstacle. */
  obstacles(): Map<Obstacle, number> {
    const all = new Map(this.stuck)
    for (const move of this.unmade) {
      const obstacle = this.#refused.get(move)
      if (obstacle !== undefined) all.set(obstacle, (all.get(obstacle) ?? 0) + move.bps)
    }
    return all
  }
}

/** The largest first. */
function compareMoves(a: Move, b: Move): number {
  return b.bps - a.bps || a.routes - b.routes || comparePrefixes(a.prefix, b.prefix)
}
