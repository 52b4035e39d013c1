import { readFileSync, readdirSync } from 'node:fs'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DEFAULT_BOGONS } from '../../src/config/bogons.ts'
import { ConfigError } from '../../src/config/config-error.ts'
import { loadConfig, parseConfig } from '../../src/config/load-config.ts'
import { keysAt } from '../../src/config/schema.ts'
import { formatPrefix, overlaps, parseAddress, parsePrefix } from '../../src/model/prefix.ts'

const EXAMPLES = new URL('../../config/', import.meta.url)
const TOKEN = 'a-token-long-enough'

describe('the shipped examples', () => {
  test.each(readdirSync(EXAMPLES))('%s loads', (name) => {
    const { routers } = loadConfig(new URL(name, EXAMPLES).pathname, { SPILLWAY_TOKEN: TOKEN })
    expect(routers[0]!.interfaces).toHaveLength(2)
  })

  test('spillway.yaml shows the defaults: minimal.yaml differs in nothing but what it leaves out', () => {
    const full = load('spillway.yaml')
    const { deny, ownPrefixes, ixLans, ...controller } = full.controller
    const minimal = load('minimal.yaml')
    expect([deny, ownPrefixes, ixLans].map((list) => list.length)).toEqual([1, 1, 1])
    expect(minimal).toMatchObject({ sflow: full.sflow, bgp: full.bgp, controller, api: full.api, metrics: full.metrics, log: full.log })
    expect(minimal.history).toEqual({ ...full.history, file: minimal.history.file })
    expect(minimal.history.file).toMatch(/config\/minimal\.yaml\.history\.sqlite$/)
  })

  test('spillway.yaml has every key, if only in a comment', () => {
    const text = readFileSync(new URL('spillway.yaml', EXAMPLES), 'utf8')
    const keysBelow = (path: readonly (string | number)[]): string[] =>
      keysAt(path).flatMap((key) => [key, ...keysBelow([...path, key]), ...keysBelow([...path, key, 0])])
    const keys = keysBelow([])
    expect(keys).toContain('ifindex')
    expect(keys.filter((key) => !new RegExp(`^[ #{-]*${key}:|[{,] ${key}:`, 'm').test(text))).toEqual([])
  })

  test('two-exits.yaml takes over what an interface shares with another', () => {
    const [first, second] = load('two-exits.yaml').routers
    const shared = first!.interfaces.map(({ speedBps, reliefTarget }) => ({ speedBps, reliefTarget }))
    expect(second!.interfaces).toMatchObject(shared)
    expect(formatPrefix(second!.interfaces[1]!.addresses[0]!.subnet)).toBe('192.0.2.6/31')
  })

  function load(name: string) {
    return loadConfig(new URL(name, EXAMPLES).pathname, { SPILLWAY_TOKEN: TOKEN })
  }
})

