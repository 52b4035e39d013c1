/** Whether a watchdog lives, by the heartbeat that it keeps in a gobgpd. Pure. */
import type { Heartbeat } from '../model/lease.ts'

/** Times count only while gobgpd answers, ms. */
export interface Beats {
  /** Since when it is watched; undefined before the first look. */
  readonly watchedMs: number | undefined
  readonly last: Heartbeat | undefined
  /** Since a watchdog was last seen to beat; Infinity before that. */
  readonly silentMs: number
  /** The same for watchdogs that no service has started. */
  readonly silentAloneMs: number
  readonly readMs: number | undefined
}

export const NO_BEATS: Beats = {
  watchedMs: undefined, last: undefined, silentMs: Infinity, silentAloneMs: Infinity, readMs: undefined,
}

/** How often a watchdog beats. */
export const BEAT_MS = 1_000
/** It is called gone after so long. */
export const SILENCE_MS = 5_000

/** What is found at the first look may be left over: only a heartbeat that changes is a beat. */
export function beatsRead(before: Beats, heartbeat: Heartbeat | undefined, nowMs: number): Beats {
  const stepMs = nowMs - (before.readMs ?? nowMs)
  const { last, watchedMs } = before
  const isBeat = heartbeat !== undefined && watchedMs !== undefined &&
    (heartbeat.watchdog !== last?.watchdog || heartbeat.sequence !== last.sequence)
  return {
    watchedMs: (watchedMs ?? 0) + stepMs,
    last: heartbeat ?? last,
    silentMs: isBeat ? 0 : before.silentMs + stepMs,
    silentAloneMs: isBeat && heartbeat.role === 'alone' ? 0 : before.silentAloneMs + stepMs,
    readMs: nowMs,
  }
}

/** gobgpd did not answer. */
export function beatsUnread(before: Beats): Beats {
  return { ...before, readMs: undefined }
}

/** The watchdog is known to have ended: the next beat will be another's. */
export function beatsEnded(before: Beats): Beats {
  return { ...before, silentMs: Infinity }
}
