/** One router steered over an edge in memory, with a clock of its own. */
import { expect } from 'vitest'
import { RouterSteering, type SteeringParts } from '../../src/controller/router-steering.ts'
import type { Outcome } from '../../src/controller/send-changes.ts'
import type { Verdict } from '../../src/controller/verdict.ts'
import type { Mode } from '../../src/model/mode.ts'
import { FakeEdge, makeWorld } from './fake-edge.ts'

export const RUSH = [20, 20, 20, 25]
const ROOM = { overrides: 100, changes: 50, detouredShare: 1 }
export const START = 1_000_000

export class Bench {
  readonly edge: FakeEdge
  readonly parts: SteeringParts
  steering: RouterSteering
  nowMs = START

  constructor(edge: FakeEdge) {
    this.edge = edge
    this.parts = edge.parts()
    this.steering = new RouterSteering(edge.world.router, this.parts, START)
  }

  async cycle(mode: Mode = 'active', elapsedMs = 5000): Promise<Verdict & Outcome> {
    const seen = await this.steering.observe(this.nowMs, mode)
    const verdict = this.steering.decide(seen, mode, ROOM)
    const outcome = await this.steering.act(verdict, seen, () => this.nowMs)
    this.nowMs += elapsedMs
    return { ...verdict, ...outcome }
  }

  /** Cycles of 5 s until so much time has passed. */
  async run(seconds: number, mode: Mode = 'active'): Promise<void> {
    for (let s = 0; s < seconds; s += 5) await this.cycle(mode)
  }

  /** The same process with its configuration read again. */
  takeOver(): void {
    this.steering = new RouterSteering(this.edge.world.router, this.parts, this.nowMs, this.steering.handover())
  }

  /** A new process. */
  restart(): void {
    this.steering = new RouterSteering(this.edge.world.router, this.parts, this.nowMs)
  }
}

export const bench = (mbps: readonly number[] = RUSH): Bench => new Bench(new FakeEdge(makeWorld(mbps)))

/** A bench whose override is in GoBGP. */
export async function relieved(): Promise<Bench> {
  const b = bench()
  await b.cycle()
  expect(b.edge.prefixes()).toEqual(['1.0.0.0/24'])
  return b
}
