/** Traffic as people type it. Pure. */
import type { Stream } from './sender.ts'

/** Streams from words `ADDRESS=MBPS`; undefined when one is none. */
export function readStreams(words: readonly string[]): Stream[] | undefined {
  const matches = words.map((word) => /^(\d+(?:\.\d+){3})=(\d+(?:\.\d+)?)$/.exec(word))
  if (matches.includes(null)) return undefined
  return matches.map((match) => ({ to: match![1]!, bps: Number(match![2]) * 1e6 }))
}
