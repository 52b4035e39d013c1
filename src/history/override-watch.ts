/** Tells from cycle to cycle which overrides GoBGP has come to hold and which it holds no more. */
import type { LoggedDecision } from '../controller/decision-log.ts'
import type { CycleReport, OverrideReport, RouterReport } from '../controller/report.ts'
import { formatAddress, formatPrefix } from '../model/prefix.ts'
import type { HeldOverride, HistoryRecord } from './records.ts'

type Held = ReadonlyMap<string, OverrideReport>

export class OverrideWatch {
  /** By router; none when it has not been told yet. */
  #before: ReadonlyMap<string, Held> = new Map()
  #routers = ''

  /** What has changed; `decisions` are those since the last call. */
  look(report: CycleReport, decisions: readonly LoggedDecision[]): readonly HistoryRecord[] {
    const { startedMs: atMs, routers } = report
    const records: HistoryRecord[] = []
    const names = routers.map(({ name }) => name)
    if (names.join('\n') !== this.#routers) records.push({ kind: 'routers', atMs, names })
    this.#routers = names.join('\n')
    const now = new Map<string, Held>()
    for (const router of routers) {
      const before = this.#before.get(router.name)
      // While it is not known what GoBGP holds of ours, and while that is another's, nothing changes.
      const isKnown = router.gobgpAnswers && router.permission.kind !== 'stand_by'
      const held = isKnown ? heldBy(router) : before
      if (held === undefined) continue
      now.set(router.name, held)
      const added = new Map([...held].filter(([key]) => before?.has(key) !== true))
      const gone = new Map([...(before ?? [])].filter(([key]) => !held.has(key)))
      if (before !== undefined && added.size === 0 && gone.size === 0) continue
      records.push({
        kind: 'overrides',
        router: router.name,
        atMs,
        held: [...held.keys()],
        // What is there at the first look may be older than this process.
        added: new Map(
          [...added].map(([key, o]) => [key, present(o, before === undefined ? o.override.sinceMs : atMs)]),
        ),
        lastBps: new Map([...gone].map(([key, { bps }]) => [key, bps])),
        reasons: decisions
          .filter((d) => d.router === router.name && d.acted)
          .flatMap(({ prefix, reason }) => (prefix === undefined ? [] : [{ prefix: formatPrefix(prefix), reason }])),
      })
    }
    this.#before = now
    return records
  }

  /** Whatever was told is told again. */
  reset(): void {
    this.#before = new Map()
    this.#routers = ''
  }
}

function heldBy({ overrides }: RouterReport): Held {
  return new Map(
    overrides.filter(({ state }) => state !== 'planned').map((override) => [keyOf(override), override]),
  )
}

/** The same as long as it leads to the same exit. Where it is from may not be known at once after a restart. */
function keyOf({ id, override: { follows } }: OverrideReport): string {
  return `${id} ${formatAddress(follows.nextHop)}`
}

function present({ id, override, bps }: OverrideReport, addedMs: number): HeldOverride {
  return {
    id,
    prefix: formatPrefix(override.prefix),
    parentPrefix: formatPrefix(override.parentPrefix),
    from: override.fromInterface,
    to: override.toInterface,
    nextHop: formatAddress(override.follows.nextHop),
    bps,
    addedMs,
    reason: override.reason,
  }
}
