/**
 * GoBGP's API as its versions have it in common: v4's messages and numbers, which protos/gobgp-v4.proto
 * explains. What v3 does otherwise, gobgp-v3.ts translates.
 */
import { fileURLToPath } from 'node:url'
import { loadSync, type PackageDefinition, type ServiceDefinition } from '@grpc/proto-loader'
import type { ApiVersion } from './gobgp-api.ts'
import type { Rpc } from './grpc-channel.ts'

export interface FamilyMessage {
  afi: number
  safi: number
}

/** A oneof of which IPv4 and IPv6 unicast need this; it is missing in NLRI of other families. */
export interface NlriMessage {
  prefix?: { prefix_len: number; prefix: string } | null
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

/** An attribute of another kind, and one whose bytes are no message of its kind. */
export type ReceivedAttribute = AttributeMessage | { attr?: undefined } | { attr: 'malformed' }

/** As decoded: what was not sent is null, empty or 0. */
export interface PathMessage {
  nlri: NlriMessage | null
  pattrs: ReceivedAttribute[]
  is_withdraw: boolean
  family: FamilyMessage | null
  neighbor_ip: string
  identifier: number
}

/** As encoded: what is left out is not sent. */
export interface SentPath {
  nlri: NlriMessage
  family: FamilyMessage
  identifier: number
  pattrs?: AttributeMessage[]
  is_withdraw?: boolean
}

export interface PeerMessage {
  conf: { local_asn: number; neighbor_address: string; peer_asn: number } | null
  state: { local_asn: number; neighbor_address: string; peer_asn: number; session_state: number } | null
}

export interface TableRequest {
  table_type: number
  family: FamilyMessage
  name?: string
}
export interface ListPathRequest extends TableRequest {
  prefixes: { prefix: string; type: number }[]
}
export interface ListPathReply<Path = PathMessage> {
  destination: { prefix: string; paths: Path[] } | null
}
export interface WatchEventRequest {
  peer: object
  table: { filters: { type: number; init: boolean }[] }
}
export interface WatchEventReply<Path = PathMessage> {
  peer?: { type: number; peer: PeerMessage | null } | null
  table?: { paths: Path[] } | null
}
export interface AddPathRequest {
  table_type: number
  path: SentPath
}
export interface DeletePathRequest extends AddPathRequest {
  family: FamilyMessage
}
/** A DeletePath as it would be read by who receives it. */
export interface ReceivedWithdrawal<Path = PathMessage> {
  family: FamilyMessage | null
  path: Path | null
}

export const TABLE = { global: 1, adjIn: 3 } as const
export const LOOKUP = { exact: 1 } as const
export const FILTER = { adjIn: 2 } as const
export const PEER_EVENT = { init: 1, endOfInit: 2, state: 3 } as const
export const ESTABLISHED = 6
export const SEGMENT = { set: 1, sequence: 2, confed_sequence: 3, confed_set: 4 } as const

/** One version of the API. */
export interface GobgpDialect {
  readonly version: ApiVersion
  readonly getBgp: Rpc<object, { global: { asn: number; router_id: string } | null }>
  readonly listPeer: Rpc<object, { peer: PeerMessage | null }>
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
}

/** Reads a file of protos/. Without proto-loader's `json`, an Any stays bytes. */
export function loadProto(file: string): PackageDefinition {
  return loadSync(fileURLToPath(new URL(`../../protos/${file}`, import.meta.url)), {
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
