/** Sums of each destination over the window that tells its rate now. Pure. */
import type { DestinationColumns } from './destination-columns.ts'

/** A destination's rate has changed when its newer samples are so many standard deviations off. */
const CHANGE_SIGMAS = 4
/** Fewer samples of a destination cannot tell that its rate changed. */
const FEWEST_FOR_CHANGE = 4

/** Per entry; the arrays may be longer. */
export interface DestinationWindows {
  /** The newest so many columns are its window; 0: the entry does not count. */
  readonly columns: Uint8Array
  readonly bytes: Float64Array
  readonly samples: Float64Array
}

export function createWindows(capacity: number): DestinationWindows {
  return {
    columns: new Uint8Array(capacity), bytes: new Float64Array(capacity), samples: new Float64Array(capacity),
  }
}

/** Entries that are looked at together: what they take fits into the fastest cache. */
const BLOCK = 512

type Counts = Pick<DestinationColumns, 'bytesIn' | 'samplesIn' | 'totals' | 'totalBytes'>

/**
 * Adds up, for each of the first `size` entries, its usual number of columns or, if its own rate changed,
 * those since: the newest ones whose number of samples lies farthest from its share of all, if that is more
 * than 4 σ. The number is binomial; a continuity correction of 1 keeps two or three samples from looking like
 * a change.
 *
 * @param into takes what it finds
 * @param windowsMs time that the newest 0, 1, 2 … columns cover
 * @param usual columns per entry; 0: the entry does not count
 * @param shortest columns that can tell of a change; undefined: nothing can
 */
export function sumWindows(
  into: DestinationWindows,
  counts: Counts,
  size: number,
  windowsMs: readonly number[],
  usual: Uint8Array,
  shortest: number | undefined,
): void {
  const { columns, bytes, samples } = into
  const all = windowsMs.length - 1
  const { totals, totalBytes } = counts
  columns.set(usual.subarray(0, size))
  if (shortest !== undefined) findChanges(columns, counts, size, windowsMs, shortest)
  for (let entry = 0; entry < size; entry++) {
    const count = columns[entry]!
    bytes[entry] = count === all ? totalBytes[entry]! : 0
    samples[entry] = count === all ? totals[entry]! : 0
    if (count === all) continue
    for (let age = 0; age < count; age++) {
      bytes[entry]! += counts.bytesIn(age)[entry]!
      samples[entry]! += counts.samplesIn(age)[entry]!
    }
  }
}

/** Sets the columns of each entry that counts, and whose own rate changed. */
function findChanges(
  columns: Uint8Array,
  counts: Counts,
  size: number,
  windowsMs: readonly number[],
  shortest: number,
): void {
  const all = windowsMs.length - 1
  const samplesSoFar = new Uint32Array(BLOCK)
  const most = new Float64Array(BLOCK)
  for (let start = 0; start < size; start += BLOCK) {
    const length = Math.min(BLOCK, size - start)
    const totals = counts.totals.subarray(start, start + length)
    samplesSoFar.fill(0)
    for (let i = 0; i < length; i++) {
      const cannotTell = totals[i]! < FEWEST_FOR_CHANGE || columns[start + i] === 0
      most[i] = cannotTell ? Infinity : CHANGE_SIGMAS ** 2 * totals[i]!
    }
    for (let count = 1; count < all; count++) {
      const newSamples = counts.samplesIn(count - 1)
      for (let i = 0; i < length; i++) samplesSoFar[i]! += newSamples[start + i]!
      const share = windowsMs[count]! / windowsMs[all]!
      if (count < shortest || !(share < 1)) continue
      const weight = 1 / (share * (1 - share))
      for (let i = 0; i < length; i++) {
        const deviation = Math.abs(samplesSoFar[i]! - totals[i]! * share) - 1
        if (deviation <= 0 || deviation * deviation * weight <= most[i]!) continue
        most[i] = deviation * deviation * weight
        columns[start + i] = count
      }
    }
  }
}
