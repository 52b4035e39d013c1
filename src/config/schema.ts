/** Every key of the configuration, with its bounds and its default. */
import { z } from 'zod'
import { LOG_LEVELS } from '../model/log-level.ts'
import { parsePrefix } from '../model/prefix.ts'
import { DEFAULT_BOGONS } from './bogons.ts'
import {
  address,
  community,
  databaseFile,
  directory,
  duration,
  flag,
  grpcTarget,
  interfaceAddress,
  interfaceName,
  ipv4Address,
  listen,
  oneOrMore,
  percent,
  prefix,
  rate,
  routerName,
  share,
  size,
  token,
  wholeNumber,
} from './fields.ts'

const lengths = (ipv4: number, ipv6: number) =>
  z
    .strictObject({ ipv4: wholeNumber(1, 32).default(ipv4), ipv6: wholeNumber(1, 128).default(ipv6) })
    .prefault({})

/** What a key means, for the reference; `otherwise`: its default in words, where it depends on something. */
const about = (description: string, otherwise?: string) =>
  otherwise === undefined ? { description } : { description, otherwise }

const sflow = z.strictObject({
  listen: listen.prefault('0.0.0.0:6343').meta(about('UDP address that takes sFlow; `[::]:6343` for IPv6')),
  window: duration(1_000, 3_600_000)
    .prefault('30s')
    .meta(about('the rate of a prefix is measured over it; a shorter one of its own choice tells overload')),
  workers: wholeNumber(0, 16).default(1).meta(
    about(
      'threads that read datagrams; 0: the main thread does. With more than 1 each agent must send from one ' +
        'port, and losses are told but not made up for',
    ),
  ),
  receive_buffer: size(2 ** 16, 2 ** 30)
    .prefault('32MiB')
    .meta(about("the kernel's, for each thread; `net.core.rmem_max` must allow it")),
})

/** Of keys that only go into the configuration of gobgpd. */
const ONLY_GOBGPD = 'only for `gobgpd-config`: '

const bgp = z.strictObject({
  gobgp: grpcTarget.prefault('127.0.0.1:50051').meta(about('gRPC of gobgpd, API version 3 or 4')),
  local_pref: wholeNumber(1, 0xffffffff)
    .default(500)
    .meta(about("LOCAL_PREF of overrides; it must win over all that the router's own policy sets")),
  marker_community: community
    .prefault('64512:100')
    .meta(about('marks our routes, and tells them from others; use your own ASN')),
  asn: wholeNumber(1, 0xffffffff)
    .optional()
    .meta(about(`${ONLY_GOBGPD}the AS of your routers`, 'the first half of the marker')),
  router_id: ipv4Address.optional().meta(about(`${ONLY_GOBGPD}its router id`, 'its local address')),
  local_address: address
    .optional()
    .meta(
      about(`${ONLY_GOBGPD}its own address`, 'the host of `gobgp` or, on this host, what routers see of it'),
    ),
  listen_port: wholeNumber(1, 65_535).default(179).meta(about(`${ONLY_GOBGPD}its BGP port`)),
  restart_time: duration(1_000, 4_095_000)
    .prefault('60s')
    .meta(about(`${ONLY_GOBGPD}so long routers keep overrides while gobgpd is restarted`)),
})

const limits = z.strictObject({
  max_overrides: wholeNumber(0, 100_000).default(1_000).meta(about('overrides in all')),
  max_overrides_per_router: wholeNumber(0, 100_000)
    .optional()
    .meta(about('overrides of one router', 'max_overrides')),
  max_changes_per_cycle: wholeNumber(1, 100_000)
    .default(50)
    .meta(about('additions in one cycle; withdrawals are never held back')),
  max_detoured_share: share.default(0.5).meta(about("of an interface's natural load, what may be away")),
})

