/** The messages and RPCs of GoBGP's API v3, typed: protos/gobgp-v3.proto says what they mean. */
import { fileURLToPath } from 'node:url'
import { loadSync, type MessageTypeDefinition, type ServiceDefinition } from '@grpc/proto-loader'
import type { Rpc } from './grpc-channel.ts'

export interface AnyMessage {
  type_url: string
  value: Uint8Array
}

export interface FamilyMessage {
  afi: number
  safi: number
}

/** As decoded: what was not sent is null, empty or 0. */
export interface PathMessage {
  nlri: AnyMessage | null
  pattrs: AnyMessage[]
  is_withdraw: boolean
  family: FamilyMessage | null
  neighbor_ip: string
  identifier: number
}

export interface PeerMessage {
  conf: { local_asn: number; neighbor_address: string; peer_asn: number } | null
  state: { local_asn: number; neighbor_address: string; peer_asn: number; session_state: number } | null
}

/** Messages that travel inside an Any. */
export interface Packed {
  IPAddressPrefix: { prefix_len: number; prefix: string }
  OriginAttribute: { origin: number }
  AsPathAttribute: { segments: { type: number; numbers: number[] }[] }
  NextHopAttribute: { next_hop: string }
  MultiExitDiscAttribute: { med: number }
  LocalPrefAttribute: { local_pref: number }
  CommunitiesAttribute: { communities: number[] }
  OriginatorIdAttribute: { id: string }
  MpReachNLRIAttribute: { family: FamilyMessage | null; next_hops: string[]; nlris: AnyMessage[] }
  LargeCommunitiesAttribute: {
    communities: { global_admin: number; local_data1: number; local_data2: number }[]
  }
}

type EncodedPath = Partial<PathMessage>

export interface TableRequest {
  table_type: number
  family: FamilyMessage
  name?: string
}

export const TABLE = { global: 0, adjIn: 2 } as const
export const LOOKUP = { exact: 0 } as const
export const FILTER = { adjIn: 1 } as const
export const PEER_EVENT = { init: 1, endOfInit: 2, state: 3 } as const
export const ESTABLISHED = 6
export const SEGMENT = { set: 1, sequence: 2, confed_sequence: 3, confed_set: 4 } as const

// Without `json`, an Any stays bytes, and `pack` and `unpack` below deal with it: proto-loader's own way
// turns an unknown type into an empty Any without a word.
const definition = loadSync(fileURLToPath(new URL('../../protos/gobgp-v3.proto', import.meta.url)), {
  keepCase: true,
  longs: Number,
  defaults: true,
  arrays: true,
})
const service = definition['apipb.GobgpApi'] as ServiceDefinition

function rpc<Request, Reply>(name: string): Rpc<Request, Reply> {
  const method = service[name]!
  return {
    path: method.path,
    encode: method.requestSerialize as (request: Request) => Buffer,
    decode: method.responseDeserialize as (bytes: Buffer) => Reply,
  }
}

export const RPC = {
  getBgp: rpc<object, { global: { asn: number; router_id: string } | null }>('GetBgp'),
  listPeer: rpc<object, { peer: PeerMessage | null }>('ListPeer'),
  listPath: rpc<
    TableRequest & { prefixes?: { prefix: string; type: number }[] },
    { destination: { prefix: string; paths: PathMessage[] } | null }
  >('ListPath'),
  getTable: rpc<TableRequest, { num_path: number }>('GetTable'),
  watchEvent: rpc<
    { peer: object; table: { filters: { type: number; init: boolean }[] } },
    {
      peer?: { type: number; peer: PeerMessage | null } | null
      table?: { paths: PathMessage[] } | null
    }
  >('WatchEvent'),
  addPath: rpc<{ table_type: number; path: EncodedPath }, object>('AddPath'),
}

/** DeletePath in parts: gobgp-v3-paths.ts makes the only call of it that there is. */
export const DELETE_PATH = {
  path: service['DeletePath']!.path,
  encodeRequest: service['DeletePath']!.requestSerialize as (request: {
    table_type: number
    family: FamilyMessage
    path: EncodedPath
  }) => Buffer,
  decodeRequest: service['DeletePath']!.requestDeserialize as (bytes: Buffer) => {
    family: FamilyMessage | null
    path: PathMessage | null
  },
  decodeReply: service['DeletePath']!.responseDeserialize as (bytes: Buffer) => object,
}

const TYPE_URL = 'type.googleapis.com/apipb.'

function typeOf<K extends keyof Packed>(name: K): MessageTypeDefinition<Packed[K], Packed[K]> {
  return definition[`apipb.${name}`] as MessageTypeDefinition<Packed[K], Packed[K]>
}

/** Puts a message into an Any. */
export function pack<K extends keyof Packed>(name: K, message: Packed[K]): AnyMessage {
  return { type_url: TYPE_URL + name, value: typeOf(name).serialize(message) }
}

/** Name of the message in an Any: one of Packed's or any other. */
export function nameOf(any: AnyMessage): string {
  return any.type_url.slice(TYPE_URL.length)
}

/** Takes a message of a known name out of an Any; throws when its bytes are none. */
export function unpack<K extends keyof Packed>(name: K, any: AnyMessage): Packed[K] {
  return typeOf(name).deserialize(any.value as Buffer)
}
