/** A gobgpd as Spillway's, and others as its routers: real sessions on loopback addresses. */
import { status } from '@grpc/grpc-js'
import { parseAddress, type Prefix } from '../../src/model/prefix.ts'
import { parseCommunity, type PathAttributes } from '../../src/model/route.ts'
import { renderGobgpdConfig, type GobgpdNeighbor } from '../../src/bgp/gobgpd-config.ts'
import { TABLE } from '../../src/bgp/wire/gobgp-dialect.ts'
import { encodeWithdrawal, withdrawRpc, writePath } from '../../src/bgp/wire/gobgp-paths.ts'
import { packAttributes, type PackedAttributes } from '../../src/bgp/wire/packed-attributes.ts'
import { createGrpcChannel, GrpcError, type GrpcChannel } from '../../src/bgp/wire/grpc-channel.ts'
import { findFreePort } from '../../src/simulator/free-port.ts'
import { startGobgpd, type Gobgpd } from '../../src/simulator/gobgpd.ts'
import { until as untilThere } from '../simulator/until.ts'
import { GOBGPD_3, type GobgpdBuild } from './gobgpds.ts'

export const ASN = 65001
export const GOBGP_ADDRESS = '127.0.0.1'
export const GOBGP_ROUTER_ID = '10.255.0.1'
export const ROUTER_ADDRESS = '127.0.0.3'
export const OTHER_ROUTER_ADDRESS = '127.0.0.4'

/**
 * What the routers do with the routes of others. `apart`: nothing. `meshed`: they are iBGP neighbors of each
 * other, and reflect between each other and our gobgpd, which is their client (RFC 4456). `reflecting`: they
 * are each other's clients, too. GoBGP as a reflector sets ORIGINATOR_ID only towards clients.
 */
export type Routers = 'apart' | 'meshed' | 'reflecting'

export interface Edge {
  readonly gobgp: Gobgpd
  /** At ROUTER_ADDRESS. */
  readonly router: Gobgpd
  readonly others: readonly Gobgpd[]
  /** Puts a path into the router, which sends it; its identifier there is the router's business. */
  announce(prefix: Prefix, pathId: number, attributes: PathAttributes): Promise<void>
  withdraw(prefix: Prefix, pathId: number): Promise<void>
  stop(): Promise<void>
}

interface RouterNeighbor {
  readonly address: string
  readonly port: number
  readonly isClient: boolean
}

/** Router side: connects soon and often, sends several paths of a prefix, takes what comes. */
function routerConfig(address: string, listenPort: number, neighbors: readonly RouterNeighbor[], receives: boolean): string {
  const id = `10.255.0.${address.split('.')[3]}`
  const family = (name: string): string => `
  [[neighbors.afi-safis]]
    [neighbors.afi-safis.config]
      afi-safi-name = "${name}"
    [neighbors.afi-safis.add-paths.config]
      send-max = 8${receives ? '\n      receive = true' : ''}`
  const neighbor = ({ address: peer, port, isClient }: RouterNeighbor): string => `
[[neighbors]]
  [neighbors.config]
    neighbor-address = "${peer}"
    peer-as = ${ASN}
  [neighbors.timers.config]
    connect-retry = 1
    idle-hold-time-after-reset = 1
  [neighbors.transport.config]
    local-address = "${address}"
    remote-port = ${port}
  [neighbors.route-reflector.config]
    route-reflector-client = ${isClient}
    route-reflector-cluster-id = "${id}"
${family('ipv4-unicast')}${family('ipv6-unicast')}
`
  return `
[global.config]
  as = ${ASN}
  router-id = "${id}"
  port = ${listenPort}
  local-address-list = ["${address}"]
${neighbors.map(neighbor).join('')}`
}

/**
 * Ours is of the build given; the routers are gobgpd 3, since 4 holds back what GoBGP would not accept. The
 * sessions are not up yet: gobgpd takes 5 to 7 s for the first. `moreConfig`: TOML for ours. `shared`: ours keeps the
 * overrides of its routers apart; else all get all, and there should be one, or one and a bystander.
 */