const controller = z.strictObject({
  interval: duration(100, 300_000).prefault('1s').meta(about('of the control loop')),
  dry_run: flag.default(true).meta(about('decide and report, and send nothing')),
  min_hold: duration(0)
    .prefault('60s')
    .meta(about('an override stays at least so long; it delays release only, never relief or safety')),
  stale_after: duration(1_000)
    .prefault('60s')
    .meta(about('without telemetry for so long, the state of a router is called stale')),
  withdraw_after: duration(1_000)
    .prefault('300s')
    .meta(about('without telemetry for so long, the overrides of a router are withdrawn')),
  lease: duration(3_000)
    .prefault('60s')
    .meta(about('overrides go so long after the service ended or hung; at least 3 intervals')),
  limits: limits.prefault({}).meta(about('caps on additions; what is over them goes on in the next cycle')),
  min_samples: wholeNumber(1, 1_000_000)
    .default(30)
    .meta(about('a prefix with fewer samples in the window is neither moved nor split')),
  min_prefix_length: lengths(8, 16).meta(about('no override is shorter')),
  deny: z.array(prefix).default([]).meta(about('never touched, nor anything inside or around')),
  own_prefixes: z.array(prefix).default([]).meta(about('ours: never touched, nor anything inside or around')),
  bogons: z
    .array(prefix)
    .default(() => DEFAULT_BOGONS.map(parsePrefix))
    .meta(about('never touched; a list replaces the built-in one', "IANA's special-purpose registries")),
  ix_lans: z.array(prefix).default([]).meta(about('peering LANs: never touched')),
})

const egressInterface = z.strictObject({
  name: interfaceName.meta(about('as the router calls it')),
  ifindex: wholeNumber(1, 0x7fffffff).meta(about("as the router's sFlow samples give it")),
  members: z
    .array(wholeNumber(1, 0x7fffffff))
    .default([])
    .meta(about('of a LAG: the ifindexes of its members, if samples or counters name these')),
  address: oneOrMore(interfaceAddress)
    .optional()
    .meta(about('its own, with the subnet; next hops in the subnet leave by it', 'none')),
  next_hops: z.array(address).default([]).meta(about('further next hops that leave by it')),
  speed: rate
    .optional()
    .meta(about('what it can carry; the smaller of this and the counters counts', 'from the counters')),
  high_watermark: percent.prefault(80).meta(about('of speed; above it, prefixes move away')),
  low_watermark: percent.prefault(65).meta(about('of speed; it is below high_watermark')),
  relief_target: percent
    .optional()
    .meta(about('of speed: how far to relieve, and how far to fill', 'low_watermark')),
  per_prefix_threshold: rate
    .optional()
    .meta(about('prefixes above it are split in half, recursively', 'a tenth of speed, or 1Gbps without it')),
  monitor: flag.default(true).meta(about('steer away from it when it is too full')),
  detour_target: flag.default(true).meta(about("it may take others' traffic")),
  dry_run: flag
    .default(false)
    .meta(about('decide and report what would move away from it, and send nothing')),
  shared_exit: routerName.optional().meta(about('it is a port of this one of shared_exits', 'none')),
  leaves_by: z
    .strictObject({
      router: routerName.meta(about('the router at the other end')),
      interface: interfaceName.meta(about('the interface of it by which traffic leaves the network')),
    })
    .optional()
    .meta(about('it is a link to another router: where what leaves here goes on', 'none')),
})

const sharedExit = z.strictObject({
  name: routerName.meta(about('letters, digits, "_", "." and "-"')),
  speed: rate.meta(about('what all its ports carry together')),
  high_watermark: percent.prefault(80).meta(about('of speed; above it, prefixes move away')),
  relief_target: percent.prefault(65).meta(about('of speed: how far to relieve, and how far to fill')),
})

