/** Policies as gobgpd 3 tells them, translated to the messages of v4. Pure. */
import type { AssignmentMessage } from './gobgp-dialect.ts'

/**
 * v4 keeps 0 of an enum for "unspecified"; in v3 the kinds of table, lookup, filter, validation, defined set,
 * match and community action begin there. Directions, route types and route actions are numbered alike.
 */
export const SHIFT = 1

/** The assignment with its kinds of match and of community action numbered as in v4. */
export function liftAssignment(assignment: AssignmentMessage): AssignmentMessage {
  const policies = assignment.policies.map(({ name, statements }) => ({
    name,
    statements: statements.map(({ conditions, actions, ...statement }) => ({
      ...statement,
      conditions: conditions && {
        ...conditions,
        neighbor_set: lift(conditions.neighbor_set),
        community_set: lift(conditions.community_set),
        large_community_set: lift(conditions.large_community_set),
      },
      actions: actions && {
        ...actions, community: lift(actions.community), large_community: lift(actions.large_community),
      },
    })),
  }))
  return { ...assignment, policies }
}

function lift<Message extends { type: number }>(message: Message | null): Message | null {
  return message && { ...message, type: message.type + SHIFT }
}
