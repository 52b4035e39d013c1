/** Policies of a gobgpd, in the words of GoBGP's documentation. */

/** The global ones: every neighbor but a route-server client is bound by these alone. */
export interface Policies {
  readonly importing: PolicyAssignment
  readonly exporting: PolicyAssignment
  /** By name; their patterns are regular expressions, `^65000:1$` where one community is meant. */
  readonly communitySets: DefinedSets
  /** The same of large communities, `^65000:1:2$`. */
  readonly largeCommunitySets: DefinedSets
  /** Neighbors as prefixes: `192.0.2.1/32`. */
  readonly neighborSets: DefinedSets
}

/** Members by the name of the set. */
export type DefinedSets = ReadonlyMap<string, readonly string[]>

export interface PolicyAssignment {
  /** In this order, until a statement accepts or rejects. */
  readonly policies: readonly Policy[]
  /** For what no statement accepted or rejected; `none` rejects, too. */
  readonly defaultAction: PolicyAction
}

export type PolicyAction = 'none' | 'accept' | 'reject'

export interface Policy {
  readonly name: string
  readonly statements: readonly Statement[]
}

/**
 * Other conditions than these are left out: they can only let less pass. What is not understood is read as
 * what lets the most pass.
 */
export interface Statement {
  readonly name: string
  readonly routeType: 'any' | 'internal' | 'external' | 'local'
  readonly neighborSet: MatchSet | undefined
  readonly communitySet: MatchSet | undefined
  readonly largeCommunitySet: MatchSet | undefined
  readonly action: PolicyAction
  /** What it gives routes a new value of. */
  readonly sets: readonly ('next-hop' | 'local-pref')[]
  /** Patterns of the communities that it takes away; undefined when all but those that it sets. */
  readonly removesCommunities: readonly string[] | undefined
  readonly changesLargeCommunities: boolean
}

export interface MatchSet {
  readonly match: 'any' | 'all' | 'invert'
  readonly name: string
}
