/**
 * GoBGP's API as its versions have it in common: v4's messages and numbers, which protos/gobgp-v4.proto
 * explains. What v3 does otherwise, gobgp-v3.ts translates.
 */
import { fileURLToPath } from 'node:url'
import { loadSync, type PackageDefinition, type ServiceDefinition } from '@grpc/proto-loader'
import type { ApiVersion } from './gobgp-api.ts'
import type { Rpc } from './grpc-channel.ts'
import type { WireForm } from './wire-form.ts'

export interface FamilyMessage {
  afi: number
  safi: number
}

/**
 * A oneof: IPv4 and IPv6 unicast have a prefix, notes an encapsulation; NLRI of other families have neither.
 */
export interface NlriMessage {
  prefix?: { prefix_len: number; prefix: string } | null
  encapsulation?: { address: string } | null
}

/** The attributes that are read or written here, by their field in v4's oneof. */
export interface AttributeValues {
  origin: { origin: number }
  as_path: { segments: { type: number; numbers: number[] }[] }
  next_hop: { next_hop: string }
  multi_exit_disc: { med: number }
  local_pref: { local_pref: number }
  communities: { communities: number[] }
  originator_id: { id: string }
  mp_reach: { family: FamilyMessage | null; next_hops: string[]; nlris: NlriMessage[] }
  large_communities: { communities: { global_admin: number; local_data1: number; local_data2: number }[] }
}

/** `attr` names the one field that is there. */
export type AttributeMessage = {
  [Field in keyof AttributeValues]: { attr: Field } & Record<Field, AttributeValues[Field]>
}[keyof AttributeValues]

/** Or one of another kind, or whose bytes are no message of its kind. */
export type ReceivedAttribute = AttributeMessage | { attr?: undefined }

/**
 * As decoded: what was not sent is null, empty or 0. Only notes and what takes a route back are decoded so;
 * other paths are read by path-reader.ts.
 */
export interface PathMessage {
  nlri: NlriMessage | null
  pattrs: ReceivedAttribute[]
  is_withdraw: boolean
  family: FamilyMessage | null
  neighbor_ip: string
  identifier: number
}

/** What names a path among those that were injected. */
export interface PathKey {
  nlri: NlriMessage
  family: FamilyMessage
  identifier: number
}

/** As encoded: what is left out is not sent. */
export interface SentPath extends PathKey {
  pattrs?: AttributeMessage[]
  is_withdraw?: boolean
}

/** The capabilities that are read here; every other is an object without these fields. */
export interface CapabilityMessage {
  multi_protocol?: { family: FamilyMessage | null } | null
  add_path?: { tuples: { family: FamilyMessage | null; mode: number }[] } | null
  /** GoBGP 4 tells its own. */
  software_version?: { software_version: string } | null
}

export interface PeerMessage<Capability = CapabilityMessage> {
  route_reflector: { route_reflector_client: boolean } | null
  route_server: { route_server_client: boolean } | null
  conf: { local_asn: number; neighbor_address: string; peer_asn: number; admin_down: boolean } | null
  state: {
    local_asn: number
    neighbor_address: string
    peer_asn: number
    session_state: number
    admin_state: number
    remote_cap: Capability[]
    local_cap: Capability[]
  } | null
}

export interface DynamicNeighborMessage {
  prefix: string
  peer_group: string
}

export interface AssignmentMessage {
  direction: number
  default_action: number
  policies: { name: string; statements: StatementMessage[] }[]
}

export interface MatchSetMessage {
  type: number
  name: string
}

export interface CommunityActionMessage {
  type: number
  communities: string[]
}

/** Of its conditions and actions those that a guard rests on. */
export interface StatementMessage {
  name: string
  conditions: {
    neighbor_set: MatchSetMessage | null
    community_set: MatchSetMessage | null
    large_community_set: MatchSetMessage | null
    route_type: number
  } | null
  actions: {
    route_action: number
    community: CommunityActionMessage | null
    large_community: CommunityActionMessage | null
    nexthop: { unchanged: boolean } | null
    local_pref: object | null
  } | null
}

export interface DefinedSetMessage {
  name: string
  list: string[]
}

