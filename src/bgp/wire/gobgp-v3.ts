/** GoBGP's API as gobgpd 3.0 to 3.37 speaks it, translated to the messages of v4. */
import type { MessageTypeDefinition, ServiceDefinition } from '@grpc/proto-loader'
import {
  loadProto, rpcOf, type AddPathRequest, type AssignmentMessage, type AttributeMessage, type AttributeValues,
  type CapabilityMessage, type DefinedSetMessage, type GobgpDialect, type ListPathReply, type NlriMessage,
  type PathMessage, type PeerMessage, type ReceivedAttribute, type ReceivedWithdrawal, type SentPath,
  type WatchEventReply,
} from './gobgp-dialect.ts'
import { liftAssignment, SHIFT } from './gobgp-v3-policies.ts'
import type { Rpc } from './grpc-channel.ts'
import { ATTRIBUTE, NLRI_PREFIX } from './wire-form.ts'

export interface AnyMessage {
  type_url: string
  value: Uint8Array
}

/** A path with NLRI and attributes packed, as v3 sends it. */
export interface PackedPath extends Omit<PathMessage, 'nlri' | 'pattrs'> {
  nlri: AnyMessage | null
  pattrs: AnyMessage[]
}

const TYPE_URL = 'type.googleapis.com/apipb.'
const NLRI: Readonly<Record<keyof NlriMessage, string>> = {
  prefix: 'IPAddressPrefix',
  encapsulation: 'EncapsulationNLRI',
}
const NLRI_FIELDS = new Map(Object.entries(NLRI).map(([field, name]) => [name, field as keyof NlriMessage]))
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
/** The fields of v4 that stand for what a full table is made of. */
const WIRE_FIELDS = new Map<string, number>(
  Object.entries({
    IPAddressPrefix: NLRI_PREFIX,
    OriginAttribute: ATTRIBUTE.origin,
    AsPathAttribute: ATTRIBUTE.asPath,
    NextHopAttribute: ATTRIBUTE.nextHop,
    MultiExitDiscAttribute: ATTRIBUTE.med,
    LocalPrefAttribute: ATTRIBUTE.localPref,
    CommunitiesAttribute: ATTRIBUTE.communities,
    OriginatorIdAttribute: ATTRIBUTE.originatorId,
    MpReachNLRIAttribute: ATTRIBUTE.mpReach,
    LargeCommunitiesAttribute: ATTRIBUTE.large,
  }).map(([name, field]) => [TYPE_URL + name, field]),
)

const CAPABILITIES = new Map<string, keyof CapabilityMessage>([
  ['MultiProtocolCapability', 'multi_protocol'],
  ['AddPathCapability', 'add_path'],
])

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

function packNlri({ prefix, encapsulation }: NlriMessage): AnyMessage {
  if (prefix) return pack(NLRI.prefix, prefix)
  if (encapsulation) return pack(NLRI.encapsulation, encapsulation)
  throw new TypeError('an NLRI to send holds a prefix or a note')
}

/** Empty where it is not understood, as in v4. */
function unpackNlri(any: AnyMessage): NlriMessage {
  const name = nameOf(any)
  const field = NLRI_FIELDS.get(name)
  if (field === undefined) return {}
  try {
    return { [field]: unpack(name, any) }
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

/** Empty when it is of another kind, or not understood; MP_REACH_NLRI is nothing that anybody reads here. */
function unpackAttribute(any: AnyMessage): ReceivedAttribute {
  const attr = FIELDS.get(nameOf(any))
  if (attr === undefined || attr === 'mp_reach') return {}
  try {
    return { attr, [attr]: unpack(MESSAGES[attr], any) } as unknown as AttributeMessage
  } catch {
    return {}
  }
}

function packPath(request: AddPathRequest): object {
  return { ...request, table_type: request.table_type - SHIFT, path: packSent(request.path) }
}

function packSent({ nlri, pattrs = [], ...path }: SentPath): object {
  return { ...path, nlri: packNlri(nlri), pattrs: pattrs.map(packAttribute) }
}

/** Never throws. */
export function unpackPath(path: PackedPath): PathMessage {
  const { nlri, pattrs } = path
  return {
    ...path,
    nlri: nlri && unpackNlri(nlri),
    pattrs: pattrs.map(unpackAttribute),
  }
}

/** Never throws. */
function unpackPeer(peer: PeerMessage<AnyMessage>): PeerMessage {
  const { state } = peer
  if (state === null) return { ...peer, state }
  const remote_cap = state.remote_cap.map(unpackCapability)
  const local_cap = state.local_cap.map(unpackCapability)
  return { ...peer, state: { ...state, admin_state: state.admin_state + SHIFT, remote_cap, local_cap } }
}

/** Empty when it is of another kind, or not understood. */
function unpackCapability(any: AnyMessage): CapabilityMessage {
  const field = CAPABILITIES.get(nameOf(any))
  if (field === undefined) return {}
  try {
    return { [field]: unpack(nameOf(any), any) }
  } catch {
    return {}
  }
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
const addPathStream = service['AddPathStream']!

export const GOBGP_V3: GobgpDialect = {
  version: 'v3',
  wire: { fieldOfType: (typeUrl) => WIRE_FIELDS.get(typeUrl), enumShift: SHIFT },
  getBgp: rpcOf(service, 'GetBgp'),
  listPeer: translated(
    rpcOf<object, { peer: PeerMessage<AnyMessage> | null }>(service, 'ListPeer'),
    (request) => request,
    ({ peer }) => ({ peer: peer && unpackPeer(peer) }),
  ),
  listRpki: rpcOf(service, 'ListRpki'),
  listDynamicNeighbor: rpcOf(service, 'ListDynamicNeighbor'),
  listPolicyAssignment: translated(
    rpcOf<object, { assignment: AssignmentMessage | null }>(service, 'ListPolicyAssignment'),
    (request) => request,
    ({ assignment }) => ({ assignment: assignment && liftAssignment(assignment) }),
  ),
  listDefinedSet: translated(
    rpcOf<object, { defined_set: DefinedSetMessage | null }>(service, 'ListDefinedSet'),
    ({ defined_type }) => ({ defined_type: defined_type - SHIFT }),
    (reply) => reply,
  ),
  enablePeer: rpcOf(service, 'EnablePeer'),
  watchEvent: translated(
    rpcOf<object, WatchEventReply<PackedPath, AnyMessage>>(service, 'WatchEvent'),
    ({ table: { filters }, ...request }) => ({
      ...request,
      table: { filters: filters.map(({ type, init }) => ({ type: type - SHIFT, init })) },
    }),
    ({ peer, table }) => ({
      peer: peer ? { ...peer, peer: peer.peer && unpackPeer(peer.peer) } : null,
      table: table ? { paths: table.paths.map(unpackPath) } : null,
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
  addPathStream: {
    path: addPathStream.path,
    encodeRequest: ({ table_type, paths }) =>
      addPathStream.requestSerialize({ table_type: table_type - SHIFT, paths: paths.map(packSent) }),
    decodeRequest: (bytes) => {
      const { paths } = addPathStream.requestDeserialize(bytes) as { paths: PackedPath[] }
      return { paths: paths.map(unpackPath) }
    },
    decodeReply: addPathStream.responseDeserialize,
  },
}
