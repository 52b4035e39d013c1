/**
 * Whether policies let more out than what is ours. Pure. Strict: a statement that would accept a learned
 * route is found even where an earlier one rejects that route, and no condition but two is taken to keep any
 * out: `route-type = "local"`, and a community set that matches the marker and nothing else. The marker alone
 * does so only as long as nothing learned is imported: anybody can put a community on a route.
 */
import { formatCommunity, NO_EXPORT } from '../../model/route.ts'
import type { LeakFinding } from './finding.ts'
import type { Policies, PolicyAssignment, Statement } from './policies.ts'

const LOCAL_ONLY = 'set route-type = "local" in its [policy-definitions.statements.conditions.bgp-conditions]'
const ACTIONS = '[policy-definitions.statements.actions.bgp-actions]'

/** All that is wrong with the global policies. */
export function judgePolicies(policies: Policies, marker: number): LeakFinding[] {
  return [
    ...judgeExport(policies, marker),
    ...judgeImport(policies.importing),
    ...judgePassage(policies.importing, 'import'),
    ...judgePassage(policies.exporting, 'export'),
    ...judgeChanges(policies.importing, 'import', marker),
    ...judgeChanges(policies.exporting, 'export', marker),
  ]
}

/** False when no learned route can pass, whatever it is like. Strict, as all here. */
export function mayImportLearned(importing: PolicyAssignment): boolean {
  return importing.defaultAction === 'accept' || acceptingLearned(importing).length > 0
}

interface Place {
  readonly policy: string
  readonly statement: Statement
}

function statementsOf({ policies }: PolicyAssignment): Place[] {
  return policies.flatMap(({ name: policy, statements }) =>
    statements.map((statement) => ({ policy, statement })),
  )
}

function acceptingLearned(assignment: PolicyAssignment): Place[] {
  return statementsOf(assignment).filter(
    ({ statement: { action, routeType } }) => action === 'accept' && routeType !== 'local',
  )
}

function judgeExport(policies: Policies, marker: number): LeakFinding[] {
  const { exporting } = policies
  const found: LeakFinding[] = []
  if (exporting.defaultAction === 'accept') {
    found.push({
      kind: 'leak',
      what: 'the export default is accept: what no statement rejects is sent',
      remedy: 'set default-export-policy = "reject-route" in [global.apply-policy.config]',
    })
  }
  for (const place of acceptingLearned(exporting)) {
    const why = whyLearnedPass(place.statement, policies, marker)
    if (why === undefined) continue
    found.push({ kind: 'leak', what: `${where('export', place)} ${why}`, remedy: LOCAL_ONLY })
  }
  return found
}

/** Undefined when it keeps out all that is learned. */
function whyLearnedPass({ communitySet }: Statement, policies: Policies, marker: number): string | undefined {
  if (communitySet === undefined) return 'accepts learned routes'
  const { match, name } = communitySet
  const patterns = policies.communitySets.get(name) ?? []
  if (!matchesOnly(match, patterns, marker)) {
    return `accepts learned routes: community set "${name}" (${match} of ${patterns.join(', ')}) ` +
      `matches more than ${formatCommunity(marker)}`
  }
  if (!mayImportLearned(policies.importing)) return undefined
  return 'sends learned routes that carry the marker, and learned routes are imported'
}

/** Nothing leaks by it, but gobgpd sends its best path only: a better learned one displaces an override. */
function judgeImport(importing: PolicyAssignment): LeakFinding[] {
  const doubt = (what: string, remedy: string): LeakFinding => ({
    kind: 'doubt',
    what: `${what}: one with a higher LOCAL_PREF takes an override's place, which is then not sent`,
    remedy,
  })
  const found = acceptingLearned(importing).map((place) =>
    doubt(`${where('import', place)} accepts learned routes`, LOCAL_ONLY),
  )
  if (importing.defaultAction === 'accept') {
    const remedy = 'set default-import-policy = "reject-route" in [global.apply-policy.config]'
    found.push(doubt('the import default is accept, so that learned routes get into the table', remedy))
  }
  return found
}

/** Nothing leaks where nothing passes, but no override does any good. */
function judgePassage(assignment: PolicyAssignment, direction: Direction): LeakFinding[] {
  const passes = statementsOf(assignment).some(
    ({ statement: { action, routeType } }) =>
      action === 'accept' && (routeType === 'local' || routeType === 'any'),
  )
  if (passes || assignment.defaultAction === 'accept') return []
  const way = direction === 'import' ? 'in' : 'out'
  const list = `${direction}-policy-list of [global.apply-policy.config]`
  return [{
    kind: 'doubt',
    what: `no ${direction} policy accepts local routes, and no override gets ${way}`,
    remedy: `name one in ${list}, as spillway gobgpd-config writes it`,
  }]
}

/** What is injected passes both directions, and must leave as it is. */
function judgeChanges(assignment: PolicyAssignment, direction: Direction, marker: number): LeakFinding[] {
  const guards = [NO_EXPORT, marker]
  const found: LeakFinding[] = []
  for (const place of statementsOf(assignment)) {
    const { removesCommunities, sets } = place.statement
    const removed = removesCommunities?.map(exactCommunity)
    if (!removed?.every((community) => community !== undefined && !guards.includes(community))) {
      found.push({
        kind: 'leak',
        what: `${where(direction, place)} may take NO_EXPORT or the marker from an override`,
        remedy: `remove set-community from its ${ACTIONS}, or name the communities to remove in full`,
      })
    }
    for (const what of sets) {
      found.push({
        kind: 'leak',
        what: `${where(direction, place)} changes the ${what} of an override`,
        remedy: `remove set-${what} from its ${ACTIONS}`,
      })
    }
  }
  return found
}

type Direction = 'import' | 'export'

function where(direction: Direction, { policy, statement }: Place): string {
  return `${direction} policy "${policy}", statement "${statement.name}",`
}

/** `any` needs each pattern to be the marker, `all` one of them. */
function matchesOnly(match: 'any' | 'all' | 'invert', patterns: readonly string[], marker: number): boolean {
  const isMarker = (pattern: string): boolean => exactCommunity(pattern) === marker
  switch (match) {
    case 'any':
      return patterns.length > 0 && patterns.every(isMarker)
    case 'all':
      return patterns.some(isMarker)
    case 'invert':
      return false
  }
}

/** The one community that a pattern of GoBGP's matches, 32 bits; undefined when it may match others. */
function exactCommunity(pattern: string): number | undefined {
  const match = /^\^(\d{1,5}):(\d{1,5})\$$/.exec(pattern)
  const [high, low] = [Number(match?.[1]), Number(match?.[2])]
  return match === null || high > 0xffff || low > 0xffff ? undefined : high * 0x10000 + low
}