export interface TableRequest {
  table_type: number
  family: FamilyMessage
  name?: string
}
export interface ListPathRequest extends TableRequest {
  prefixes: { prefix: string; type: number }[]
  /** NLRI and attributes as an UPDATE has them, and in no other form. */
  enable_only_binary?: boolean
}
export interface ListPathReply<Path = PathMessage> {
  destination: { prefix: string; paths: Path[] } | null
}
export interface WatchEventRequest {
  peer: object
  table: { filters: { type: number; init: boolean }[] }
}
export interface WatchEventReply<Path = PathMessage, Capability = CapabilityMessage> {
  peer?: { type: number; peer: PeerMessage<Capability> | null } | null
  table?: { paths: Path[] } | null
}
export interface AddPathRequest {
  table_type: number
  path: SentPath
}
export interface DeletePathRequest extends AddPathRequest {
  family: FamilyMessage
}
export interface AddPathStreamRequest<Path = SentPath> {
  table_type: number
  paths: Path[]
}
/** A DeletePath as it would be read by who receives it. */
export interface ReceivedWithdrawal<Path = PathMessage> {
  family: FamilyMessage | null
  path: Path | null
}

export const TABLE = { global: 1, adjIn: 3, adjOut: 4 } as const
export const LOOKUP = { exact: 1 } as const
export const FILTER = { adjIn: 2 } as const
export const PEER_EVENT = { init: 1, endOfInit: 2, state: 3 } as const
export const DIRECTION = { import: 1, export: 2 } as const
export const DEFINED_SETS = { neighbor: 2, community: 5, largeCommunity: 7 } as const
export const ESTABLISHED = 6
export const ADMIN_DOWN = 2
export const VALIDATION = { not_found: 2, valid: 3, invalid: 4 } as const

/** One version of the API. */
export interface GobgpDialect {
  readonly version: ApiVersion
  readonly wire: WireForm
  readonly getBgp: Rpc<object, { global: { asn: number; router_id: string } | null }>
  readonly listPeer: Rpc<object, { peer: PeerMessage | null }>
  readonly listRpki: Rpc<object, object>
  readonly listDynamicNeighbor: Rpc<object, { dynamic_neighbor: DynamicNeighborMessage | null }>
  readonly listPolicyAssignment: Rpc<{ name: string }, { assignment: AssignmentMessage | null }>
  readonly listDefinedSet: Rpc<{ defined_type: number }, { defined_set: DefinedSetMessage | null }>
  readonly enablePeer: Rpc<{ address: string }, object>
  readonly watchEvent: Rpc<WatchEventRequest, WatchEventReply>
  readonly getTable: Rpc<TableRequest, { num_path: number }>
  readonly listPath: Rpc<ListPathRequest, ListPathReply>
  readonly addPath: Rpc<AddPathRequest, object>
  /** In parts, and its request both ways: gobgp-paths.ts makes the only call of it that there is. */
  readonly deletePath: {
    readonly path: string
    readonly encodeRequest: (request: DeletePathRequest) => Buffer
    readonly decodeRequest: (bytes: Buffer) => ReceivedWithdrawal
    readonly decodeReply: (bytes: Buffer) => object
  }
  /** In parts and both ways, too: with `is_withdraw` in every path it is the bulk withdrawal. */
  readonly addPathStream: {
    readonly path: string
    readonly encodeRequest: (request: AddPathStreamRequest) => Buffer
    readonly decodeRequest: (bytes: Buffer) => { paths: PathMessage[] }
    readonly decodeReply: (bytes: Buffer) => object
  }
}

/** Reads a file of protos/. Without proto-loader's `json`, an Any stays bytes. */
export function loadProto(file: string): PackageDefinition {
  return loadSync(fileURLToPath(new URL(`../../../protos/${file}`, import.meta.url)), {
    keepCase: true,
    longs: Number,
    defaults: true,
    arrays: true,
    oneofs: true,
  })
}

/** The RPC of this name in a loaded service. */
export function rpcOf<Request, Reply>(service: ServiceDefinition, name: string): Rpc<Request, Reply> {
  const method = service[name]!
  return {
    path: method.path,
    encode: method.requestSerialize as (request: Request) => Buffer,
    decode: method.responseDeserialize as (bytes: Buffer) => Reply,
  }
}
