/** The best that a plan could do, by integer programming. The model is written down in ../README.md. */
import loadHighs from 'highs'
import type { Router } from '../../../src/model/topology.ts'
import type { SteeringView } from '../../../src/simulator/steering/steering-rule.ts'
import { piecesOfDemand, type DemandPiece } from './pieces.ts'

const MBPS = 1e6
/** Its types are written for require, which puts the function one level deeper than import does. */
const load = loadHighs as unknown as typeof loadHighs.default
/** Mbit/s: what a further objective may lose of the one before. */
const SLACK = 1

export interface Bound {
  /** What stays above the relief targets of overloaded interfaces however one moves, bit/s. */
  readonly missingBps: number
  /** The fewest routes that leave no more than that. */
  readonly routes: number
  /** The least detour that leaves no more than that, however many routes it takes; bit/s. */
  readonly detouredBps: number
}

/** Undefined when the solver does not come to an end in time. */
export async function findBound(router: Router, view: SteeringView): Promise<Bound | undefined> {
  const highs = await load()
  const program = new Program(router, piecesOfDemand(router, view))
  if (program.moves.length === 0) return { missingBps: program.aboveBps, routes: 0, detouredBps: 0 }
  const solve = (objective: string, also: readonly string[]): number | undefined => {
    const { Status, ObjectiveValue } = highs.solve(program.write(objective, also), {
      mip_rel_gap: 0.005, mip_abs_gap: 0.9, time_limit: 20,
    })
    return Status === 'Optimal' ? ObjectiveValue : undefined
  }
  const missing = solve(program.missing, [])
  if (missing === undefined) return undefined
  const asMuch = [`all: ${program.missing} <= ${(missing + SLACK).toFixed(3)}`]
  const routes = solve(program.routes, asMuch)
  const detoured = solve(program.detoured, asMuch)
  if (routes === undefined || detoured === undefined) return undefined
  return { missingBps: missing * MBPS, routes: Math.round(routes), detouredBps: detoured * MBPS }
}

interface PieceMove {
  readonly name: string
  readonly piece: number
  readonly mbps: number
  readonly from: number
  readonly to: number
}

/** In Mbit/s and CPLEX's LP format. x: a piece of an overloaded interface leaves by another exit; m: what is missing. */
class Program {
  readonly moves: readonly PieceMove[]
  readonly aboveBps: number
  readonly missing: string
  readonly routes: string
  readonly detoured: string
  readonly #rows: readonly string[]
  readonly #binaries: string

  constructor(router: Router, pieces: readonly DemandPiece[]) {
    const natural = router.interfaces.map(() => 0)
    for (const { bps, exits } of pieces) natural[exits[0]!.interfaceIndex]! += bps
    const marks = router.interfaces.map(({ highWatermark, reliefTarget, speedBps = 0 }) => ({
      high: highWatermark * speedBps, target: reliefTarget * speedBps,
    }))
    const isOver = natural.map((bps, i) => bps > marks[i]!.high)
    const over = isOver.flatMap((is, i) => (is ? [i] : []))
    this.moves = pieces.flatMap(({ bps, exits }, piece) => {
      const from = exits[0]!.interfaceIndex
      return isOver[from]! ? exits.slice(1).map(({ interfaceIndex: to }) => ({ name: `x${piece}_${to}`, piece, mbps: bps / MBPS, from, to })) : []
    })
    this.aboveBps = over.reduce((sum, i) => sum + natural[i]! - marks[i]!.target, 0)
    this.missing = over.map((i) => `m${i}`).join(' + ')
    this.routes = this.moves.map(({ name }) => name).join(' + ')
    this.detoured = this.moves.map(({ name, mbps }) => `${mbps.toFixed(3)} ${name}`).join(' + ')
    this.#binaries = [...this.moves.map(({ name }) => name), ...over.map((i) => `b${i}`)].join(' ')
    const loads = natural.flatMap((bps, i) => {
      const terms = this.moves.flatMap((m) =>
        m.to === i ? [`+ ${m.mbps.toFixed(3)} ${m.name}`] : m.from === i ? [`- ${m.mbps.toFixed(3)} ${m.name}`] : [],
      )
      const ceiling = isOver[i]! ? marks[i]!.target : Math.max(marks[i]!.target, bps)
      if (isOver[i]!) terms.push(`- m${i}`)
      return terms.length === 0 ? [] : [`l${i}: ${terms.join(' ')} <= ${((ceiling - bps) / MBPS).toFixed(3)}`]
    })
    const once = [...Map.groupBy(this.moves, ({ piece }) => piece)].map(
      ([piece, own]) => `p${piece}: ${own.map(({ name }) => name).join(' + ')} <= 1`,
    )
    // b: it stays above its target; then nothing may come to it.
    const closed = over.flatMap((i) => [
      `c${i}: m${i} - ${(natural[i]! / MBPS).toFixed(3)} b${i} <= 0`,
      ...this.moves.filter(({ to }) => to === i).map(({ name }) => `d_${name}: ${name} + b${i} <= 1`),
    ])
    this.#rows = [...loads, ...once, ...closed]
  }

  write(objective: string, also: readonly string[]): string {
    return `Minimize\n obj: ${objective}\nSubject To\n ${[...this.#rows, ...also].join('\n ')}\nBinary\n ${this.#binaries}\nEnd\n`
  }
}
