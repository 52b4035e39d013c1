/** What became of overrides from one cycle to the next. Pure. */
import type { z } from 'zod'
import type { overrideSchema } from './json/override.ts'

export type OverrideJson = z.input<typeof overrideSchema>

/** By `id`. */
export type OverridesJson = ReadonlyMap<string, OverrideJson>

/**
 * `added`: as they are now, those that were not there, and those that are in another state, lead elsewhere,
 * began anew or are pinned. `withdrawn`: as they were last seen, those that are no longer there.
 */
export function findOverrideChanges(
  before: OverridesJson,
  now: OverridesJson,
): { readonly added: readonly OverrideJson[]; readonly withdrawn: readonly OverrideJson[] } {
  const isSame = (a: OverrideJson, b: OverrideJson | undefined): boolean =>
    b !== undefined &&
    a.state === b.state &&
    a.next_hop === b.next_hop &&
    a.since === b.since &&
    a.pinned_until === b.pinned_until
  return {
    added: [...now.values()].filter((one) => !isSame(one, before.get(one.id))),
    withdrawn: [...before.values()].filter(({ id }) => !now.has(id)),
  }
}
