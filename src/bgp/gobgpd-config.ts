/**
 * The configuration of a gobgpd that Spillway can stand beside: for the demo, the tests, and as a pattern.
 */
import { formatAddress, type Address } from '../model/prefix.ts'

export interface GobgpdNeighbor {
  /** The router's address. */
  readonly address: Address
  /** Our end of the session. */
  readonly localAddress: Address
  /** Wait for the router to connect (default: true). */
  readonly passive?: boolean
  /** Where the router listens, when we connect (default: 179). */
  readonly port?: number
}

export interface GobgpdConfig {
  readonly asn: number
  /** Dotted, as IPv4. */
  readonly routerId: string
  readonly listenPort: number
  readonly localAddresses: readonly Address[]
  readonly neighbors: readonly GobgpdNeighbor[]
}

/**
 * TOML for gobgpd 3 and 4. iBGP to each router, which may send several paths of a prefix (RFC 7911) in IPv4
 * and IPv6. Only routes that are local to GoBGP pass import and export. With learned routes kept out of
 * GoBGP's table, none is ever sent on, and none with a higher LOCAL_PREF can displace an override: without
 * add-path towards the router, gobgpd sends its best path only. They stay readable in the Adj-RIB-In.
 */
export function renderGobgpdConfig(config: GobgpdConfig): string {
  const { asn, routerId, listenPort, localAddresses, neighbors } = config
  return `[global.config]
  as = ${asn}
  router-id = ${quote(routerId)}
  port = ${listenPort}
  local-address-list = [${localAddresses.map((a) => quote(formatAddress(a))).join(', ')}]
[global.apply-policy.config]
  import-policy-list = ["own-only"]
  default-import-policy = "reject-route"
  export-policy-list = ["own-only"]
  default-export-policy = "reject-route"
[[policy-definitions]]
  name = "own-only"
  [[policy-definitions.statements]]
    name = "own-only-1"
    [policy-definitions.statements.conditions.bgp-conditions]
      route-type = "local"
    [policy-definitions.statements.actions]
      route-disposition = "accept-route"
${neighbors.map((neighbor) => renderNeighbor(asn, neighbor)).join('')}`
}

const FAMILIES = ['ipv4-unicast', 'ipv6-unicast']

function renderNeighbor(asn: number, neighbor: GobgpdNeighbor): string {
  const { address, localAddress, passive = true, port } = neighbor
  return `[[neighbors]]
  [neighbors.config]
    neighbor-address = ${quote(formatAddress(address))}
    peer-as = ${asn}
  [neighbors.transport.config]
    local-address = ${quote(formatAddress(localAddress))}
    passive-mode = ${passive}
${port === undefined ? '' : `    remote-port = ${port}\n`}${FAMILIES.map(renderFamily).join('')}`
}

function renderFamily(name: string): string {
  return `  [[neighbors.afi-safis]]
    [neighbors.afi-safis.config]
      afi-safi-name = ${quote(name)}
    [neighbors.afi-safis.add-paths.config]
      receive = true
`
}

/** A TOML basic string; JSON's escapes are among TOML's. */
function quote(text: string): string {
  return JSON.stringify(text)
}
