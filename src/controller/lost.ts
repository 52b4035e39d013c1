/** Overrides that GoBGP has lost, as when it was restarted. Pure. */

/** By prefix: when GoBGP last held it. */
export type Lost = ReadonlyMap<string, number>

/**
 * After GoBGP has told again what it holds. `before` is what it held at `lastSeenMs`, without what we
 * withdrew since.
 */
export function noteLost(
  lost: Lost,
  before: ReadonlySet<string>,
  now: ReadonlySet<string>,
  lastSeenMs: number,
): Lost {
  const all = new Map([...lost, ...[...before].map((prefix) => [prefix, lastSeenMs] as const)])
  return new Map([...all].filter(([prefix]) => !now.has(prefix)))
}

/** Prefixes that GoBGP held not longer than so long ago. */
export function lostWithin(lost: Lost, nowMs: number, mostMs: number): ReadonlySet<string> {
  return new Set([...lost].filter(([, seenMs]) => nowMs - seenMs <= mostMs).map(([prefix]) => prefix))
}
