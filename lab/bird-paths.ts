/** What `birdc show route` prints. Pure. */

/** A path begins with its prefix, or with spaces where it is of the same prefix as the one before. */
const PATH = /^(\S+\/\d+)?\s+(?:unicast|blackhole|unreachable|prohibit)\s.*\[/

/** How many paths there are for each prefix. */
export function countBirdPaths(text: string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  let prefix: string | undefined
  for (const line of text.split('\n')) {
    const match = PATH.exec(line)
    if (match === null) continue
    prefix = match[1] ?? prefix
    if (prefix !== undefined) counts.set(prefix, (counts.get(prefix) ?? 0) + 1)
  }
  return counts
}
