/** A bound on what is under way at once. */

export interface Turns {
  /** Runs a work when fewer than `most` others run, in the order in which they came; settles as it does. */
  readonly take: <T>(work: () => Promise<T>) => Promise<T>
  /** Works that wait. */
  readonly waiting: number
}

export function createTurns(most: number): Turns {
  let running = 0
  const waiting: (() => void)[] = []
  const take: Turns['take'] = async (work) => {
    if (running >= most) await new Promise<void>((resolve) => waiting.push(resolve))
    else running++
    try {
      return await work()
    } finally {
      // Handed on to the next one, who then counts in our place.
      const next = waiting.shift()
      if (next === undefined) running--
      else next()
    }
  }
  return {
    take,
    get waiting() {
      return waiting.length
    },
  }
}
