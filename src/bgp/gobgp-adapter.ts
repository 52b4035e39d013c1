/** GobgpApi on a gobgpd, in the version of GoBGP's API that it speaks. */
import type { ServiceError } from '@grpc/grpc-js'
import { formatPrefix, type Family, type Prefix } from '../model/prefix.ts'
import type { GobgpApi, GobgpEvent, LocalPath, Peer } from './gobgp-api.ts'
import {
  ESTABLISHED, FILTER, LOOKUP, PEER_EVENT, TABLE,
  type GobgpDialect, type ListPathRequest, type PathMessage, type PeerMessage, type WatchEventReply,
} from './gobgp-dialect.ts'
import { encodeWithdrawal, familyMessage, readPath, withdrawRpc, writePath } from './gobgp-paths.ts'
import { CALL_DEADLINE_MS, GrpcError, type GrpcChannel } from './grpc-channel.ts'

/** GoBGP 3.10 gathers a whole table before its first reply: 15 s for a million paths (measured). */
const TABLE_DEADLINE_MS = 120_000
const FEW_DEADLINE_MS = 10_000

/** Speaks the dialect over the channel, which stays the caller's to close. */
export function createGobgpAdapter(channel: GrpcChannel, dialect: GobgpDialect): GobgpApi {
  const withdraw = withdrawRpc(dialect)
  async function* listPaths(request: ListPathRequest, deadlineMs: number): AsyncGenerator<PathMessage> {
    for await (const { destination } of channel.list(dialect.listPath, request, deadlineMs)) {
      yield* destination?.paths ?? []
    }
  }

  return {
    version: dialect.version,

    getBgp: async () => {
      const { global } = await channel.call(dialect.getBgp, {})
      // Before StartBgp, `global` is there and empty.
      return { asn: global?.asn ?? 0, routerId: global?.router_id ?? '' }
    },

    listPeers: async () => {
      const peers: Peer[] = []
      for await (const { peer } of channel.list(dialect.listPeer, {}, CALL_DEADLINE_MS)) {
        if (peer !== null) peers.push(readPeer(peer))
      }
      return peers
    },

    listAdjIn: async function* (neighbor, family, only = []) {
      const request = {
        table_type: TABLE.adjIn, name: neighbor, family: familyMessage(family), prefixes: only.map(exactly),
      }
      const deadlineMs = only.length === 0 ? TABLE_DEADLINE_MS : FEW_DEADLINE_MS
      for await (const path of listPaths(request, deadlineMs)) yield readPath(path)
    },

    countAdjIn: async (neighbor, family) => {
      const request = { table_type: TABLE.adjIn, name: neighbor, family: familyMessage(family) }
      return (await channel.call(dialect.getTable, request)).num_path
    },

    listLocal: async (family: Family, only) => {
      const request = {
        table_type: TABLE.global,
        family: familyMessage(family),
        prefixes: only === undefined ? [] : [exactly(only)],
      }
      const deadlineMs = only === undefined ? FEW_DEADLINE_MS : CALL_DEADLINE_MS
      const paths: LocalPath[] = []
      for await (const path of listPaths(request, deadlineMs)) {
        if (!isLocal(path)) continue
        const change = readPath(path)
        if (change.kind === 'announced') paths.push(change)
      }
      return paths
    },

    watch: (onEvent) => {
      const filters = [{ type: FILTER.adjIn, init: false }]
      const events = channel.stream(dialect.watchEvent, { peer: {}, table: { filters } })
      // Flowing at all times: gobgpd keeps what a slow reader has not taken, without bound.
      events.on('data', ({ peer, table }: WatchEventReply) => {
        if (peer) {
          const event = readPeerEvent(peer.type, peer.peer)
          if (event !== undefined) onEvent(event)
        }
        for (const path of table?.paths ?? []) {
          // The end of a dump is told by an empty table, End-of-RIB by a path without prefix.
          if (path.nlri === null) continue
          onEvent({ kind: 'path', neighbor: path.neighbor_ip, change: readPath(path) })
        }
      })
      return {
        ended: new Promise((resolve) => {
          events.on('error', (error: ServiceError) => {
            resolve(new GrpcError(channel.target, dialect.watchEvent.path, error))
          })
          events.on('end', () => resolve(new Error(`gobgpd at ${channel.target}: WatchEvent ended`)))
        }),
        cancel: () => events.cancel(),
      }
    },

    addPath: async (prefix, attributes) => {
      await channel.call(dialect.addPath, { table_type: TABLE.global, path: writePath(prefix, attributes) })
    },

    deletePath: async (prefix, pathId) => {
      await channel.call(withdraw, encodeWithdrawal(dialect, prefix, pathId))
    },
  }
}

function exactly(prefix: Prefix): { prefix: string; type: number } {
  return { prefix: formatPrefix(prefix), type: LOOKUP.exact }
}

/** Injected over the API, as opposed to learned from a neighbor: v3 writes no address as Go does. */
function isLocal(path: PathMessage): boolean {
  return path.neighbor_ip === '' || path.neighbor_ip === '<nil>'
}

function readPeer({ conf, state }: PeerMessage): Peer {
  return {
    address: state?.neighbor_address || conf?.neighbor_address || '',
    localAsn: state?.local_asn || conf?.local_asn || 0,
    peerAsn: state?.peer_asn || conf?.peer_asn || 0,
    established: state?.session_state === ESTABLISHED,
  }
}

function readPeerEvent(type: number, peer: PeerMessage | null): GobgpEvent | undefined {
  if (type === PEER_EVENT.endOfInit) return { kind: 'end_of_init' }
  if (type !== PEER_EVENT.init && type !== PEER_EVENT.state) return undefined
  if (peer === null) return undefined
  const { address, established } = readPeer(peer)
  return { kind: 'session', neighbor: address, established }
}
