import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import type { InMemory } from '../../bench/in-memory.ts'

/** Of each datagram there. */
const SAMPLES = 7

/**
 * By ratio to a fixed loop in the same process: what the machine is, and what else it does, hardly matters. A process of
 * its own, because what runs the tests takes three times as long for each call from one file to another.
 */
it('a sample costs no more than it used to, nor a destination of a batch or a snapshot, nor a spoilt datagram than a good one', () => {
  const program = fileURLToPath(new URL('../../bench/in-memory.ts', import.meta.url))
  const { referenceNs, decodeNs, fullNs, refusedNs, takeNs, crowdedNs, snapshotNs } = JSON.parse(execFileSync(process.execPath, [program], { encoding: 'utf8' })) as InMemory
  expect(decodeNs / referenceNs).toBeLessThan(50)
  expect(fullNs / referenceNs).toBeLessThan(120)
  expect(refusedNs).toBeLessThan(fullNs * SAMPLES)
  expect(takeNs / referenceNs).toBeLessThan(80)
  expect(crowdedNs / referenceNs).toBeLessThan(200)
  expect(snapshotNs / referenceNs).toBeLessThan(400)
})
