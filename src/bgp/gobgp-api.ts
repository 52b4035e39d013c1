/**
 * What Spillway asks of a gobgpd, in words of the model, whatever version of GoBGP's API it speaks.
 */
import type { Family, Prefix } from '../model/prefix.ts'
import type { PathAttributes } from '../model/route.ts'

export type ApiVersion = 'v3' | 'v4'

export interface GobgpApi {
  readonly version: ApiVersion
  getBgp(): Promise<BgpServer>
  listPeers(): Promise<readonly Peer[]>
  /**
   * All that the neighbor has sent, before any policy, or what it has sent for these prefixes, of which there
   * must be one. Rejects when GoBGP has no such neighbor.
   */
  listAdjIn(neighbor: string, family: Family, only?: readonly Prefix[]): AsyncIterable<PathChange>
  /** Number of paths that `listAdjIn` would give. */
  countAdjIn(neighbor: string, family: Family): Promise<number>
  /** The routes that were injected, by whomever; of all prefixes or of exactly one. */
  listLocal(family: Family, only?: Prefix): Promise<readonly LocalPath[]>
  /**
   * Tells sessions and received paths as they change, in the order of GoBGP. First comes the state of each
   * peer, then `end_of_init`; paths received earlier are not told. The handler must not throw.
   */
  watch(onEvent: (event: GobgpEvent) => void): Watch
  /** Injects a route with identifier 0, or replaces the one of this prefix. */
  addPath(prefix: Prefix, attributes: PathAttributes): Promise<void>
  /** Takes back an injected route; one that is not there is no error. */
  deletePath(prefix: Prefix, pathId: number): Promise<void>
}

export interface BgpServer {
  readonly asn: number
  readonly routerId: string
}

/** A neighbor as GoBGP has it; `address` is its text as Go and RFC 5952 write it. */
export interface Peer {
  readonly address: string
  readonly localAsn: number
  readonly peerAsn: number
  readonly established: boolean
}

export interface LocalPath {
  readonly prefix: Prefix
  readonly pathId: number
  readonly attributes: PathAttributes
}

/** Why a path cannot be used: `no_prefix` also stands for families other than IPv4 and IPv6 unicast. */
export const UNUSABLE_REASONS = ['no_prefix', 'no_next_hop', 'no_origin', 'malformed'] as const
export type UnusableReason = (typeof UNUSABLE_REASONS)[number]

/** A message about one received path, named by (prefix, pathId) within its neighbor. */
export type PathChange =
  | {
      readonly kind: 'announced'
      readonly prefix: Prefix
      readonly pathId: number
      readonly attributes: PathAttributes
    }
  | { readonly kind: 'withdrawn'; readonly prefix: Prefix; readonly pathId: number }
  /** It replaces an earlier path of its name, where it has one. */
  | {
      readonly kind: 'unusable'
      readonly prefix: Prefix | undefined
      readonly pathId: number
      readonly reason: UnusableReason
    }

export type GobgpEvent =
  | { readonly kind: 'session'; readonly neighbor: string; readonly established: boolean }
  | { readonly kind: 'end_of_init' }
  | { readonly kind: 'path'; readonly neighbor: string; readonly change: PathChange }

export interface Watch {
  /** Resolves with the reason when the stream has ended. */
  readonly ended: Promise<Error>
  cancel(): void
}
