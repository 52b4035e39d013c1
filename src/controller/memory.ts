/** What the controller remembers of a router from one cycle to the next. Pure. */
import type { InstalledOverride, Override } from '../model/override.ts'
import { formatPrefix, type Prefix } from '../model/prefix.ts'
import { interfaceOfNextHop, type Router } from '../model/topology.ts'
import { HEEDED, type Disregard } from './plan/disregard.ts'
import type { Placement } from './plan/loads.ts'
import type { RouterPlan } from './plan/plan.ts'
import type { PlannedOverride, Unfinished } from './plan/planning.ts'
import type { Homecoming } from './plan/restless.ts'
import type { Saturations } from './plan/saturation.ts'
import type { SetAside } from './plan/set-aside.ts'
import { isStoryOf, type Stories, type Story } from './stories.ts'

export interface RouterMemory {
  /** The last plan's overrides. */
  readonly planned: readonly PlannedOverride[]
  readonly placements: readonly Placement[]
  readonly unfinished: ReadonlyMap<string, Unfinished>
  readonly homecomings: readonly Homecoming[]
  readonly setAside: readonly SetAside[]
  readonly disregard: Disregard
  readonly saturations: Saturations
}

export const NOTHING_REMEMBERED: RouterMemory = {
  planned: [],
  placements: [],
  unfinished: new Map(),
  homecomings: [],
  setAside: [],
  disregard: HEEDED,
  saturations: new Map(),
}

/** What the next cycle starts from. */
export function memoryOf({
  overrides,
  placements,
  unfinished,
  homecomings,
  setAside,
  disregard,
}: RouterPlan): Omit<RouterMemory, 'saturations'> {
  return { planned: overrides, placements, unfinished, homecomings, setAside, disregard }
}

/** Measurements never span more: placements that ended longer ago explain nothing any more. */
const PLACEMENT_KEPT_MS = 300_000

/**
 * The overrides that a plan starts from: the last plan's, and those that GoBGP holds besides, which a
 * predecessor left and we adopt (unless we only decide: then they are somebody else's). What became real
 * since it was planned dry is planned anew, what became dry stays planned.
 */
export function currentOverrides(
  { planned }: RouterMemory,
  installed: readonly InstalledOverride[],
  router: Router,
  dryRun: boolean,
  nowMs: number,
  stories: Stories = new Map(),
): readonly PlannedOverride[] {
  const dryInterfaces = new Set(router.interfaces.filter((i) => i.dryRun).map((i) => i.name))
  const isDry = (override: Override): boolean => dryRun || dryInterfaces.has(override.fromInterface)
  const known = planned.flatMap(({ override, dry }) =>
    dry && !isDry(override) ? [] : [{ override, dry: isDry(override) }],
  )
  const prefixes = new Set(known.map(({ override }) => formatPrefix(override.prefix)))
  const adopted = dryRun
    ? []
    : installed
        .filter(({ prefix }) => !prefixes.has(formatPrefix(prefix)))
        .map((found) => ({
          override: adopt(found, router, nowMs, stories.get(formatPrefix(found.prefix))),
          dry: false,
        }))
  return [...known, ...adopted]
}

/** An override as far as what GoBGP holds tells it, with its own story where a predecessor left one. */
export function adopt(found: InstalledOverride, router: Router, nowMs: number, story?: Story): Override {
  const { prefix, attributes, fromIfIndex } = found
  const told = story !== undefined && isStoryOf(story, found) ? story : undefined
  const fromInterface =
    router.interfaces.find(({ name }) => name === told?.fromInterface) ??
    router.interfaces.find(({ ifIndex }) => ifIndex === fromIfIndex)
  return {
    router: router.name,
    prefix,
    parentPrefix: told?.parentPrefix ?? prefix,
    fromInterface: fromInterface?.name ?? '',
    toInterface: interfaceOfNextHop(router, attributes.nextHop)?.name ?? '',
    follows: attributes,
    // Another machine's clock may have been ahead: a hold must not last until ours has caught up.
    sinceMs: Math.min(told?.sinceMs ?? found.sinceMs ?? nowMs, nowMs),
    reason: told?.reason ?? 'found in GoBGP, installed before this service started',
    pinnedUntilMs: told === undefined ? found.pinnedUntilMs : told.pinnedUntilMs,
  }
}

/**
 * Placements brought in line with what GoBGP holds now. Those that it lost ended when we last saw them: taken
 * for longer, their traffic would be counted twice. Those that we did not know began when the override says.
 */
export function observePlacements(
  placements: readonly Placement[],
  installed: readonly InstalledOverride[],
  router: Router,
  nowMs: number,
  lastSeenMs: number,
): readonly Placement[] {
  const there = new Map(installed.map((i) => [formatPrefix(i.prefix), i]))
  const kept = placements
    .filter(({ endMs }) => endMs === undefined || nowMs - endMs < PLACEMENT_KEPT_MS)
    .map((p) =>
      p.endMs === undefined && !there.has(formatPrefix(p.prefix))
        ? { ...p, endMs: Math.max(p.startMs, lastSeenMs) }
        : p,
    )
  const active = new Set(kept.filter((p) => p.endMs === undefined).map((p) => formatPrefix(p.prefix)))
  const found = installed
    .filter(({ prefix }) => !active.has(formatPrefix(prefix)))
    .map((i) => adopt(i, router, nowMs))
    .map((override) => startOf(override, override.sinceMs))
  return [...kept, ...found]
}

/** Placements after an override was installed; one that replaces another ends it. */
export function placed(
  placements: readonly Placement[],
  override: Override,
  nowMs: number,
): readonly Placement[] {
  const same = placements.some(
    (p) =>
      p.endMs === undefined &&
      samePrefix(p.prefix, override.prefix) &&
      p.toInterface === override.toInterface,
  )
  return same ? placements : [...unplaced(placements, override.prefix, nowMs), startOf(override, nowMs)]
}

/** Placements after the override of a prefix was withdrawn. */
export function unplaced(
  placements: readonly Placement[],
  prefix: Prefix,
  nowMs: number,
): readonly Placement[] {
  return placements.map((p) =>
    p.endMs === undefined && samePrefix(p.prefix, prefix) ? { ...p, endMs: nowMs } : p,
  )
}

function startOf({ prefix, fromInterface, toInterface }: Override, startMs: number): Placement {
  return { prefix, fromInterface, toInterface, startMs, endMs: undefined }
}

function samePrefix(a: Prefix, b: Prefix): boolean {
  return formatPrefix(a) === formatPrefix(b)
}
