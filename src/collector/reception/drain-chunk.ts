/** Takes datagrams from a socket without waiting for any. */
import { readSync } from 'node:fs'
import type { BatchWriter } from '../intake/batch-writer.ts'

/** A datagram can be no longer. */
export const LONGEST_DATAGRAM = 65_536
/** Read at once, before time is looked at again. */
export const CHUNK = 256

/** Takes up to a chunk of datagrams; returns how many there were. `bytes` has room for the longest. */
export function drainChunk(
  descriptor: number,
  bytes: Uint8Array,
  writer: BatchWriter,
  nowMs: number,
): number {
  for (let taken = 0; taken < CHUNK; taken++) {
    let length
    try {
      // read(2) on a datagram socket takes one datagram.
      length = readSync(descriptor, bytes, 0, LONGEST_DATAGRAM, null)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return taken
      throw error
    }
    writer.receive(bytes, length, nowMs)
  }
  return CHUNK
}
