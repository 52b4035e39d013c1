/**
 * What Spillway asks of a gobgpd, in words of the model, whatever version of GoBGP's API it speaks.
 */
import type { NoteStore } from '../../lease/ports.ts'
import type { Family, Prefix } from '../../model/prefix.ts'
import type { PathAttributes, RpkiState } from '../../model/route.ts'
import type { Policies } from '../leaks/policies.ts'
import type { PackedAttributes } from './packed-attributes.ts'

export type ApiVersion = 'v3' | 'v4'

export interface GobgpApi {
  readonly version: ApiVersion
  getBgp(): Promise<BgpServer>
  listPeers(): Promise<readonly Peer[]>
  /** Lets the session with a neighbor come up that is administratively down. */
  enablePeer(neighbor: string): Promise<void>
  /** Whether this gobgpd has been told, since it started, that its sessions were opened under the marker. */
  isOpened(marker: number): Promise<boolean>
  markOpened(marker: number): Promise<void>
  /** True when GoBGP is configured to ask an RPKI server, whether that answers or not. */
  hasRpki(): Promise<boolean>
  listDynamicNeighbors(): Promise<readonly DynamicNeighbor[]>
  /** The global policies, and the community sets that they name. */
  readPolicies(): Promise<Policies>
  /**
   * Tells all that the neighbor has sent, before any policy, or what it has sent for these prefixes, of which
   * there must be one, and resolves when that is all. Rejects when GoBGP has no such neighbor, and with the
   * signal's reason when that is aborted.
   */
  listAdjIn(
    neighbor: string, family: Family, onPath: (change: ReceivedChange) => void,
    options?: { readonly only?: readonly Prefix[]; readonly signal?: AbortSignal },
  ): Promise<void>
  /**
   * What GoBGP's policies of now let out to the neighbor, as it leaves, in a family that the session carries.
   * GoBGP keeps no record of what it has sent: without a session it lists what the last one would carry.
   */
  listAdjOut(neighbor: string, family: Family): Promise<readonly PathChange[]>
  /** Number of paths that `listAdjIn` would give. */
  countAdjIn(neighbor: string, family: Family): Promise<number>
  /** The routes that were injected, by whomever; of all prefixes or of exactly these. */
  listLocal(family: Family, only?: readonly Prefix[]): Promise<readonly LocalPath[]>
  /**
   * Tells sessions and received paths as they change, in the order of GoBGP. First comes the state of each
   * peer, then `end_of_init`; paths received earlier are not told. The handler must not throw.
   */
  watch(onEvent: (event: GobgpEvent) => void): Watch
  /** Injects a route, or replaces the one of this prefix with this identifier (0 when left out). */
  addPath(prefix: Prefix, attributes: PathAttributes, pathId?: number): Promise<void>
  /** Takes back an injected route; one that is not there is no error. */
  deletePath(prefix: Prefix, pathId: number): Promise<void>
  /** The notes that carry the marker; see note-path.ts. */
  notes(marker: number): NoteStore
  /** Takes back many, 77,000 a second (measured). When it rejects, some may be gone: only listing tells. */
  deletePaths(routes: readonly RouteKey[]): Promise<void>
}

export interface BgpServer {
  readonly asn: number
  readonly routerId: string
}

/** Whoever connects from the prefix becomes a neighbor. */
export interface DynamicNeighbor {
  readonly prefix: string
  readonly peerGroup: string
}

/** A neighbor as GoBGP has it; `address` is its text as Go and RFC 5952 write it. */
export interface Peer {
  readonly address: string
  readonly localAsn: number
  readonly peerAsn: number
  readonly established: boolean
  /** Bound by policies of its own, and not by the global ones. */
  readonly routeServerClient: boolean
  readonly routeReflectorClient: boolean
  /** Its session carries the family of our notes. */
  readonly takesNotes: boolean
  /** Administratively down: by its configuration, or by hand. */
  readonly disabled: boolean
  /** Its configuration is why it begins so; what was done by hand since does not change that. */
  readonly beginsDisabled: boolean
  /** What GoBGP offers it and what it offers GoBGP; the latter is empty before the first session. */
  readonly ours: Capabilities
  readonly theirs: Capabilities
}

/** What a BGP speaker has offered as the session began (RFC 5492). */
export interface Capabilities {
  readonly families: readonly Family[]
  /** The families in which it sends, and takes, several paths of a prefix (RFC 7911). */
  readonly addPathSend: readonly Family[]
  readonly addPathReceive: readonly Family[]
  /** What it says that it is, as `GoBGP/4.8.0`: few do. */
  readonly software: string | undefined
}

/** What names a route in a table of GoBGP. */
export interface RouteKey {
  readonly prefix: Prefix
  readonly pathId: number
}

export interface LocalPath extends RouteKey {
  readonly attributes: PathAttributes
}

/** Why a path cannot be used: `no_prefix` also stands for families other than IPv4 and IPv6 unicast. */
export const UNUSABLE_REASONS = ['no_prefix', 'no_next_hop', 'no_origin', 'malformed'] as const
export type UnusableReason = (typeof UNUSABLE_REASONS)[number]

/** A message about one received path, named by (prefix, pathId) within its neighbor. */
export type PathChange<Attributes = PathAttributes> =
  | {
      readonly kind: 'announced'
      readonly prefix: Prefix
      readonly pathId: number
      readonly attributes: Attributes
      /** `unknown` in what `watch` tells. Without an RPKI server GoBGP 3 says `not_found`. */
      readonly rpki: RpkiState
    }
  | { readonly kind: 'withdrawn'; readonly prefix: Prefix; readonly pathId: number }
  /** It replaces an earlier path of its name, where it has one. */
  | {
      readonly kind: 'unusable'
      readonly prefix: Prefix | undefined
      readonly pathId: number
      readonly reason: UnusableReason
    }

/** One of the many that a full table comes as. */
export type ReceivedChange = PathChange<PackedAttributes>

export type GobgpEvent =
  | {
      readonly kind: 'session'
      readonly neighbor: string
      readonly established: boolean
      readonly disabled: boolean
    }
  | { readonly kind: 'end_of_init' }
  | { readonly kind: 'path'; readonly neighbor: string; readonly change: ReceivedChange }

export interface Watch {
  /** Resolves with the reason when the stream has ended. */
  readonly ended: Promise<Error>
  cancel(): void
}
