/** Policies as GoBGP tells them. Pure. What is not understood is read as what lets most pass. */
import {
  DEFINED_SETS, DIRECTION, type AssignmentMessage, type CommunityActionMessage, type DefinedSetMessage,
  type MatchSetMessage, type StatementMessage,
} from '../wire/gobgp-dialect.ts'
import type {
  DefinedSets, MatchSet, Policies, PolicyAction, PolicyAssignment, Statement,
} from './policies.ts'

const ACTIONS: readonly PolicyAction[] = ['none', 'accept', 'reject']
const ROUTE_TYPES: readonly Statement['routeType'][] = ['any', 'internal', 'external', 'local']
const MATCHES = [undefined, 'any', 'all', 'invert'] as const
const COMMUNITY_ACTION = { add: 1, remove: 2 } as const

/** An assignment that GoBGP does not tell accepts everything, as it does by default. */
export function readPolicies(
  assignments: readonly AssignmentMessage[],
  sets: Readonly<Record<keyof typeof DEFINED_SETS, readonly DefinedSetMessage[]>>,
): Policies {
  const inDirection = (direction: number): PolicyAssignment =>
    readAssignment(assignments.find((assignment) => assignment.direction === direction))
  return {
    importing: inDirection(DIRECTION.import),
    exporting: inDirection(DIRECTION.export),
    communitySets: byName(sets.community),
    largeCommunitySets: byName(sets.largeCommunity),
    neighborSets: byName(sets.neighbor),
  }
}

function byName(sets: readonly DefinedSetMessage[]): DefinedSets {
  return new Map(sets.map(({ name, list }) => [name, list]))
}

function readAssignment(message: AssignmentMessage | undefined): PolicyAssignment {
  if (message === undefined) return { policies: [], defaultAction: 'accept' }
  return {
    policies: message.policies.map(({ name, statements }) => ({
      name, statements: statements.map(readStatement),
    })),
    defaultAction: readAction(message.default_action),
  }
}

function readStatement({ name, conditions, actions }: StatementMessage): Statement {
  return {
    name,
    routeType: ROUTE_TYPES[conditions?.route_type ?? 0] ?? 'any',
    neighborSet: readMatch(conditions?.neighbor_set),
    communitySet: readMatch(conditions?.community_set),
    largeCommunitySet: readMatch(conditions?.large_community_set),
    action: readAction(actions?.route_action ?? 0),
    sets: [
      ...(actions?.nexthop && !actions.nexthop.unchanged ? (['next-hop'] as const) : []),
      ...(actions?.local_pref ? (['local-pref'] as const) : []),
    ],
    removesCommunities: readRemoved(actions?.community),
    changesLargeCommunities: Boolean(actions?.large_community),
  }
}

function readMatch(set: MatchSetMessage | null | undefined): MatchSet | undefined {
  return set ? { match: MATCHES[set.type] ?? 'invert', name: set.name } : undefined
}

function readRemoved(action: CommunityActionMessage | null | undefined): Statement['removesCommunities'] {
  if (!action || action.type === COMMUNITY_ACTION.add) return []
  return action.type === COMMUNITY_ACTION.remove ? action.communities : undefined
}

function readAction(action: number): PolicyAction {
  return ACTIONS[action] ?? 'accept'
}
