/** Rates in bit/s, durations in ms and sizes in bytes: their text in the configuration and in words. */

const RATE_UNITS = { bps: 1, kbps: 1e3, Mbps: 1e6, Gbps: 1e9, Tbps: 1e12 } as const
const DURATION_UNITS = { ms: 1, s: 1e3, m: 60e3, h: 3_600e3, d: 86_400e3 } as const

/** Reads `100Mbps` or a bare number of bit/s; throws RangeError. */
export function parseRate(text: string | number): number {
  const match = /^(\d+(?:\.\d+)?)\s*(bps|kbps|Mbps|Gbps|Tbps)?$/.exec(String(text))
  if (match === null) {
    throw new RangeError(`"${text}" is not a rate: use bps, kbps, Mbps, Gbps, Tbps or a bare number of bit/s`)
  }
  return Number(match[1]) * RATE_UNITS[(match[2] ?? 'bps') as keyof typeof RATE_UNITS]
}

/** Text of a rate with the unit that keeps it short: `42.5 Mbps`. */
export function formatRate(bps: number): string {
  for (const unit of ['Tbps', 'Gbps', 'Mbps', 'kbps'] as const) {
    if (Math.abs(bps) >= RATE_UNITS[unit]) {
      const value = bps / RATE_UNITS[unit]
      return `${value.toFixed(Math.abs(value) < 99.95 ? 1 : 0)} ${unit}`
    }
  }
  return `${Math.round(bps)} bps`
}

/**
 * Reads `30s`, `500ms`, `5m`, `1h` or `30d` into ms; throws RangeError. A bare number has no unit, so it is refused.
 */
export function parseDuration(text: string | number): number {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/.exec(String(text))
  if (match === null) throw new RangeError(`"${text}" is not a duration: use ms, s, m, h or d, as in 30s`)
  return Number(match[1]) * DURATION_UNITS[match[2] as keyof typeof DURATION_UNITS]
}

/** Text of a duration in the largest unit that needs no fraction: `90s`, `5m`. */
export function formatDuration(ms: number): string {
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    if (ms >= DURATION_UNITS[unit] && ms % DURATION_UNITS[unit] === 0) {
      return `${ms / DURATION_UNITS[unit]}${unit}`
    }
  }
  return `${ms}ms`
}

const SIZE_UNITS = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 } as const

/** Reads `4MiB` or a bare number of bytes; throws RangeError. */
export function parseSize(text: string | number): number {
  const match = /^(\d+)\s*(B|KiB|MiB|GiB)?$/.exec(String(text))
  if (match === null) {
    throw new RangeError(`"${text}" is not a size: use KiB, MiB, GiB or a bare number of bytes`)
  }
  return Number(match[1]) * SIZE_UNITS[(match[2] ?? 'B') as keyof typeof SIZE_UNITS]
}

/** Text of a size in the largest unit that needs no fraction: `4MiB`. */
export function formatSize(bytes: number): string {
  for (const unit of ['GiB', 'MiB', 'KiB'] as const) {
    if (bytes >= SIZE_UNITS[unit] && bytes % SIZE_UNITS[unit] === 0) {
      return `${bytes / SIZE_UNITS[unit]}${unit}`
    }
  }
  return String(bytes)
}

/** Text of a share of 1 as percent: `81 %`. */
export function formatShare(share: number): string {
  return `${Math.round(share * 100)} %`
}