export async function startEdge(
  { gobgpd: command }: GobgpdBuild, otherAddresses: readonly string[] = [], routers: Routers = 'apart', moreConfig = '',
  shared = false,
): Promise<Edge> {
  const addresses = [ROUTER_ADDRESS, ...otherAddresses]
  const gobgpPort = await findFreePort(GOBGP_ADDRESS)
  const ports = await Promise.all(addresses.map(findFreePort))
  const render = (neighbors: readonly GobgpdNeighbor[]): string => renderGobgpdConfig({
    asn: ASN,
    routerId: GOBGP_ROUTER_ID,
    listenPort: gobgpPort,
    marker: parseCommunity('64512:100'),
    localAddresses: [parseAddress(GOBGP_ADDRESS)],
    neighbors,
  })
  // Either end connects, so that whichever restarts is back within 7 s.
  const neighbors = addresses.map((address, i) => ({
    address: parseAddress(address), localAddress: parseAddress(GOBGP_ADDRESS), passive: false, port: ports[i]!,
  }))
  const apart = neighbors.map((neighbor, i) => {
    const text = render([neighbor])
    return i === 0 ? text : text.slice(text.indexOf('[[neighbors]]'))
  })
  const gobgp = await startGobgpd({ command, config: moreConfig + (shared ? render(neighbors) : apart.join('')) })
  const [router, ...others] = (await Promise.all(
    addresses.map((address, i) => {
      const ours = { address: GOBGP_ADDRESS, port: gobgpPort, isClient: routers !== 'apart' }
      const peers = addresses.map((peer, j) => ({ address: peer, port: ports[j]!, isClient: routers === 'reflecting' }))
      const neighbors = [ours, ...(routers === 'apart' ? [] : peers.toSpliced(i, 1))]
      return startGobgpd({ config: routerConfig(address, ports[i]!, neighbors, shared) })
    }),
  )) as [Gobgpd, ...Gobgpd[]]
  const routerChannel: GrpcChannel = createGrpcChannel(router.api)
  const { dialect } = GOBGPD_3
  return {
    gobgp,
    router,
    others,
    announce: async (prefix, pathId, attributes) => {
      const path = { ...writePath(prefix, attributes), identifier: pathId }
      await routerChannel.call(dialect.addPath, { table_type: TABLE.global, path })
    },
    withdraw: async (prefix, pathId) => {
      await routerChannel.call(withdrawRpc(dialect), encodeWithdrawal(dialect, prefix, pathId))
    },
    stop: async () => {
      routerChannel.close()
      await Promise.all([gobgp, router, ...others].map((daemon) => daemon.stop()))
    },
  }
}

const NO_ATTRIBUTES: PathAttributes = {
  nextHop: parseAddress('192.0.2.1'), origin: 0, asPath: [], med: undefined, localPref: undefined,
  communities: [], largeCommunities: [], originatorId: undefined,
}

/** Usually 1 to 9 s; when both ends connect at the same moment, once in a hundred times, gobgpd takes 30 s more. */
export const SESSION_DEADLINE_MS = 50_000
/** For hooks and tests that wait for sessions, and do other things besides. */
export const SESSION_TEST_MS = SESSION_DEADLINE_MS + 30_000

/** Attributes for a test, with what it cares for. */
export function attributes(nextHop: string, rest: Partial<PathAttributes> = {}): PathAttributes {
  return { ...NO_ATTRIBUTES, ...rest, nextHop: parseAddress(nextHop) }
}

/** The same as a router's route table takes them. */
export function packed(nextHop: string, rest: Partial<PathAttributes> = {}): PackedAttributes {
  return packAttributes(attributes(nextHop, rest))
}

/** As the other `until`; a gobgpd that does not answer has not got there yet. */
export function until<T>(what: string, condition: () => T | Promise<T>, deadlineMs?: number): Promise<NonNullable<T>> {
  const isAway = (error: unknown): boolean => error instanceof GrpcError && error.code === status.UNAVAILABLE
  const look = async (): Promise<T | undefined> => {
    try {
      return await condition()
    } catch (error) {
      if (isAway(error)) return undefined
      throw error
    }
  }
  return untilThere(what, look, deadlineMs)
}
