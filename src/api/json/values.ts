/** How values stand in JSON: whole bit/s, ISO 8601 times, null for what is unknown. */

export function toBps(bps: number): number
export function toBps(bps: number | undefined): number | null
export function toBps(bps: number | undefined): number | null {
  return bps === undefined ? null : Math.round(bps)
}

/** ISO 8601 in UTC, from ms since the epoch. */
export function toTime(ms: number): string
export function toTime(ms: number | undefined): string | null
export function toTime(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString()
}

/** A share of 1; null when either is unknown, or there is nothing to share. */
export function toShare(part: number | undefined, whole: number | undefined): number | null {
  return part === undefined || whole === undefined || whole <= 0 ? null : part / whole
}

/** `naturalBps` → `natural_bps`. */
export function toSnakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
