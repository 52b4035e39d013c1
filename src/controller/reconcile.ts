/** From what should be and what is to what must change. Pure. */
import type { InstalledOverride, Override, OverrideKey } from '../model/override.ts'
import { formatPrefix } from '../model/prefix.ts'
import { NO_EXPORT } from '../model/route.ts'
import { sameFollowed } from './plan/follow.ts'

export interface Changes {
  readonly add: readonly Override[]
  readonly withdraw: readonly OverrideKey[]
}

/** How every override must look besides what it follows. */
export interface OverrideForm {
  readonly localPref: number
  readonly marker: number
}

/**
 * What to add (or replace) and what to withdraw so that GoBGP holds what is wanted. Applied twice it changes
 * nothing the second time. `ours` tells which installed overrides may be withdrawn.
 */
export function reconcile(
  wanted: readonly Override[],
  installed: readonly InstalledOverride[],
  form: OverrideForm,
  ours: (installed: InstalledOverride) => boolean,
): Changes {
  const byPrefix = new Map(installed.map((i) => [formatPrefix(i.prefix), i]))
  const wantedPrefixes = new Set(wanted.map((w) => formatPrefix(w.prefix)))
  return {
    add: wanted.filter((w) => {
      const present = byPrefix.get(formatPrefix(w.prefix))
      return present === undefined || !isAsWanted(present, w, form)
    }),
    withdraw: installed.filter((i) => !wantedPrefixes.has(formatPrefix(i.prefix)) && ours(i)),
  }
}

function isAsWanted(
  { attributes, pinnedUntilMs }: InstalledOverride, wanted: Override, form: OverrideForm,
): boolean {
  return (
    attributes.localPref === form.localPref &&
    attributes.communities.includes(form.marker) &&
    attributes.communities.includes(NO_EXPORT) &&
    sameSecond(pinnedUntilMs, wanted.pinnedUntilMs) &&
    sameFollowed(attributes, wanted.follows)
  )
}

function sameSecond(a: number | undefined, b: number | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && Math.floor(a / 1000) === Math.floor(b / 1000))
}
