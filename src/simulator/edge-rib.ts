/** The edge router's own gobgpd: what its neighbors announce goes in, the best paths come out. */
import { fileURLToPath } from 'node:url'
import { credentials, loadPackageDefinition, type Client, type ServiceError } from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import { readPrefix, writeAddress, type IpPrefix } from './ip-address.ts'

/** A path as an exit's neighbor announces it. */
export interface Announcement {
  readonly prefix: string
  /** Tells the paths of one prefix apart. */
  readonly identifier: number
  readonly nextHop: string
  readonly localPref: number
  /** One AS_SEQUENCE. */
  readonly asPath: readonly number[]
}

/** A prefix of the RIB with all its paths, best first. */
export interface RibRoute {
  readonly prefix: string
  readonly paths: readonly RibPath[]
}

export interface RibPath {
  readonly nextHop: string
  /** It came over BGP, from the controller's gobgpd: it was not announced by an exit's neighbor. */
  readonly isOverride: boolean
}

export interface EdgeRib {
  announce(announcements: readonly Announcement[]): Promise<void>
  withdraw(paths: readonly Pick<Announcement, 'prefix' | 'identifier'>[]): Promise<void>
  list(): Promise<RibRoute[]>
  close(): void
}

/** The decoded messages, as far as they are read here. */
interface ListedAttribute {
  readonly next_hop?: string
  readonly next_hops?: readonly string[]
}
interface ListPathResponse {
  readonly destination: {
    readonly prefix: string
    readonly paths: readonly { readonly pattrs: readonly ListedAttribute[]; readonly neighbor_ip: string }[]
  }
}

type Done = (error: ServiceError | null) => void
type Unary = (request: object, options: { deadline: number }, done: Done) => void
interface GobgpClient extends Client {
  readonly AddPath: Unary
  readonly DeletePath: Unary
  ListPath(request: object, options: { deadline: number }): AsyncIterable<ListPathResponse>
}

const PROTO = fileURLToPath(new URL('../../protos/gobgp-v3.proto', import.meta.url))
const ANY = 'type.googleapis.com/apipb.'
const FAMILIES = {
  4: { afi: 'AFI_IP', safi: 'SAFI_UNICAST' },
  6: { afi: 'AFI_IP6', safi: 'SAFI_UNICAST' },
} as const
/** How GoBGP 3 writes the neighbor of what was announced over its API. */
const LOCAL = '<nil>'
const CALL_TIMEOUT_MS = 5_000

/** A client of the gobgpd at this gRPC target; calls reject while it is away. */
export function createEdgeRib(target: string): EdgeRib {
  // `json` decodes what an Any holds; without it attributes stay bytes.
  const definition = loadSync(PROTO, { keepCase: true, enums: String, longs: String, json: true })
  const { apipb } = loadPackageDefinition(definition) as unknown as {
    apipb: { GobgpApi: new (target: string, credentials: unknown, options: object) => GobgpClient }
  }
  const client = new apipb.GobgpApi(target, credentials.createInsecure(), {
    'grpc.max_receive_message_length': -1,
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 500,
  })
  const deadline = (): { deadline: number } => ({ deadline: Date.now() + CALL_TIMEOUT_MS })
  const call = (method: 'AddPath' | 'DeletePath', path: object): Promise<void> =>
    new Promise((resolve, reject) => {
      const done: Done = (error) => (error === null ? resolve() : reject(error))
      client[method]({ table_type: 'GLOBAL', path }, deadline(), done)
    })

  return {
    announce: async (announcements) => {
      await Promise.all(announcements.map((one) => call('AddPath', pathOf(one))))
    },
    withdraw: async (paths) => {
      await Promise.all(paths.map((path) => call('DeletePath', { ...keyOf(path), is_withdraw: true })))
    },
    list: async () => {
      const routes: RibRoute[] = []
      for (const family of Object.values(FAMILIES)) {
        for await (const { destination } of client.ListPath({ table_type: 'GLOBAL', family }, deadline())) {
          const paths = destination.paths.flatMap(({ pattrs, neighbor_ip: neighbor }): RibPath[] => {
            const nextHop = nextHopOf(pattrs)
            return nextHop === undefined ? [] : [{ nextHop, isOverride: neighbor !== LOCAL }]
          })
          routes.push({ prefix: destination.prefix, paths })
        }
      }
      return routes
    },
    close: () => {
      client.close()
    },
  }
}

/** True for what a call to gobgpd rejects with: it is away, or refused. */
export function isCallError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && 'details' in error
}

function pathOf(announcement: Announcement): object {
  const { nextHop, localPref, asPath } = announcement
  const { nlri, family, identifier } = keyOf(announcement)
  const segments = [{ type: 'AS_SEQUENCE', numbers: asPath }]
  const nextHopAttribute = family.afi === 'AFI_IP'
    ? { '@type': `${ANY}NextHopAttribute`, next_hop: nextHop }
    : { '@type': `${ANY}MpReachNLRIAttribute`, family, next_hops: [nextHop], nlris: [nlri] }
  const pattrs = [
    { '@type': `${ANY}OriginAttribute`, origin: 0 },
    { '@type': `${ANY}AsPathAttribute`, segments },
    nextHopAttribute,
    { '@type': `${ANY}LocalPrefAttribute`, local_pref: localPref },
  ]
  return { nlri, family, identifier, pattrs }
}

function keyOf({ prefix, identifier }: Pick<Announcement, 'prefix' | 'identifier'>): {
  nlri: object
  family: (typeof FAMILIES)[4 | 6]
  identifier: number
} {
  const parsed: IpPrefix = readPrefix(prefix)
  const nlri = { '@type': `${ANY}IPAddressPrefix`, prefix: writeAddress(parsed), prefix_len: parsed.length }
  return { nlri, family: FAMILIES[parsed.family], identifier }
}

function nextHopOf(attributes: readonly ListedAttribute[]): string | undefined {
  for (const { next_hop: plain, next_hops: multiprotocol } of attributes) {
    if (plain !== undefined) return plain
    if (multiprotocol?.[0] !== undefined) return multiprotocol[0]
  }
  return undefined
}
