/**
 * Whether a gobgpd that routers share keeps their overrides apart. Pure. What keeps them apart is an export
 * statement for each router: it lets out to that neighbor alone what carries that router's large community.
 * And several paths of a prefix on each session, as two routers may want it with different exits. Strict, as
 * the rest: of each statement that accepts, whatever stands before it.
 */
import { contains, formatAddress, formatPrefix, parsePrefix, type Address } from '../../model/prefix.ts'
import { routerNumber } from '../../model/router-number.ts'
import type { LocalPath, Peer } from '../wire/gobgp-api.ts'
import { isOurs, readRouterNumber, routerCommunity } from '../override-path.ts'
import type { LeakFinding } from './finding.ts'
import type { DefinedSets, MatchSet, Policies, Statement } from './policies.ts'
import type { GobgpSetup, KnownRouters } from './setup.ts'

export const APART =
  'configure gobgpd as spillway gobgpd-config writes it, or give each router a gobgpd of its own (gobgp)'
export const ADD_PATH_SEND =
  'send-max in [neighbors.afi-safis.add-paths.config] of gobgpd, add-path receive on the router'

/** All that is wrong; the routers are those of the gobgpd, two or more. */
export function judgeSharing(setup: GobgpSetup, routers: KnownRouters, marker: number): LeakFinding[] {
  const { policies } = setup
  const names = routers.map(({ name }) => name).join(', ')
  const accepting = policies.exporting.policies.flatMap(({ name: policy, statements }) =>
    statements.filter(({ action }) => action === 'accept').map((statement) => ({ policy, statement })),
  )
  const reach = accepting.map(({ statement }) => ({
    neighbors: routers.filter(({ address }) => mayGoTo(statement, address, policies)),
    owners: routers.filter(({ address }) => mayBeOf(statement, address, policies, marker)),
  }))
  const mixing = accepting.flatMap(({ policy, statement }, i): LeakFinding[] => {
    const { neighbors, owners } = reach[i]!
    const pair = neighbors
      .flatMap((to) => owners.filter((of) => of !== to).map((of) => ({ to, of })))[0]
    if (pair === undefined) return []
    const where = `export policy "${policy}", statement "${statement.name}",`
    const what = `${where} would send ${pair.to.name} the overrides of ${pair.of.name}: ${names} share gobgpd`
    return [{ kind: 'leak', what, remedy: APART }]
  })
  const changing = [...policies.importing.policies, ...policies.exporting.policies].flatMap(
    ({ name: policy, statements }) =>
      statements
        .filter(({ changesLargeCommunities }) => changesLargeCommunities)
        .map((statement): LeakFinding => ({
          kind: 'leak',
          what: `policy "${policy}", statement "${statement.name}", changes what says whose an override is`,
          remedy: 'remove set-large-community from its [policy-definitions.statements.actions.bgp-actions]',
        })),
  )
  const unserved = routers
    .filter((router) =>
      policies.exporting.defaultAction !== 'accept' &&
      !reach.some(({ neighbors, owners }) => neighbors.includes(router) && owners.includes(router)))
    .map(({ name }): LeakFinding => ({
      kind: 'doubt', what: `no export policy lets the overrides of ${name} out to it`, remedy: APART,
    }))
  return [...mixing, ...changing, ...unserved, ...setup.neighbors.flatMap(judgeSession)]
}

function mayGoTo({ neighborSet }: Statement, address: Address, { neighborSets }: Policies): boolean {
  const members = membersOf(neighborSet, neighborSets)
  if (neighborSet === undefined || members.length === 0) return true
  const isMember = members.some((text) => holds(text, address))
  return neighborSet.match === 'invert' ? !isMember : isMember
}

/** What is not understood holds everybody. */
function holds(text: string, address: Address): boolean {
  try {
    return contains(parsePrefix(text), address)
  } catch {
    return true
  }
}

function mayBeOf(
  { largeCommunitySet }: Statement, address: Address, { largeCommunitySets }: Policies, marker: number,
): boolean {
  const patterns = membersOf(largeCommunitySet, largeCommunitySets)
  if (largeCommunitySet === undefined || largeCommunitySet.match === 'invert') return true
  const own = `^${routerCommunity(routerNumber(address), marker)}$`
  // A pattern that is no plain community may match any.
  return patterns.length === 0 || patterns.some((one) => one === own || !/^\^\d+:\d+:\d+\$$/.test(one))
}

function membersOf(set: MatchSet | undefined, sets: DefinedSets): readonly string[] {
  return set === undefined ? [] : (sets.get(set.name) ?? [])
}

/** Overrides in GoBGP that are meant for none of the routers, whose plans know nothing of them. */
export function judgeUnowned(
  local: readonly LocalPath[], routers: KnownRouters, marker: number,
): LeakFinding[] {
  const numbers = new Set<number | undefined>(routers.map(({ address }) => routerNumber(address)))
  const unowned = local.filter(
    ({ attributes }) => isOurs(attributes, marker) && !numbers.has(readRouterNumber(attributes, marker)),
  )
  if (unowned.length === 0) return []
  const example = unowned.map(({ prefix }) => formatPrefix(prefix)).sort()[0]!
  const what = `GoBGP holds overrides that are meant for none of its routers (${unowned.length}, as ${example})`
  return [{ kind: 'doubt', what, remedy: 'in mode active they are withdrawn; spillway withdraw takes all overrides out' }]
}

/** Nothing gets to the wrong router by it, but what loses against another router's is not sent. */
function judgeSession({ address, established, ours, theirs }: Peer): LeakFinding[] {
  if (!established) return []
  const lacking = ours.families.filter(
    (family) =>
      theirs.families.includes(family) &&
      !(ours.addPathSend.includes(family) && theirs.addPathReceive.includes(family)),
  )
  return lacking.map((family) => {
    const what = `neighbor ${address} is sent one path of a prefix only (no add-path in IPv${family})`
    const why = 'of two routers that want the same prefix one gets no override'
    const by = ours.addPathSend.includes(family)
      ? 'let the router receive several paths (add-path receive): see docs/routers.md'
      : `set send-max = 8 in its [neighbors.afi-safis.add-paths.config] for ipv${family}-unicast`
    return { kind: 'doubt', what: `${what}, and is no neighbor to share gobgpd: ${why}`, remedy: by }
  })
}

/** The text by which GoBGP knows one neighbor in a set. */
export function neighborPrefix(address: Address): string {
  return `${formatAddress(address)}/${address.family === 4 ? 32 : 128}`
}
