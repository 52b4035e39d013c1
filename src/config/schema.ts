/** Every key of the configuration, with its bounds and its default. */
import { z } from 'zod'
import { parsePrefix } from '../model/prefix.ts'
import { DEFAULT_BOGONS } from './bogons.ts'
import {
  address,
  community,
  duration,
  flag,
  grpcTarget,
  interfaceAddress,
  interfaceName,
  listen,
  oneOrMore,
  percent,
  prefix,
  rate,
  routerName,
  share,
  token,
  wholeNumber,
} from './fields.ts'

const lengths = (ipv4: number, ipv6: number) =>
  z
    .strictObject({ ipv4: wholeNumber(1, 32).default(ipv4), ipv6: wholeNumber(1, 128).default(ipv6) })
    .prefault({})

const sflow = z.strictObject({
  listen: listen.prefault('0.0.0.0:6343'),
  window: duration(1_000, 3_600_000).prefault('30s'),
})

const bgp = z.strictObject({
  gobgp: grpcTarget.prefault('127.0.0.1:50051'),
  local_pref: wholeNumber(1, 0xffffffff).default(500),
  marker_community: community.prefault('64512:100'),
})

const limits = z.strictObject({
  max_overrides: wholeNumber(0, 100_000).default(1_000),
  /** Default: max_overrides. */
  max_overrides_per_router: wholeNumber(0, 100_000).optional(),
  max_changes_per_cycle: wholeNumber(1, 100_000).default(50),
  max_detoured_share: share.default(0.5),
})

const controller = z.strictObject({
  interval: duration(100, 300_000).prefault('1s'),
  dry_run: flag.default(true),
  min_hold: duration(0).prefault('60s'),
  stale_after: duration(1_000).prefault('60s'),
  withdraw_after: duration(1_000).prefault('300s'),
  lease: duration(1_000).prefault('60s'),
  limits: limits.prefault({}),
  min_samples: wholeNumber(1, 1_000_000).default(30),
  min_prefix_length: lengths(8, 16),
  deny: z.array(prefix).default([]),
  own_prefixes: z.array(prefix).default([]),
  bogons: z.array(prefix).default(() => DEFAULT_BOGONS.map(parsePrefix)),
  ix_lans: z.array(prefix).default([]),
})

const egressInterface = z.strictObject({
  name: interfaceName,
  ifindex: wholeNumber(1, 0x7fffffff),
  address: oneOrMore(interfaceAddress).optional(),
  next_hops: z.array(address).default([]),
  /** Default: left to the counters. */
  speed: rate.optional(),
  high_watermark: percent.prefault(80),
  low_watermark: percent.prefault(65),
  /** Default: low_watermark. */
  relief_target: percent.optional(),
  /** Default: a tenth of `speed`, or 1Gbps without it. */
  per_prefix_threshold: rate.optional(),
  monitor: flag.default(true),
  detour_target: flag.default(true),
  dry_run: flag.default(false),
})

const router = z.strictObject({
  name: routerName,
  address,
  /** Default: address. */
  sflow_agent: oneOrMore(address).optional(),
  /** Default: bgp.gobgp. */
  gobgp: grpcTarget.optional(),
  override: z.enum(['same_length', 'more_specific']).default('same_length'),
  default_prefix_length: lengths(24, 48),
  max_prefix_length: lengths(28, 64),
  interfaces: z.array(egressInterface).min(1, 'must list at least one interface'),
})

const api = z.strictObject({
  listen: listen.prefault('127.0.0.1:8080'),
  token: token.optional(),
})

export const configSchema = z.strictObject({
  sflow: sflow.prefault({}),
  bgp: bgp.prefault({}),
  controller: controller.prefault({}),
  routers: z.array(router).min(1, 'must list at least one router'),
  api: api.prefault({}),
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
