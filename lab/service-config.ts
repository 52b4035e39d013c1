/** The service's configuration: every default, but for what the edge and the story need. Pure. */
import type { OverrideStyle } from '../src/model/topology.ts'
import { CONTROLLER, ISP1, ISP2, subnetsOf, type Link } from './edge-network.ts'

export const SFLOW_PORT = 6343
export const API_PORT = 8080
/** For whoever plays with it. */
export const TOKEN = 'only-for-this-lab'
export const SPEED_BPS = 100e6
/** Shares of speed, and the rate above which a prefix is split. */
export const HIGH_WATERMARK = 0.8
export const LOW_WATERMARK = 0.65
export const THRESHOLD_BPS = 30e6
/** The longest override. The files in docs/ let a router take what is the default's, 28. */
export const LONGEST_IPV4 = 32
/** Shorter than the default, so that what goes home does so while one watches. It delays release only. */
export const MIN_HOLD_MS = 5_000

export interface ServicePlace {
  /** By default the configuration file's. */
  readonly stateDirectory?: string
  /** The router's links to both ISPs, with the ifIndexes that they have there. */
  readonly links: readonly Link[]
}

/** YAML. */
export function renderServiceConfig(style: OverrideStyle, place: ServicePlace = { links: [ISP1, ISP2] }): string {
  const { stateDirectory, links } = place
  return `${stateDirectory === undefined ? '' : `state_directory: ${stateDirectory}\n`}sflow:
  listen: ${CONTROLLER.remote}:${SFLOW_PORT}
controller:
  dry_run: false
  min_hold: ${MIN_HOLD_MS}ms
routers:
  - name: rtr1
    address: ${CONTROLLER.address}
    override: ${style}
    max_prefix_length: { ipv4: ${LONGEST_IPV4} }
    interfaces:
${links.map(
  (link) => `      - name: ${link.name}
        ifindex: ${link.ifIndex}
        address: [${subnetsOf(link).map(({ address, length }) => `${address}/${length}`).join(', ')}]
        speed: ${SPEED_BPS / 1e6}Mbps
        high_watermark: ${HIGH_WATERMARK * 100}
        low_watermark: ${LOW_WATERMARK * 100}
        per_prefix_threshold: ${THRESHOLD_BPS / 1e6}Mbps`,
).join('\n')}
api:
  listen: 127.0.0.1:${API_PORT}
  token: ${TOKEN}
`
}