const router = z.strictObject({
  name: routerName.meta(about('its name in the API, in metrics and in logs')),
  address: address.meta(about('its BGP neighbor address in GoBGP')),
  sflow_agent: oneOrMore(address)
    .optional()
    .meta(about('the agent addresses in its datagrams, each of which is then expected', 'address')),
  gobgp: grpcTarget.optional().meta(about('a gobgpd of its own', 'bgp.gobgp')),
  local_address: address
    .optional()
    .meta(about(`${ONLY_GOBGPD}that gobgpd's own address`, 'bgp.local_address')),
  override: z
    .enum(['same_length', 'more_specific'])
    .default('same_length')
    .meta(
      about(
        '`same_length`: nobody learns routes from this router; `more_specific`: the received prefix stays in ' +
          'place, and its halves are injected',
      ),
    ),
  default_prefix_length: lengths(24, 48).meta(about('groups destinations that no received route covers')),
  max_prefix_length: lengths(28, 64).meta(about('no override is longer')),
  interfaces: z
    .array(egressInterface)
    .min(1, 'must list at least one interface')
    .meta(about('those by which traffic leaves')),
})

const api = z.strictObject({
  listen: listen.prefault('127.0.0.1:8080').meta(about('REST, the page and metrics')),
  token: token
    .optional()
    .meta(about('whoever has it may change state: `${SPILLWAY_TOKEN}` reads it from the environment', 'nobody may')),
})

const history = z.strictObject({
  enabled: flag.default(true).meta(about('keep decisions, overrides, alarms and loads')),
  file: databaseFile.optional().meta(about('where', 'in state_directory, named after this file')),
  keep: duration(3_600_000, 400 * 86_400_000).prefault('30d').meta(about('so long; older entries go')),
  max_size: size(2 ** 20, 2 ** 40).prefault('200MiB').meta(about('of the file; the oldest entries go first')),
})

const metrics = z.strictObject({
  top_prefixes: wholeNumber(0, 1_000)
    .default(0)
    .meta(about('so many of the largest prefixes of each interface get a metric; 0: none')),
})

const log = z.strictObject({
  level: z.enum(LOG_LEVELS).default('info').meta(about('lines below it are left out')),
})

export const configSchema = z.strictObject({
  state_directory: directory.optional().meta(
    about('keeps the mode, the stories of overrides and the name of the service', "this file's directory"),
  ),
  sflow: sflow.prefault({}).meta(about('telemetry')),
  bgp: bgp.prefault({}).meta(about('GoBGP, and what overrides carry')),
  controller: controller.prefault({}).meta(about('the control loop, its guards and its caps')),
  shared_exits: z
    .array(sharedExit)
    .prefault([])
    .meta(about('one capacity behind interfaces of one or several routers')),
  routers: z.array(router).min(1, 'must list at least one router').meta(about('the edge')),
  api: api.prefault({}).meta(about('how the service is asked')),
  history: history.prefault({}).meta(about('what outlives a restart, in an SQLite file')),
  metrics: metrics.prefault({}).meta(about('Prometheus')),
  log: log.prefault({}).meta(about('standard output')),
})

/** What a file says, read and with its defaults; still in the file's own shape. */
export type Settings = z.output<typeof configSchema>
export type RouterSettings = Settings['routers'][number]
export type InterfaceSettings = RouterSettings['interfaces'][number]

/** The same with nothing required: what can still be checked of a file that has faults. */
export const draftSchema = configSchema
  .extend({ routers: z.array(router.extend({ interfaces: z.array(egressInterface.partial()) }).partial()) })
  .partial()

export type Draft = z.output<typeof draftSchema>

/** The keys that may stand at a path; empty when the path leads nowhere. */
export function keysAt(path: readonly (string | number)[]): readonly string[] {
  let schema: unknown = configSchema
  for (const step of path) {
    const inner = unwrap(schema)
    if (inner instanceof z.ZodObject) schema = (inner.shape as Record<string, unknown>)[step]
    else if (inner instanceof z.ZodArray) schema = inner.element
    else return []
  }
  const inner = unwrap(schema)
  return inner instanceof z.ZodObject ? Object.keys(inner.shape) : []
}

function unwrap(schema: unknown): unknown {
  return schema instanceof z.ZodPrefault ? unwrap(schema.unwrap()) : schema
}
