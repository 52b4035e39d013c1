/** Which interfaces want to be looked at first. Pure. */
import type { Interface, InterfaceState } from './rest.ts'

const RANKS: Readonly<Record<InterfaceState, number>> = { down: 0, high: 0, stale: 1, relieved: 2, ok: 3 }

/** Loads that differ by less stay in the order of the configuration: a wall shall not flicker. */
const STEP = 0.05

/** Those with trouble first, then the fullest by natural load; the given order among equals. */
export function byAttention(interfaces: readonly Interface[]): Interface[] {
  const keyed = interfaces.map((one) => ({ one, rank: RANKS[one.state], step: Math.floor(fullness(one) / STEP) }))
  return keyed.sort((a, b) => a.rank - b.rank || b.step - a.step).map(({ one }) => one)
}

/** Share of speed of the larger of natural and measured load; 0 when unknown. */
export function fullness({ natural_bps, out_bps, speed_bps }: Interface): number {
  if (speed_bps === null || speed_bps === 0) return 0
  return Math.max(natural_bps ?? 0, out_bps ?? 0) / speed_bps
}

/** Right ends that a bar may have, as shares of speed: all bars of a page have the same one. */
const SCALES = [1.1, 1.25, 1.5] as const

/** The smallest scale that shows every load; what is beyond the last of them is told in figures. */
export function scaleOf(interfaces: readonly Interface[]): number {
  const most = Math.max(0, ...interfaces.map(fullness))
  return SCALES.find((scale) => most <= scale) ?? SCALES.at(-1)!
}
