/** Waits until the condition holds, or fails after the deadline. */
export async function until(
  what: string, holds: () => boolean | Promise<boolean>, deadlineMs = 15_000,
): Promise<void> {
  const endMs = performance.now() + deadlineMs
  while (!(await holds())) {
    if (performance.now() > endMs) throw new Error(`not within ${deadlineMs} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
}
