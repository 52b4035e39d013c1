/** Between two looks: soon at first, and seldom where each look costs a process and the wait is long. */
const SHORTEST_MS = 10
const LONGEST_MS = 150

/** Waits until the condition gives something, or fails after the deadline. */
export async function until<T>(
  what: string, condition: () => T | Promise<T>, deadlineMs = 15_000,
): Promise<NonNullable<T>> {
  const endMs = performance.now() + deadlineMs
  for (let pauseMs = SHORTEST_MS; ; pauseMs = Math.min(1.3 * pauseMs, LONGEST_MS)) {
    const value = await condition()
    if (value) return value
    if (performance.now() > endMs) throw new Error(`not within ${deadlineMs} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
}
