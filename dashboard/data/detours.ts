/** Overrides by the way that their traffic goes. Pure. */
import type { Override } from './rest.ts'

export interface DetourGroup {
  readonly key: string
  readonly router: string
  readonly from: string
  readonly to: string
  /** Traffic that they move, bit/s. */
  readonly bps: number
  /** Largest first. */
  readonly overrides: readonly Override[]
  /** Those of them that are shown. */
  readonly shown: readonly Override[]
}

/** Of each group, and of groups, as many are shown at first. */
export interface Glance {
  readonly groups: number
  readonly each: number
}

/** The largest groups, each with its largest overrides: where traffic goes, before which prefixes it is. */
export function glanceAt(groups: readonly DetourGroup[], { groups: most, each }: Glance): DetourGroup[] {
  const few = groups.length === 1 ? most * each : each
  return groups.slice(0, most).map((group) => ({ ...group, shown: group.shown.slice(0, few) }))
}

/** A group for each router, natural exit and target; the largest first. */
export function groupDetours(overrides: readonly Override[]): DetourGroup[] {
  const groups = Map.groupBy(overrides, (o) => JSON.stringify([o.router, o.from_interface, o.to_interface]))
  return [...groups]
    .map(([key, unsorted]) => ({ key, own: unsorted.toSorted((a, b) => b.bps - a.bps || (a.id < b.id ? -1 : 1)) }))
    .map(({ key, own }) => ({
      key,
      router: own[0]!.router,
      from: own[0]!.from_interface,
      to: own[0]!.to_interface,
      bps: sumBps(own),
      overrides: own,
      shown: own,
    }))
    .sort((a, b) => b.bps - a.bps || (a.key < b.key ? -1 : 1))
}

export function sumBps(overrides: readonly Override[]): number {
  return overrides.reduce((sum, { bps }) => sum + bps, 0)
}

/** Those that name all of the words, wherever. */
export function matching(overrides: readonly Override[], words: string): readonly Override[] {
  const wanted = words.toLowerCase().split(/\s+/).filter((word) => word !== '')
  if (wanted.length === 0) return overrides
  return overrides.filter((o) => {
    const text = `${o.router} ${o.prefix} ${o.parent_prefix} ${o.from_interface} ${o.to_interface} ${o.reason} ${o.state}`
    return wanted.every((word) => text.toLowerCase().includes(word))
  })
}
