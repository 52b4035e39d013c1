/** Prefixes that keep moving are held longer each time, and move after others. Pure. */
import { outermost, overlapping } from '../../model/overlapping.ts'
import type { Override } from '../../model/override.ts'
import { overlaps, type Prefix } from '../../model/prefix.ts'
import type { Placement } from './loads.ts'

/** How often traffic came home of late, and when last. */
export interface Homecoming {
  readonly prefix: Prefix
  /** Its home. */
  readonly toInterface: string
  readonly times: number
  readonly lastMs: number
}

/** One that stayed at home, or away, for so long has come to rest. */
const FORGOTTEN_MS = 3_600_000
/** What left, came home or changed its exit within so long is restless. */
const RESTLESS_MS = 600_000
/** The hold doubles so often at most. */
const MOST_DOUBLINGS = 5

type Moved = Pick<Override, 'prefix' | 'fromInterface' | 'sinceMs'>

/** How long an override is held at least, ms: twice as long for every time that its like came home of late. */
export function holdMs(homecomings: readonly Homecoming[], override: Moved, minHoldMs: number): number {
  return minHoldMs * 2 ** Math.min(MOST_DOUBLINGS, timesOf(homecomings, override))
}

/** Homecomings after these overrides came home, without those that are long ago. */
export function noteHomecomings(
  homecomings: readonly Homecoming[],
  home: readonly Moved[],
  nowMs: number,
): readonly Homecoming[] {
  const recent = homecomings.filter(({ lastMs }) => nowMs - lastMs < FORGOTTEN_MS)
  if (home.length === 0) return recent
  const news = home.map((override) => ({
    prefix: override.prefix,
    toInterface: override.fromInterface,
    times: timesOf(recent, override) + 1,
    lastMs: nowMs,
  }))
  return [...recent.filter(({ prefix }) => !home.some((other) => overlaps(other.prefix, prefix))), ...news]
}

/**
 * Prefixes that have moved of late, sorted, none in another. Others move before them, as each change of exit
 * disturbs those who use the prefix. What a guard or an operator ended is not among them: it may go where it
 * went before. Nor is what `ended` in this plan: another exit takes over.
 */
export function restlessPrefixes(movements: Movements, ended: readonly Prefix[]): readonly Prefix[] {
  const moved = recentMoves(movements).map(({ prefix }) => prefix)
  return outermost(moved.filter((prefix) => !ended.some((e) => overlaps(e, prefix))))
}

export interface Movements {
  readonly homecomings: readonly Homecoming[]
  readonly placements: readonly Placement[]
  readonly nowMs: number
}

/** A move that makes a prefix restless until `untilMs`. */
export interface RecentMove {
  readonly prefix: Prefix
  readonly isHome: boolean
  readonly toInterface: string
  readonly atMs: number
  readonly untilMs: number
}

/** In no order. */
export function recentMoves({ homecomings, placements, nowMs }: Movements): readonly RecentMove[] {
  const home = homecomings.map(({ lastMs, ...one }) => ({ ...one, isHome: true, atMs: lastMs }))
  const away = placements
    .filter(({ endMs }) => endMs === undefined)
    .map(({ startMs, ...one }) => ({ ...one, isHome: false, atMs: startMs }))
  return [...home, ...away]
    .map(({ prefix, isHome, toInterface, atMs }) => ({ prefix, isHome, toInterface, atMs, untilMs: atMs + RESTLESS_MS }))
    .filter(({ untilMs }) => nowMs < untilMs)
}

/** Load to which a link is relieved by what is restless, half the way from its high watermark to its target; bit/s. */
export function restlessGoalBps(highBps: number, targetBps: number): number {
  return (highBps + targetBps) / 2
}

/** True when the prefix shares addresses with one of them. */
export function isRestless({ restless }: { readonly restless: readonly Prefix[] }, prefix: Prefix): boolean {
  return overlapping(restless, prefix).length > 0
}

/**
 * A prefix may leave whole and later in pieces: all that shares addresses counts. So does what came home to
 * the same link shortly before it left: it goes in the place of what is restless.
 */
function timesOf(homecomings: readonly Homecoming[], { prefix, fromInterface, sinceMs }: Moved): number {
  const isInPlaceOf = ({ toInterface, lastMs }: Homecoming): boolean =>
    toInterface === fromInterface && lastMs <= sinceMs && sinceMs - lastMs < RESTLESS_MS
  const alike = homecomings.filter((one) => overlaps(one.prefix, prefix) || isInPlaceOf(one))
  return Math.max(0, ...alike.map(({ times }) => times))
}
