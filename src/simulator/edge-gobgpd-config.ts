/**
 * Renders the configuration (TOML) of the edge router's gobgpd: it takes all that the controller sends, keeps
 * it while the controller's gobgpd restarts (RFC 4724), and sends it every path that it has. Like FRR it takes
 * several paths of a prefix, too, as a controller's gobgpd that several routers share sends them.
 */
export function renderEdgeGobgpd(router: {
  readonly asn: number
  /** Its BGP address, also its router id; the port is free for it alone. */
  readonly address: string
  readonly port: number
  /** The controller's gobgpd: iBGP, waiting for this side to connect. */
  readonly controller: { readonly address: string; readonly port: number }
}): string {
  const families = ['ipv4-unicast', 'ipv6-unicast'].map(
    (name) => `  [[neighbors.afi-safis]]
    [neighbors.afi-safis.config]
      afi-safi-name = "${name}"
    [neighbors.afi-safis.add-paths.config]
      send-max = 8
      receive = true
    [neighbors.afi-safis.mp-graceful-restart.config]
      enabled = true`,
  )
  return `[global.config]
  as = ${router.asn}
  router-id = "${router.address}"
  port = ${router.port}
  local-address-list = ["${router.address}"]
[[neighbors]]
  [neighbors.config]
    neighbor-address = "${router.controller.address}"
    peer-as = ${router.asn}
  [neighbors.transport.config]
    local-address = "${router.address}"
    remote-port = ${router.controller.port}
  [neighbors.timers.config]
    connect-retry = 1
    idle-hold-time-after-reset = 1
  [neighbors.graceful-restart.config]
    enabled = true
    restart-time = 1
${families.join('\n')}
`
}
