/** GoBGP's API as gobgpd 4 speaks it. */
import type { ServiceDefinition } from '@grpc/proto-loader'
import { loadProto, rpcOf, type GobgpDialect } from './gobgp-dialect.ts'

const service = loadProto('gobgp-v4.proto')['api.GoBgpService'] as ServiceDefinition
const deletePath = service['DeletePath']!
const addPathStream = service['AddPathStream']!

export const GOBGP_V4: GobgpDialect = {
  version: 'v4',
  wire: { fieldOfType: undefined, enumShift: 0 },
  getBgp: rpcOf(service, 'GetBgp'),
  listPeer: rpcOf(service, 'ListPeer'),
  listRpki: rpcOf(service, 'ListRpki'),
  listDynamicNeighbor: rpcOf(service, 'ListDynamicNeighbor'),
  listPolicyAssignment: rpcOf(service, 'ListPolicyAssignment'),
  listDefinedSet: rpcOf(service, 'ListDefinedSet'),
  enablePeer: rpcOf(service, 'EnablePeer'),
  watchEvent: rpcOf(service, 'WatchEvent'),
  getTable: rpcOf(service, 'GetTable'),
  listPath: rpcOf(service, 'ListPath'),
  addPath: rpcOf(service, 'AddPath'),
  deletePath: {
    path: deletePath.path,
    encodeRequest: deletePath.requestSerialize,
    decodeRequest: deletePath.requestDeserialize as GobgpDialect['deletePath']['decodeRequest'],
    decodeReply: deletePath.responseDeserialize,
  },
  addPathStream: {
    path: addPathStream.path,
    encodeRequest: addPathStream.requestSerialize,
    decodeRequest: addPathStream.requestDeserialize as GobgpDialect['addPathStream']['decodeRequest'],
    decodeReply: addPathStream.responseDeserialize,
  },
}
