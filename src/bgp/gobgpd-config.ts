/**
 * The configuration of a gobgpd that Spillway can stand beside: for users, the demo, the lab and the tests.
 */
import { formatAddress, type Address } from '../model/prefix.ts'
import { formatCommunity } from '../model/route.ts'
import { routerNumber } from '../model/router-number.ts'
import { neighborPrefix } from './leaks/judge-sharing.ts'
import { routerCommunity } from './override-path.ts'

export interface GobgpdNeighbor {
  /** The router's address. */
  readonly address: Address
  /** Our end of the session. */
  readonly localAddress: Address
  /**
   * Wait for the router to connect (default: true, but false with `restartSeconds`: FRR, while it keeps the
   * routes of a gobgpd that restarts, waits for that to connect).
   */
  readonly passive?: boolean
  /** Where the router listens, when we connect (default: 179). */
  readonly port?: number
}

export interface GobgpdConfig {
  readonly asn: number
  /** Dotted, as IPv4. */
  readonly routerId: string
  readonly listenPort: number
  /** The community (32 bits) that marks our routes. */
  readonly marker: number
  readonly localAddresses: readonly Address[]
  readonly neighbors: readonly GobgpdNeighbor[]
  /**
   * For so many seconds a router keeps overrides while gobgpd is restarted (RFC 4724), which must then run
   * with `-r`. The sessions begin administratively down: Spillway opens them when its overrides are in again.
   */
  readonly restartSeconds?: number
}

/**
 * TOML for gobgpd 3 and 4. iBGP to each router, which may send several paths of a prefix (RFC 7911) in IPv4
 * and IPv6. Only what is local to GoBGP and marked is exported. Only what is local is imported: with learned
 * routes kept out of GoBGP's table, none with a higher LOCAL_PREF can displace an override, as without
 * add-path towards the router gobgpd sends its best path only. They stay readable in the Adj-RIB-In.
 *
 * Several routers are each sent what carries their own large community, and several paths of a prefix, as two
 * of them may want it with different exits: not all of these can be GoBGP's best.
 */
export function renderGobgpdConfig(config: GobgpdConfig): string {
  const { asn, routerId, listenPort, localAddresses, neighbors, marker } = config
  return `[global.config]
  as = ${asn}
  router-id = ${quote(routerId)}
  port = ${listenPort}
  local-address-list = [${localAddresses.map((a) => quote(formatAddress(a))).join(', ')}]
[global.apply-policy.config]
  import-policy-list = ["local-only"]
  default-import-policy = "reject-route"
  export-policy-list = ["own-only"]
  default-export-policy = "reject-route"
[[defined-sets.bgp-defined-sets.community-sets]]
  community-set-name = "marker"
  community-list = [${quote(formatCommunity(marker))}]
${neighbors.length > 1 ? renderSets(neighbors, marker) : ''}${renderPolicy('local-only', [''])}${
    renderPolicy('own-only', neighbors.length > 1 ? neighbors.map(renderOwn) : [MARKED])}${
    neighbors.map((neighbor) => renderNeighbor(config, neighbor)).join('')}`
}

/** The router as a set of neighbors, and what is meant for it as a set of large communities. */
function renderSets(neighbors: readonly GobgpdNeighbor[], marker: number): string {
  return neighbors.map(({ address }) => `[[defined-sets.neighbor-sets]]
  neighbor-set-name = ${nameOf({ address })}
  neighbor-info-list = [${quote(neighborPrefix(address))}]
[[defined-sets.bgp-defined-sets.large-community-sets]]
  large-community-set-name = ${nameOf({ address })}
  large-community-list = [${quote(routerCommunity(routerNumber(address), marker))}]
`).join('')
}

function nameOf({ address }: Pick<GobgpdNeighbor, 'address'>): string {
  return quote(`router-${formatAddress(address)}`)
}

function renderOwn(neighbor: GobgpdNeighbor): string {
  return `    [policy-definitions.statements.conditions.match-neighbor-set]
      neighbor-set = ${nameOf(neighbor)}
      match-set-options = "any"
${MARKED}    [policy-definitions.statements.conditions.bgp-conditions.match-large-community-set]
      large-community-set = ${nameOf(neighbor)}
      match-set-options = "any"
`
}

const MARKED = `    [policy-definitions.statements.conditions.bgp-conditions.match-community-set]
      community-set = "marker"
      match-set-options = "any"
`

/** Accepts local routes that meet one of the further conditions. */
function renderPolicy(name: string, conditions: readonly string[]): string {
  const statements = conditions.map((condition, i) => `  [[policy-definitions.statements]]
    name = "${name}-${i + 1}"
    [policy-definitions.statements.conditions.bgp-conditions]
      route-type = "local"
${condition}    [policy-definitions.statements.actions]
      route-disposition = "accept-route"
`)
  return `[[policy-definitions]]
  name = "${name}"
${statements.join('')}`
}

const RESTARTS = `    [neighbors.afi-safis.mp-graceful-restart.config]
      enabled = true
`

const FAMILIES = ['ipv4-unicast', 'ipv6-unicast']

function renderNeighbor(
  { asn, restartSeconds, neighbors }: GobgpdConfig, neighbor: GobgpdNeighbor,
): string {
  const { address, localAddress, passive = restartSeconds === undefined, port } = neighbor
  const renders = { restarts: restartSeconds !== undefined, shared: neighbors.length > 1 }
  const families = FAMILIES.map((name) => renderFamily(name, renders)).join('')
  const remotePort = port === undefined ? '' : `    remote-port = ${port}\n`
  return `[[neighbors]]
  [neighbors.config]
    neighbor-address = ${quote(formatAddress(address))}
    peer-as = ${asn}
${restartSeconds === undefined ? '' : '    admin-down = true\n'}  [neighbors.transport.config]
    local-address = ${quote(formatAddress(localAddress))}
    passive-mode = ${passive}
${remotePort}${renderRestart(restartSeconds)}${families}`
}

function renderRestart(seconds: number | undefined): string {
  if (seconds === undefined) return ''
  return `  [neighbors.timers.config]
    connect-retry = 5
  [neighbors.graceful-restart.config]
    enabled = true
    restart-time = ${seconds}
    deferral-time = ${seconds}
`
}

/** A router is sent one at most; but with no bound to send GoBGP sends its best path, whosever that is. */
const SEND_MAX = '      send-max = 8\n'

function renderFamily(name: string, { restarts, shared }: { restarts: boolean; shared: boolean }): string {
  return `  [[neighbors.afi-safis]]
    [neighbors.afi-safis.config]
      afi-safi-name = ${quote(name)}
    [neighbors.afi-safis.add-paths.config]
      receive = true
${shared ? SEND_MAX : ''}${restarts ? RESTARTS : ''}`
}

/** A TOML basic string; JSON's escapes are among TOML's. */
function quote(text: string): string {
  return JSON.stringify(text)
}
