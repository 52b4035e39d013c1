/** Whether what GoBGP sends a neighbor is what was injected. Pure. */
import { compareAddresses, formatPrefix, type Prefix } from '../../model/prefix.ts'
import { NO_EXPORT, type PathAttributes } from '../../model/route.ts'
import type { LocalPath } from '../wire/gobgp-api.ts'
import { isOurs, readRouterNumber } from '../override-path.ts'
import type { LeakFinding } from './finding.ts'
import { APART } from './judge-sharing.ts'
import type { SentRoutes } from './setup.ts'

export interface SentJudgement {
  readonly findings: readonly LeakFinding[]
  /** Prefixes of overrides that GoBGP holds and does not send. */
  readonly unsent: readonly Prefix[]
}

/** What may be wrong with a route that is sent; the order is the one of the findings. */
const FAULTS = ['not_local', 'anothers', 'exportable', 'altered', 'unmarked'] as const
type Fault = (typeof FAULTS)[number]

/**
 * Each fault is found once, with the first prefix as its example: the same trouble is told in the same words.
 * `own`: the neighbor's `routerNumber` where it shares the gobgpd with others, and must get its own only.
 */
export function judgeSent(
  neighbor: string, { local, sent }: SentRoutes, marker: number, own?: number,
): SentJudgement {
  const held = Map.groupBy(local, ({ prefix }) => formatPrefix(prefix))
  const examples = new Map<Fault, string>()
  const seen = new Set<string>()
  for (const path of sent) {
    if (path.kind !== 'announced') continue
    const prefix = formatPrefix(path.prefix)
    seen.add(prefix)
    const fault = findFault(path.attributes, held.get(prefix) ?? [], marker, own)
    if (fault !== undefined && prefix < (examples.get(fault) ?? '~')) examples.set(fault, prefix)
  }
  const ours = local.filter(
    ({ attributes }) =>
      isOurs(attributes, marker) && (own === undefined || readRouterNumber(attributes, marker) === own),
  )
  return {
    findings: FAULTS.flatMap((fault) => {
      const prefix = examples.get(fault)
      return prefix === undefined ? [] : [explain(fault, neighbor, prefix)]
    }),
    unsent: ours.map(({ prefix }) => prefix).filter((prefix) => !seen.has(formatPrefix(prefix))),
  }
}

/** What GoBGP sends over iBGP where a route has none. */
const DEFAULT_LOCAL_PREF = 100

/** `held`: the local routes of the same prefix. */
function findFault(
  sent: PathAttributes, held: readonly LocalPath[], marker: number, own: number | undefined,
): Fault | undefined {
  if (held.length === 0) return 'not_local'
  if (!isOurs(sent, marker)) {
    return held.some(({ attributes }) => !isOurs(attributes, marker)) ? 'unmarked' : 'altered'
  }
  if (own !== undefined && readRouterNumber(sent, marker) !== own) return 'anothers'
  if (!sent.communities.includes(NO_EXPORT)) return 'exportable'
  const isUnchanged = held.some(
    ({ attributes: { nextHop, localPref } }) =>
      compareAddresses(nextHop, sent.nextHop) === 0 && (localPref ?? DEFAULT_LOCAL_PREF) === sent.localPref,
  )
  return isUnchanged ? undefined : 'altered'
}

const ACTIONS = '[policy-definitions.statements.actions.bgp-actions]'

function explain(fault: Fault, neighbor: string, prefix: string): LeakFinding {
  const sends = `GoBGP sends neighbor ${neighbor}`
  switch (fault) {
    case 'not_local':
      return {
        kind: 'leak',
        what: `${sends} ${prefix}, which is no local route`,
        remedy: 'set route-type = "local" in each export statement that accepts',
      }
    case 'anothers':
      return {
        kind: 'leak',
        what: `${sends} ${prefix}, the override of another router`,
        remedy: APART,
      }
    case 'exportable':
      return {
        kind: 'leak',
        what: `${sends} the override ${prefix} without NO_EXPORT`,
        remedy: `remove what changes communities from ${ACTIONS}`,
      }
    case 'altered':
      return {
        kind: 'leak',
        what: `${sends} the override ${prefix} with another next hop, LOCAL_PREF or without its marker`,
        remedy: `remove what changes them from ${ACTIONS}`,
      }
    case 'unmarked':
      return {
        kind: 'doubt',
        what: `${sends} the local route ${prefix}, which is none of ours`,
        remedy: `whoever injected it answers for it; gobgp global rib del ${prefix} takes it out`,
      }
  }
}
