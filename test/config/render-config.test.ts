import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseConfig } from '../../src/config/load-config.ts'
import { renderConfig } from '../../src/config/render-config.ts'

const TOKEN = 'a-token-long-enough'

test('what is rendered loads again and gives an equal configuration', () => {
  fc.assert(
    fc.property(configuration(), (settings) => {
      const config = parseConfig(JSON.stringify(settings), 'f', { SPILLWAY_TOKEN: TOKEN })
      expect(parseConfig(renderConfig(config), 'rendered', { SPILLWAY_TOKEN: TOKEN })).toEqual(config)
    }),
    { numRuns: 200 },
  )
})

test('the token is never printed', () => {
  const settings = { routers: [{ name: 'r', address: '10.0.0.1', interfaces: [{ name: 'i', ifindex: 1 }] }] }
  const config = parseConfig(JSON.stringify({ ...settings, api: { token: TOKEN } }), 'f', {})
  expect(renderConfig(config)).not.toContain(TOKEN)
  expect(renderConfig(config)).toContain('token: ${SPILLWAY_TOKEN}')
  expect(renderConfig(parseConfig(JSON.stringify(settings), 'f', {}))).not.toContain('token')
})

/** Valid configurations in the file's own shape (JSON is YAML). */
function configuration(): fc.Arbitrary<unknown> {
  const octet = fc.integer({ min: 0, max: 255 })
  const prefixes = fc.array(
    fc.oneof(
      octet.map((n) => `198.51.${n}.0/24`),
      octet.map((n) => `2001:db8:${n}::/48`),
    ),
  )
  const rate = fc.oneof(
    fc.integer({ min: 1, max: 1e12 }),
    fc
      .tuple(fc.integer({ min: 10, max: 9_999 }), fc.constantFrom('bps', 'kbps', 'Mbps', 'Gbps'))
      .map(([n, unit]) => `${n / 10}${unit}`),
  )
  const duration = (from: number, to: number) =>
    fc.oneof(
      fc.integer({ min: from * 1_000, max: to * 1_000 }).map((ms) => `${ms}ms`),
      fc.integer({ min: from, max: to }).map((s) => `${s}s`),
    )
  const host = fc.constantFrom('127.0.0.1', '0.0.0.0', '[::]', '[2001:db8::1]')
  const listen = fc.tuple(host, fc.nat(65_535)).map((parts) => parts.join(':'))
  const gobgp = fc.constantFrom('127.0.0.1:50051', 'localhost:1', '[::1]:50051', 'unix:/run/$${x}/gobgp.sock')
  const lengths = (min: number) =>
    fc.record({ ipv4: fc.integer({ min, max: 32 }), ipv6: fc.integer({ min: min * 4, max: 128 }) })
  const name = fc.constantFrom('swp', 'xe-0/0/', 'true', 'Port ', '1e', '- #', "'", '*', '&', '!', '$${')
  const some = { requiredKeys: [] }
  const egressInterface = (r: number, i: number) =>
    fc.record(
      {
        name: name.map((text) => `${text}${i}`),
        ifindex: fc.constant(i + 1),
        members: fc.constantFrom([], [i + 1001, i + 2001]),
        address: fc.constantFrom(`172.16.${i}.1/31`, [`172.16.${i}.1/24`, `2001:db8:${r}:${i}::1/64`]),
        next_hops: fc.constantFrom([], [`192.0.2.${i}`], [`2001:db8::${i}`, `192.0.2.${i}`]),
        speed: rate,
        high_watermark: fc.integer({ min: 7_001, max: 10_000 }).map((n) => n / 100),
        low_watermark: fc.integer({ min: 101, max: 7_000 }).map((n) => n / 100),
        relief_target: fc.integer({ min: 101, max: 7_000 }).map((n) => n / 100),
        per_prefix_threshold: rate,
        monitor: fc.boolean(),
        detour_target: fc.boolean(),
        dry_run: fc.boolean(),
      },
      { requiredKeys: ['name', 'ifindex'] },
    )
  const router = (r: number) =>
    fc.record(
      {
        name: fc.constantFrom(`edge${r}`, `r.${r}`, `1_${r}`),
        address: fc.constant(`10.0.0.${r}`),
        sflow_agent: fc.constantFrom(`10.1.0.${r}`, [`10.1.0.${r}`, `2001:db8::${r}`]),
        gobgp,
        local_address: fc.constantFrom('10.0.0.8', '2001:db8::8'),
        override: fc.constantFrom('same_length', 'more_specific'),
        default_prefix_length: lengths(1),
        max_prefix_length: lengths(20),
        interfaces: fc.tuple(egressInterface(r, 0), egressInterface(r, 1), egressInterface(r, 2)),
      },
      { requiredKeys: ['name', 'address', 'interfaces'] },
    )
  return fc.record(
    {
      state_directory: fc.constantFrom('/var/lib/spillway', '.', 'state of $${x}'),
      sflow: fc.record(
        {
          listen,
          window: duration(6, 3_600),
          workers: fc.integer({ min: 0, max: 16 }),
          receive_buffer: fc.constantFrom('1MiB', '512KiB', 100_001, '1GiB'),
        },
        some,
      ),
      bgp: fc.record(
        {
          gobgp,
          local_pref: fc.integer({ min: 1, max: 0xffffffff }),
          marker_community: fc.constantFrom('64512:100', '1:1'),
          asn: fc.integer({ min: 1, max: 0xffffffff }),
          router_id: fc.constant('10.255.0.1'),
          local_address: fc.constantFrom('10.0.0.9', '2001:db8::9'),
          listen_port: fc.integer({ min: 1, max: 65_535 }),
          restart_time: duration(1, 4_095),
        },
        some,
      ),
      controller: fc.record(
        {
          interval: duration(1, 5),
          dry_run: fc.boolean(),
          min_hold: duration(0, 600),
          stale_after: duration(10, 300),
          withdraw_after: duration(300, 3_600),
          lease: duration(15, 600),
          limits: fc.record(
            {
              max_overrides: fc.integer({ min: 100, max: 1_000 }),
              max_overrides_per_router: fc.nat(100),
              max_changes_per_cycle: fc.integer({ min: 1, max: 100 }),
              max_detoured_share: fc.integer({ min: 1, max: 100 }).map((n) => n / 100),
            },
            some,
          ),
          min_samples: fc.integer({ min: 1, max: 100 }),
          min_prefix_length: fc.record(
            { ipv4: fc.integer({ min: 1, max: 20 }), ipv6: fc.integer({ min: 1, max: 64 }) },
            some,
          ),
          deny: prefixes,
          own_prefixes: prefixes,
          bogons: prefixes,
          ix_lans: prefixes,
        },
        some,
      ),
      history: fc.record(
        {
          enabled: fc.boolean(),
          file: fc.constantFrom('history.sqlite', '/var/$${x}/a b.sqlite'),
          keep: fc.constantFrom('1h', '36h', '30d'),
          max_size: fc.constantFrom('1MiB', '200MiB', 3_000_001),
        },
        some,
      ),
      metrics: fc.record({ top_prefixes: fc.nat(1_000) }, some),
      log: fc.record({ level: fc.constantFrom('debug', 'info', 'warn', 'error') }, some),
      routers: fc.tuple(router(1), router(2)),
      api: fc.record({ listen, token: fc.constant(TOKEN) }, some),
    },
    { requiredKeys: ['routers'] },
  )
}
