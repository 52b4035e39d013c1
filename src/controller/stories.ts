/** What a restart must know of an override besides what GoBGP keeps of it. Pure. */
import type { InstalledOverride, Override } from '../model/override.ts'
import { compareAddresses, formatPrefix, type Address, type Prefix } from '../model/prefix.ts'
import type { PlannedOverride } from './plan/planning.ts'
import type { CycleReport, RouterReport } from './report.ts'
import type { KeptOut } from './plan/set-aside.ts'

export interface Story {
  readonly prefix: Prefix
  readonly nextHop: Address
  readonly parentPrefix: Prefix
  readonly fromInterface: string
  /** Ms since the epoch. */
  readonly sinceMs: number
  readonly reason: string
  /** Ms since the epoch; undefined: no operator pinned it. */
  readonly pinnedUntilMs?: number | undefined
}

/** By prefix. */
export type Stories = ReadonlyMap<string, Story>

/** By router. */
export type AllStories = ReadonlyMap<string, Stories>

/**
 * The stories after a cycle. Those of a router stay as they were while it is not known what GoBGP holds of
 * ours, and while that is another's; those of routers that are no longer there go.
 */
export function tellStories(before: AllStories, { routers }: CycleReport): AllStories {
  return new Map(
    routers.map((router) => {
      const isKnown = router.gobgpAnswers && router.permission.kind !== 'stand_by'
      const its = before.get(router.name) ?? new Map<string, Story>()
      return [router.name, isKnown ? storiesOf(router, its) : its]
    }),
  )
}

/** What is being withdrawn is what it was until it is gone. */
function storiesOf({ overrides }: RouterReport, before: Stories): Stories {
  return new Map(
    overrides.flatMap(({ override, state }) => {
      const key = formatPrefix(override.prefix)
      const story = state === 'withdrawing' ? before.get(key) : storyOf(override)
      return state === 'planned' || story === undefined ? [] : [[key, story] as const]
    }),
  )
}

/**
 * The stories after a plan: those of its real overrides, and of those that have ended and that GoBGP may still
 * hold, as when it did not answer: found there again, a pin that is over must not be taken for an override
 * that is nobody's. `installed`: undefined when GoBGP has not told.
 */
export function keepStories(
  before: Stories, planned: readonly PlannedOverride[], installed: readonly InstalledOverride[] | undefined,
): Stories {
  const there = installed && new Set(installed.map(({ prefix }) => formatPrefix(prefix)))
  const kept = [...before].filter(([key]) => there?.has(key) !== false)
  const real = planned.filter(({ dry }) => !dry).map(({ override }) => storyOf(override))
  return new Map([...kept, ...real.map((story) => [formatPrefix(story.prefix), story] as const)])
}

function storyOf(override: Override): Story {
  const { prefix, follows, parentPrefix, fromInterface, sinceMs, reason, pinnedUntilMs } = override
  return { prefix, nextHop: follows.nextHop, parentPrefix, fromInterface, sinceMs, reason, pinnedUntilMs }
}

/** By router. */
export type AllKeptOut = ReadonlyMap<string, readonly KeptOut[]>

/** What operators withdrew and want to stay out, after a cycle. */
export function tellKeptOut({ routers, startedMs }: CycleReport): AllKeptOut {
  return new Map(
    routers.map(({ name, setAside }) => [
      name,
      setAside.filter(({ kind, untilMs }) => kind === 'by hand' && startedMs < untilMs),
    ]),
  )
}

/**
 * True when the story is that of this very override: the exit is the same, and so is the second since when it
 * is wanted.
 */
export function isStoryOf(
  { nextHop, sinceMs }: Story,
  { attributes, sinceMs: toldMs }: InstalledOverride,
): boolean {
  return compareAddresses(nextHop, attributes.nextHop) === 0 && Math.floor(sinceMs / 1000) * 1000 === toldMs
}
