/** Figures and times in words. Pure. */
import { formatRate } from '../../src/model/units.ts'

export const UNKNOWN = '–'

export function rateText(bps: number | null): string {
  return bps === null ? UNKNOWN : formatRate(bps)
}

/** `81 %` of the speed; `–` when either is unknown. */
export function shareText(bps: number | null, speedBps: number | null): string {
  if (bps === null || speedBps === null || speedBps === 0) return UNKNOWN
  return percentText(bps / speedBps)
}

export function percentText(share: number): string {
  return `${Math.round(share * 100)} %`
}

const AGE_UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
] as const

/** How long something lasts, to the precision that matters at a glance: `12 s`, `3 min`, `2 h 5 min`. */
export function ageText(ms: number): string {
  const index = AGE_UNITS.findIndex(([, size]) => ms >= size)
  if (index === -1) return `${Math.max(0, Math.floor(ms / 1_000))} s`
  const [unit, size] = AGE_UNITS[index]!
  const whole = Math.floor(ms / size)
  const smaller = AGE_UNITS[index + 1]
  const rest = smaller === undefined ? 0 : Math.floor((ms % size) / smaller[1])
  return rest === 0 ? `${whole} ${unit}` : `${whole} ${unit} ${rest} ${smaller![0]}`
}

/** Local time of day, with the date unless it is of today. */
export function timeText(time: string, nowMs: number): string {
  const at = new Date(time)
  const clock = at.toLocaleTimeString('en-GB')
  if (new Date(nowMs).toDateString() === at.toDateString()) return clock
  return `${at.toLocaleDateString('en-CA')} ${clock}`
}

/** `1 override`, `2 overrides`. */
export function countText(count: number, noun: string): string {
  return `${count.toLocaleString('en-GB')} ${noun}${count === 1 ? '' : 's'}`
}

/** `out_errors` → `out errors`. */
export function wordsOf(name: string): string {
  return name.replaceAll('_', ' ')
}
