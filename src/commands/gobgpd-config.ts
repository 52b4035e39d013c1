/** The command `gobgpd-config`: the configuration of the gobgpd that fits ours. */
import { renderGobgpdConfig, type GobgpdNeighbor } from '../bgp/gobgpd-config.ts'
import type { Config } from '../config/config.ts'
import { isLoopback } from '../config/is-loopback.ts'
import { loadOrReport } from '../config/load-or-report.ts'
import { messageOf } from '../model/error-message.ts'
import { formatAddress, parseAddress, type Address } from '../model/prefix.ts'
import type { Router } from '../model/topology.ts'
import { addressTowards } from './address-towards.ts'
import type { CommandIo } from './command-io.ts'

/**
 * Prints TOML for the gobgpd at the target, which may be left out when the routers name one only, and returns
 * 0; or says what is missing, and returns 2.
 */
export async function gobgpdConfigCommand(
  file: string,
  target: string | undefined,
  io: CommandIo,
): Promise<0 | 2> {
  const config = loadOrReport(file, io.env, (text) => io.err(text))
  if (config === undefined) return 2
  try {
    io.out(await writeGobgpdConfig(config, target ?? onlyTarget(config)))
    return 0
  } catch (error) {
    io.err(`${messageOf(error)}\n`)
    return 2
  }
}

/** Rejects with what is missing in the configuration. */
export async function writeGobgpdConfig({ routers, bgp }: Config, target: string): Promise<string> {
  const its = routers.filter(({ gobgp }) => gobgp === target)
  if (its.length === 0) throw new Error(`no router has gobgp ${target}`)
  const neighbors: GobgpdNeighbor[] = []
  for (const router of its) {
    neighbors.push({ address: router.address, localAddress: await localAddressFor(router) })
  }
  const localAddresses = [...new Map(neighbors.map(({ localAddress: a }) => [formatAddress(a), a])).values()]
  const routerId = bgp.routerId ?? localAddresses.find(({ family }) => family === 4)
  if (routerId === undefined) {
    throw new Error('bgp.router_id is missing: gobgpd has no IPv4 address that could be it')
  }
  const { asn, listenPort, marker } = bgp
  return HEAD.replace('TARGET', target.replace(/^unix:/, 'unix://')) + renderGobgpdConfig({
    asn, routerId: formatAddress(routerId), listenPort, marker, localAddresses, neighbors,
    restartSeconds: Math.ceil(bgp.restartMs / 1000),
  })
}

const HEAD = `# gobgpd for Spillway, as \`spillway gobgpd-config\` writes it. Start it with
#   gobgpd -r -f gobgpd.toml --api-hosts TARGET
# Only what is local to GoBGP and carries the marker is exported, and nothing learned is imported: what routers send
# stays in the Adj-RIB-In, where Spillway reads it. No eBGP neighbor belongs here. The sessions begin administratively
# down; Spillway opens them when the overrides of before a restart are in again, so that routers see no gap. End it by
# SIGKILL (KillSignal=SIGKILL of systemd), and have it started again at once: at SIGTERM it takes its leave of the
# routers, and they drop all overrides.
`

function onlyTarget({ routers }: Config): string {
  const targets = [...new Set(routers.map(({ gobgp }) => gobgp))]
  if (targets.length > 1) throw new Error(`which gobgpd? --gobgp takes one of ${targets.join(', ')}`)
  return targets[0]!
}

/** gobgpd's own address towards the router. On this machine, the kernel knows it. */
async function localAddressFor({ name, address, gobgp, localAddress }: Router): Promise<Address> {
  const host = hostOf(gobgp)
  const known = localAddress ?? (host === 'here' ? await addressOfHere(name, address) : host)
  if (known === undefined) {
    throw new Error(`bgp.local_address is missing: the address of ${gobgp} that speaks BGP with ${name}`)
  }
  if (known.family === address.family) return known
  throw new Error(
    `router ${name} at ${formatAddress(address)} cannot be reached from ${formatAddress(known)}: ` +
      'give it a local_address of the same family',
  )
}

async function addressOfHere(router: string, address: Address): Promise<Address> {
  try {
    return await addressTowards(address)
  } catch (error) {
    throw new Error(
      `bgp.local_address is missing, and this machine has no route to ${router} (${messageOf(error)})`,
      { cause: error },
    )
  }
}

/** `here` for a socket or a loopback or wildcard address; undefined for a name. */
function hostOf(target: string): Address | 'here' | undefined {
  if (target.startsWith('unix:')) return 'here'
  const host = target.slice(0, target.lastIndexOf(':')).replace(/^\[|\]$/g, '')
  if (host === 'localhost') return 'here'
  try {
    const address = parseAddress(host)
    const isWildcard = (address.w0 | address.w1 | address.w2 | address.w3) === 0
    return isWildcard || isLoopback(host) ? 'here' : address
  } catch {
    return undefined
  }
}
