/** GoBGP's API as gobgpd 3.0 to 3.37 speaks it, translated to the messages of v4. */
import type { MessageTypeDefinition, ServiceDefinition } from '@grpc/proto-loader'
import {
  loadProto, rpcOf, type AddPathRequest, type AttributeMessage, type AttributeValues, type GobgpDialect,
  type ListPathReply, type NlriMessage, type PathMessage, type ReceivedAttribute, type ReceivedWithdrawal,
  type WatchEventReply,
} from './gobgp-dialect.ts'
import type { Rpc } from './grpc-channel.ts'

export interface AnyMessage {
  type_url: string
  value: Uint8Array
}

/** A path with NLRI and attributes packed, as v3 sends it. */
export interface PackedPath extends Omit<PathMessage, 'nlri' | 'pattrs'> {
  nlri: AnyMessage | null
  pattrs: AnyMessage[]
}

/** v4 keeps 0 of an enum for "unspecified"; in v3 the kinds of table, lookup and filter begin there. */
const SHIFT = 1

const TYPE_URL = 'type.googleapis.com/apipb.'
const PREFIX = 'IPAddressPrefix'
const MESSAGES: Readonly<Record<keyof AttributeValues, string>> = {
  origin: 'OriginAttribute',
  as_path: 'AsPathAttribute',
  next_hop: 'NextHopAttribute',
  multi_exit_disc: 'MultiExitDiscAttribute',
  local_pref: 'LocalPrefAttribute',
  communities: 'CommunitiesAttribute',
  originator_id: 'OriginatorIdAttribute',
  mp_reach: 'MpReachNLRIAttribute',
  large_communities: 'LargeCommunitiesAttribute',
}
const FIELDS = new Map(
  Object.entries(MESSAGES).map(([field, name]) => [name, field as keyof AttributeValues]),
)

const definition = loadProto('gobgp-v3.proto')
const service = definition['apipb.GobgpApi'] as ServiceDefinition

/** Any is packed by hand: proto-loader's own way turns an unknown type into an empty one without a word. */
export function pack(name: string, message: object): AnyMessage {
  return { type_url: TYPE_URL + name, value: typeOf(name).serialize(message) }
}

/** Throws when the bytes are no message of this name. */
function unpack(name: string, any: AnyMessage): object {
  return typeOf(name).deserialize(any.value as Buffer)
}

function typeOf(name: string): MessageTypeDefinition<object, object> {
  return definition[`apipb.${name}`] as MessageTypeDefinition<object, object>
}

function nameOf(any: AnyMessage): string {
  return any.type_url.slice(TYPE_URL.length)
}

function packNlri({ prefix }: NlriMessage): AnyMessage {
  if (!prefix) throw new TypeError('an NLRI to send holds a prefix')
  return pack(PREFIX, prefix)
}

/** Without a prefix where it is not understood, as in v4. */
function unpackNlri(any: AnyMessage): NlriMessage {
  if (nameOf(any) !== PREFIX) return {}
  try {
    return { prefix: unpack(PREFIX, any) as NonNullable<NlriMessage['prefix']> }
  } catch {
    return {}
  }
}

function packAttribute(attribute: AttributeMessage): AnyMessage {
  const { attr } = attribute
  const value = (attribute as unknown as Record<string, object>)[attr]!
  if (attr !== 'mp_reach') return pack(MESSAGES[attr], value)
  return pack(MESSAGES.mp_reach, { ...value, nlris: attribute.mp_reach.nlris.map(packNlri) })
}

function unpackAttribute(any: AnyMessage): ReceivedAttribute {
  const name = nameOf(any)
  const attr = FIELDS.get(name)
  if (attr === undefined) return {}
  try {
    const value = unpack(name, any)
    if (attr !== 'mp_reach') return { attr, [attr]: value } as unknown as AttributeMessage
    const reach = value as Omit<AttributeValues['mp_reach'], 'nlris'> & { nlris: AnyMessage[] }
    return { attr, mp_reach: { ...reach, nlris: reach.nlris.map(unpackNlri) } }
  } catch {
    return { attr: 'malformed' }
  }
}

function packPath(request: AddPathRequest): object {
  const { nlri, pattrs = [] } = request.path
  const path = { ...request.path, nlri: packNlri(nlri), pattrs: pattrs.map(packAttribute) }
  return { ...request, table_type: request.table_type - SHIFT, path }
}

/** Never throws. */
export function unpackPath(path: PackedPath): PathMessage {
  const { nlri, pattrs } = path
  return { ...path, nlri: nlri && unpackNlri(nlri), pattrs: pattrs.map(unpackAttribute) }
}

/** An RPC of v3 whose messages are translated on their way. */
function translated<Request, Theirs, Reply>(
  { path, encode, decode }: Rpc<object, Theirs>,
  translateRequest: (request: Request) => object,
  translateReply: (reply: Theirs) => Reply,
): Rpc<Request, Reply> {
  return {
    path,
    encode: (request) => encode(translateRequest(request)),
    decode: (bytes) => translateReply(decode(bytes)),
  }
}

const deletePath = service['DeletePath']!

export const GOBGP_V3: GobgpDialect = {
  version: 'v3',
  getBgp: rpcOf(service, 'GetBgp'),
  listPeer: rpcOf(service, 'ListPeer'),
  watchEvent: translated(
    rpcOf<object, WatchEventReply<PackedPath>>(service, 'WatchEvent'),
    ({ table: { filters }, ...request }) => ({
      ...request,
      table: { filters: filters.map(({ type, init }) => ({ type: type - SHIFT, init })) },
    }),
    ({ peer, table }) => ({
      peer: peer ?? null, table: table ? { paths: table.paths.map(unpackPath) } : null,
    }),
  ),
  getTable: translated(
    rpcOf<object, { num_path: number }>(service, 'GetTable'),
    (request) => ({ ...request, table_type: request.table_type - SHIFT }),
    (reply) => reply,
  ),
  listPath: translated(
    rpcOf<object, ListPathReply<PackedPath>>(service, 'ListPath'),
    (request) => ({
      ...request,
      table_type: request.table_type - SHIFT,
      prefixes: request.prefixes.map(({ prefix, type }) => ({ prefix, type: type - SHIFT })),
    }),
    ({ destination }) => ({
      destination: destination && { ...destination, paths: destination.paths.map(unpackPath) },
    }),
  ),
  addPath: translated(rpcOf<object, object>(service, 'AddPath'), packPath, (reply) => reply),
  deletePath: {
    path: deletePath.path,
    encodeRequest: (request) => deletePath.requestSerialize(packPath(request)),
    decodeRequest: (bytes) => {
      const request = deletePath.requestDeserialize(bytes) as ReceivedWithdrawal<PackedPath>
      return { ...request, path: request.path && unpackPath(request.path) }
    },
    decodeReply: deletePath.responseDeserialize,
  },
}
