/** Traffic as people type it. Pure. */
import { isIP } from 'node:net'
import type { Stream } from './sender.ts'

/** Streams from words `ADDRESS=MBPS`; undefined when one is none. */
export function readStreams(words: readonly string[]): Stream[] | undefined {
  const parts = words.map((word) => word.split('='))
  const isStream = ([to = '', mbps = '', ...more]: string[]): boolean =>
    isIP(to) !== 0 && /^\d+(?:\.\d+)?$/.test(mbps) && more.length === 0
  if (!parts.every(isStream)) return undefined
  return parts.map(([to, mbps]) => ({ to: to!, bps: Number(mbps) * 1e6 }))
}
