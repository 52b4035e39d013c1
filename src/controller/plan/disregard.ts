/** A router that heeds none of our overrides: to try them on it one after the other would be churn. Pure. */
import type { Permission } from '../ports.ts'
import { SEVERAL, type Effect } from './effect.ts'
import { GRANTED } from '../permission.ts'

const FIRST_PAUSE_MS = 1_800_000
const LONGEST_PAUSE_MS = 28_800_000

export interface Disregard {
  /** Overrides without effect since the last that had one. */
  readonly inRow: number
  /** Nothing is added until then, ms. */
  readonly untilMs: number
  /** How long the next pause is, ms. */
  readonly pauseMs: number
}

export const HEEDED: Disregard = { inRow: 0, untilMs: -Infinity, pauseMs: FIRST_PAUSE_MS }

/** After another audit. When a pause is over one override is enough to tell. */
export function noteDisregard(before: Disregard, effects: readonly Effect[], nowMs: number): Disregard {
  if (effects.some(({ kind }) => kind === 'works' || kind === 'in part')) return HEEDED
  const inRow = before.inRow + effects.filter(({ kind }) => kind === 'nothing').length
  if (inRow === before.inRow || nowMs < before.untilMs) return before
  if (inRow < SEVERAL) return { ...before, inRow }
  const pauseMs = Math.min(2 * before.pauseMs, LONGEST_PAUSE_MS)
  return { inRow: SEVERAL - 1, untilMs: nowMs + before.pauseMs, pauseMs }
}

/** What may be done on a router while it ignores us. */
export function disregardPermission({ untilMs }: Disregard, nowMs: number): Permission {
  if (nowMs >= untilMs) return GRANTED
  const minutes = Math.ceil((untilMs - nowMs) / 60_000)
  return {
    kind: 'no_additions',
    why: `the router ignores overrides (none of the last moved anything), tried again in ${minutes} min`,
  }
}