describe('a configuration in full', () => {
  const text = `
state_directory: ../state
sflow: { listen: "[::]:6344", window: 1m, workers: 2, receive_buffer: 16MiB }
bgp: { gobgp: unix:/run/gobgp.sock, local_pref: 400, marker_community: "65001:7", listen_port: 1179, restart_time: 90s }
controller:
  interval: 500ms
  dry_run: false
  min_hold: 0s
  stale_after: 30s
  withdraw_after: 2m
  lease: 1.5m
  limits:
    max_overrides: 20
    max_overrides_per_router: 10
    max_changes_per_cycle: 5
    max_detoured_share: 0.25
  min_samples: 10
  min_prefix_length: { ipv6: 20 }
  deny: [ 198.51.100.0/24 ]
  own_prefixes: [ 203.0.113.0/24 ]
  bogons: [ 10.0.0.0/8 ]
  ix_lans: [ 192.0.2.0/24 ]
routers:
  - name: edge1
    address: 10.0.0.1
    sflow_agent: [ 10.0.0.2, "2001:db8::2" ]
    gobgp: gobgp.example.net:50052
    local_address: 10.0.0.9
    override: more_specific
    default_prefix_length: { ipv4: 22 }
    max_prefix_length: { ipv4: 26, ipv6: 56 }
    interfaces:
      - name: xe-0/0/1.0
        ifindex: 501
        address: 172.16.0.1/31
        next_hops: [ 192.0.2.77 ]
        speed: 2.5Gbps
        high_watermark: \${HIGH}
        low_watermark: 62.5
        relief_target: 50
        per_prefix_threshold: 30000000
        monitor: false
        detour_target: "\${TARGET}"
        dry_run: true
      - { name: xe-0/0/2.0, ifindex: 502, speed: 100Mbps, address: [ 192.0.2.1/24, 192.0.2.2/24 ] }
      - { name: xe-0/0/3.0, ifindex: 503 }
api: { listen: 127.0.0.1:0, token: "$\${x}-\${TOKEN}" }
history: { enabled: false, file: ../data/edge.sqlite, keep: 90d, max_size: 1GiB }
metrics: { top_prefixes: 7 }
log: { level: debug }
`
  const config = parseConfig(text, '/etc/spillway/test.yaml', { HIGH: '75', TARGET: 'false', TOKEN })

  test('is read key by key', () => {
    expect(config).toMatchObject({
      stateDirectory: '/etc/state',
      sflow: { listen: { host: '::', port: 6344 }, windowMs: 60_000, workers: 2, receiveBufferBytes: 2 ** 24 },
      bgp: { gobgp: 'unix:/run/gobgp.sock', localPref: 400, marker: 65_001 * 65_536 + 7, asn: 65_001, listenPort: 1179, restartMs: 90_000 },
      controller: {
        intervalMs: 500,
        dryRun: false,
        minHoldMs: 0,
        staleAfterMs: 30_000,
        withdrawAfterMs: 120_000,
        leaseMs: 90_000,
        limits: {
          maxOverrides: 20,
          maxOverridesPerRouter: 10,
          maxChangesPerCycle: 5,
          maxDetouredShare: 0.25,
        },
        minSamples: 10,
        minPrefixLength: { 4: 8, 6: 20 },
        deny: [parsePrefix('198.51.100.0/24')],
        ownPrefixes: [parsePrefix('203.0.113.0/24')],
        bogons: [parsePrefix('10.0.0.0/8')],
        ixLans: [parsePrefix('192.0.2.0/24')],
      },
      api: { listen: { host: '127.0.0.1', port: 0 }, token: `\${x}-${TOKEN}` },
      history: { enabled: false, file: '/etc/data/edge.sqlite', keepMs: 90 * 86_400_000, maxBytes: 2 ** 30 },
      metrics: { topPrefixes: 7 },
      log: { level: 'debug' },
    })
    expect(config.routers[0]).toMatchObject({
      name: 'edge1',
      address: parseAddress('10.0.0.1'),
      sflowAgents: ['10.0.0.2', '2001:db8::2'].map(parseAddress),
      gobgp: 'gobgp.example.net:50052',
      localAddress: parseAddress('10.0.0.9'),
      override: 'more_specific',
      defaultPrefixLength: { 4: 22, 6: 48 },
      maxPrefixLength: { 4: 26, 6: 56 },
    })
    expect(config.routers[0]!.interfaces[0]).toEqual({
      router: 'edge1',
      name: 'xe-0/0/1.0',
      ifIndex: 501, members: [],
      addresses: [{ address: parseAddress('172.16.0.1'), subnet: parsePrefix('172.16.0.0/31') }],
      nextHops: [parseAddress('192.0.2.77')],
      speedBps: 2.5e9,
      highWatermark: 0.75,
      lowWatermark: 0.625,
      reliefTarget: 0.5,
      perPrefixThresholdBps: 30e6,
      monitor: false,
      detourTarget: false,
      dryRun: true,
    })
  })

  test('takes defaults from other keys', () => {
    const [, fast, unknown] = config.routers[0]!.interfaces
    expect(fast).toMatchObject({ perPrefixThresholdBps: 10e6, reliefTarget: 0.65 })
    expect(unknown).toMatchObject({ perPrefixThresholdBps: 1e9, speedBps: undefined, addresses: [] })
    const [router] = parseConfig(readFileSync(new URL('minimal.yaml', EXAMPLES), 'utf8'), 'x', {}).routers
    expect(router).toMatchObject({ sflowAgents: [router!.address], gobgp: '127.0.0.1:50051' })
  })

  test('allows an interface several addresses of one subnet', () => {
    expect(config.routers[0]!.interfaces[1]!.addresses).toHaveLength(2)
  })

  test('is frozen through and through', () => {
    expect(() => Object.assign(config.controller.limits, { maxOverrides: 1e6 })).toThrow(TypeError)
    expect(() => (config.routers as unknown[]).push({})).toThrow(TypeError)
  })
})

test('the built-in bogons are prefixes, none of them within another', () => {
  const bogons = DEFAULT_BOGONS.map(parsePrefix)
  const overlapping = bogons.filter((a, i) => bogons.slice(0, i).some((b) => overlaps(a, b)))
  expect(overlapping.map(formatPrefix)).toEqual([])
  for (const inside of ['192.168.1.0/24', '100.64.0.0/24', 'fd00::/8', '2001:db8:1::/48', '2001::/32']) {
    expect(bogons.some((b) => overlaps(b, parsePrefix(inside)))).toBe(true)
  }
  for (const outside of ['8.8.8.0/24', '192.0.1.0/24', '172.32.0.0/11', '2001:200::/23', '2600::/12']) {
    expect(bogons.some((b) => overlaps(b, parsePrefix(outside)))).toBe(false)
  }
})

test('any text is a configuration or has faults with places in the file', () => {
  const words = [
    'routers:', 'name', 'ifindex', 'api:', 'deny', '__proto__', '10.0.0.1', '1', 'null', '${A}', ': ', '- ',
    ',', '  ', '\n', '{', '}', '[', ']', '&a ', '*a', '<<: ', '"', '#', '!t ', '|', '\t', '---\n', '? ',
  ]
  const sentences = fc.array(fc.constantFrom(...words), { maxLength: 30 }).map((all) => all.join(''))
  const text = fc.oneof(fc.string(), sentences)
  fc.assert(
    fc.property(text, (source) => {
      const error = errorOf(source)
      const lines = source.split('\n').length
      expect(error?.faults).not.toEqual([])
      expect(error?.message.split('\n').length).toBe(error?.faults.length)
      expect(error?.faults.filter(({ line, col }) => line < 1 || col < 1 || line > lines) ?? []).toEqual([])
    }),
    { numRuns: 2_000 },
  )
})

test('aliases that multiply are refused before they fill the memory', () => {
  const tenOf = (item: string): string => `[${Array.from({ length: 10 }, () => item).join(', ')}]`
  const lines = Array.from({ length: 12 }, (_, i) => `x${i}: &x${i} ${tenOf(i === 0 ? '1' : `*x${i - 1}`)}`)
  expect(() => parseConfig(lines.join('\n'), 'f', {})).toThrow('too many values')
})

function errorOf(text: string): ConfigError | undefined {
  try {
    parseConfig(text, 'f', {})
    return undefined
  } catch (error) {
    if (error instanceof ConfigError) return error
    throw error
  }
}
